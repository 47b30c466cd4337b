#!/usr/bin/env bash
# The CloudEvents SDK for JavaScript refuses a structured event whose media type is spelt as RFC 9110 allows.
#
# Version: cloudevents 10.0.0 (npm).
# Input: a valid structured event under `application/cloudevents+json`, the same with a charset parameter
#   in four spellings. RFC 9110 8.3.1: type, subtype and parameter names know no case, and optional white
#   space may stand around the semicolon; all five mean the same.
# Expected: `HTTP.toEvent` reads all five.
# Seen: it reads the plain type and `; charset=utf-8`, letter for letter. Without the space, or with
#   `UTF-8`, the type is "invalid"; with capitals there is "no cloud event".
# So a receiver normalises the content type before it hands a request to the SDK.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit cloudevents@10.0.0
cat > read.mjs <<'JS'
import { HTTP } from "cloudevents";
const body = JSON.stringify({ specversion: "1.0", id: "1", source: "/s", type: "t", data: {} });
for (const type of [
  "application/cloudevents+json",
  "application/cloudevents+json; charset=utf-8",
  "application/cloudevents+json; charset=UTF-8",
  "application/cloudevents+json;charset=utf-8",
  "Application/CloudEvents+JSON",
]) {
  let said = "read";
  try {
    HTTP.toEvent({ headers: { "content-type": type }, body });
  } catch (error) {
    said = `refused: ${error.message.split("\n")[0]}`;
  }
  console.log(`${type}: ${said}`);
}
JS
node read.mjs | tee seen
diff seen - <<'SEEN'
application/cloudevents+json: read
application/cloudevents+json; charset=utf-8: read
application/cloudevents+json; charset=UTF-8: refused: invalid content type application/cloudevents+json; charset=UTF-8
application/cloudevents+json;charset=utf-8: refused: invalid content type application/cloudevents+json;charset=utf-8
Application/CloudEvents+JSON: refused: no cloud event detected
SEEN
echo "as described: two of five spellings are read"
