#!/bin/sh
# One request in binary mode: attributes are headers, the body is the data.
# usage: sh binary.sh [ADDRESS OF REQUEST-INTAKE]      INTAKE_TOKEN for an intake that asks for tokens
set -eu

# curl repeats the very same event: source and id are the request, another id would be another one.
curl --silent --show-error --include --fail-with-body --retry 5 \
  ${INTAKE_TOKEN:+--header "authorization: Bearer $INTAKE_TOKEN"} \
  --header 'content-type: application/json' \
  --header 'ce-specversion: 1.0' \
  --header 'ce-type: io.transactions-collector.statement.requested.v1' \
  --header 'ce-source: /samples' \
  --header "ce-id: binary-$(date +%s)-$$" \
  --header "ce-time: $(date -u +%Y-%m-%dT%H:%M:%SZ)" \
  --data '{
    "customer_id": "customer-000001",
    "start_date": "2025-01-01",
    "end_date": "2025-12-31",
    "time_zone": "Europe/Berlin"
  }' \
  "${1:-http://localhost:8081/}"
