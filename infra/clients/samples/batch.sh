#!/bin/sh
# Two requests in batched mode: a JSON array of events, answered as a whole.
# usage: sh batch.sh [ADDRESS OF REQUEST-INTAKE]      INTAKE_TOKEN for an intake that asks for tokens
set -eu

id="batch-$(date +%s)-$$"
time=$(date -u +%Y-%m-%dT%H:%M:%SZ)

# curl repeats the very same events: source and id are the request, another id would be another one.
curl --silent --show-error --include --fail-with-body --retry 5 \
  ${INTAKE_TOKEN:+--header "authorization: Bearer $INTAKE_TOKEN"} \
  --header 'content-type: application/cloudevents-batch+json' \
  --data '[
    {
      "specversion": "1.0",
      "type": "io.transactions-collector.statement.requested.v1",
      "source": "/samples",
      "id": "'"$id"'-1",
      "time": "'"$time"'",
      "data": {
        "customer_id": "customer-000003",
        "start_date": "2025-01-01",
        "end_date": "2025-06-30"
      }
    },
    {
      "specversion": "1.0",
      "type": "io.transactions-collector.statement.requested.v1",
      "source": "/samples",
      "id": "'"$id"'-2",
      "time": "'"$time"'",
      "data": {
        "customer_id": "customer-000004",
        "start_date": "2025-01-01",
        "end_date": "2025-06-30"
      }
    }
  ]' \
  "${1:-http://localhost:8081/}"
