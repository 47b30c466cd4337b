#!/bin/sh
# One request in structured mode: attributes and data are one JSON object.
# usage: sh structured.sh [ADDRESS OF REQUEST-INTAKE]      INTAKE_TOKEN for an intake that asks for tokens
set -eu

# curl repeats the very same event: source and id are the request, another id would be another one.
curl --silent --show-error --include --fail-with-body --retry 5 \
  ${INTAKE_TOKEN:+--header "authorization: Bearer $INTAKE_TOKEN"} \
  --header 'content-type: application/cloudevents+json' \
  --data '{
    "specversion": "1.0",
    "type": "io.transactions-collector.statement.requested.v1",
    "source": "/samples",
    "id": "structured-'"$(date +%s)-$$"'",
    "time": "'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'",
    "data": {
      "customer_id": "customer-000002",
      "start_date": "2025-07-01",
      "end_date": "2025-09-30"
    }
  }' \
  "${1:-http://localhost:8081/}"
