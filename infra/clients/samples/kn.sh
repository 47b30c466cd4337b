#!/bin/sh
# One request by hand with Knative's `kn` and its plugin `event`, to try an installation.
# usage: sh kn.sh [ADDRESS OF REQUEST-INTAKE, or ksvc:request-intake:statements]
# Plugins before 1.16 call the option --to-url, and take addresses only.
#
# Not for programs: `kn` gives each call the time of the call, so that calling it again is another request.
set -eu

kn event send --to "${1:-http://localhost:8081/}" \
  --type io.transactions-collector.statement.requested.v1 \
  --id "kn-$(date +%s)-$$" \
  --field customer_id=customer-000005 \
  --field start_date=2025-01-01 \
  --field end_date=2025-12-31
