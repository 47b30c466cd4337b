#!/usr/bin/env bash
# CloudEvents, binary mode: the SDKs of JavaScript and Python put the same event into different headers.
#
# Versions: cloudevents 10.0.0 (npm), cloudevents 2.2.0 (PyPI).
# Input: one valid event whose id holds a space and whose source holds an escape of its own (%20).
# Expected: section 3.1.3.2 of the HTTP binding asks a sender to percent-encode space, the double quote,
#   the percent sign and all beyond ASCII; so both send `a%20b` and `/online%2520banking`.
# Seen: Python does. JavaScript sends both as they are. A receiver that decodes, as the binding asks,
#   reads another source from one of the two: `/online banking`, which is no URI reference.
# So a receiver that keeps events apart by source and id must know both spellings.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit cloudevents@10.0.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cloudevents==2.2.0

cat > send.mjs <<'JS'
import { CloudEvent, HTTP } from "cloudevents";
const event = new CloudEvent({ id: "a b", source: "/online%20banking", type: "t", data: {} });
const { headers } = HTTP.binary(event);
console.log(`javascript: id ${headers["ce-id"]}, source ${headers["ce-source"]}`);
JS
cat > send.py <<'PY'
from cloudevents.core.bindings.http import to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

event = CloudEvent(
    {"id": "a b", "source": "/online%20banking", "type": "t", "specversion": "1.0",
     "datacontenttype": "application/json"}, {})
headers = {name.lower(): value for name, value in to_binary(event, JSONFormat()).headers.items()}
print(f"python: id {headers['ce-id']}, source {headers['ce-source']}")
PY
{ node send.mjs; venv/bin/python send.py; } | tee seen
diff seen - <<'SEEN'
javascript: id a b, source /online%20banking
python: id a%20b, source /online%2520banking
SEEN
echo "as described: one event, two spellings"
