#!/usr/bin/env bash
# csv-stringify's guard against formulas also quotes negative money, unless money is a JavaScript number.
#
# Version: csv-stringify 6.9.0 (npm).
# Input: the amount -12.30 as a number and as the text that a SQL driver returns for DECIMAL.
# Expected: with `escape_formulas` a plain decimal is no formula in either type: `-12.3` and `-12.30`.
# Seen: the number passes, the text gets an apostrophe: `'-12.30`. A spreadsheet then holds a text, and a
#   sum over the column leaves it out.
# So money that must stay exact (and therefore text) needs a guard that looks at the value, not its type.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit csv-stringify@6.9.0
cat > write.mjs <<'JS'
import { stringify } from "csv-stringify/sync";
process.stdout.write(stringify([["number", -12.3], ["text", "-12.30"]], { escape_formulas: true }));
JS
node write.mjs | tee seen
diff seen - <<'SEEN'
number,-12.3
text,'-12.30
SEEN
echo "as described: the type decides"
