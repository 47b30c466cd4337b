"""Asks for a statement from Python 3.9 or later, without packages.

    python3 request.py [ADDRESS OF REQUEST-INTAKE]     INTAKE_TOKEN for an intake that asks for tokens

The SDK (PyPI: cloudevents) writes the same headers and body, in its structured mode.
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timezone

address = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8081/"
headers = {"content-type": "application/cloudevents+json"}
if token := os.environ.get("INTAKE_TOKEN"):
    headers["authorization"] = f"Bearer {token}"

# It gets its id here, once. Keep it with your order: whoever repeats it must send the same source and id.
event = {
    "specversion": "1.0",
    "type": "io.transactions-collector.statement.requested.v1",
    "source": "/samples",
    "id": str(uuid.uuid4()),
    "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
    "data": {"customer_id": "customer-000002", "start_date": "2025-01-01", "end_date": "2025-12-31"},
}
body = json.dumps(event).encode()

for attempt in range(1, 6):
    pause = 2 ** (attempt - 1)
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=30) as answer:
            print("recorded as", answer.headers["ce-subject"])
            sys.exit()
    except urllib.error.HTTPError as refusal:
        reason = f"{refusal.code} {refusal.read().decode()}"
        if refusal.code not in (408, 429) and refusal.code < 500:
            sys.exit(f"not recorded: {reason}")
        after = refusal.headers.get("retry-after", "")
        pause = int(after) if after.isdigit() else pause
    except OSError as error:  # no connection, no answer in time
        reason = str(error)
    if attempt < 5:
        time.sleep(pause)
sys.exit(f"not recorded: {reason}")
