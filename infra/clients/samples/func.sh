#!/bin/sh
# One request by hand with Knative's `func`, to try an installation.
# usage: sh func.sh [ADDRESS OF REQUEST-INTAKE]
#
# Not for programs: `func` gives each call the time of the call, so that calling it again is another request.
set -eu

func invoke --target "${1:-http://localhost:8081/}" --format cloudevent \
  --type io.transactions-collector.statement.requested.v1 \
  --source /samples --id "func-$(date +%s)-$$" \
  --content-type application/json \
  --data '{"customer_id": "customer-000005", "start_date": "2025-01-01", "end_date": "2025-12-31"}'
