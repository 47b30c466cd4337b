#!/usr/bin/env bash
# SheetJS reads the CSV that a German spreadsheet writes, and makes -330 of -3,30.
#
# Version: xlsx 0.18.5, the newest on npm.
# Input: `name;amount`, `a;-3,30`, `b;1.234,56`: semicolons between fields, comma for decimals, as spreadsheets write
#   CSV wherever the comma is the decimal sign.
# Expected: -3.3 and 1234.56, or texts.
# Seen: every comma is taken for a separator of thousands: -330 and 1.23456, as numbers, without a word.
#   With `raw: true` both stay texts.
# So a statement with decimal commas is for people and their spreadsheets, never for a program.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit xlsx@0.18.5
cat > read.cjs <<'JS'
const { read, utils } = require("xlsx");
for (const options of [{}, { raw: true }]) {
  const { Sheets, SheetNames } = read("name;amount\na;-3,30\nb;1.234,56\n", { type: "string", ...options });
  console.log(JSON.stringify(utils.sheet_to_json(Sheets[SheetNames[0]], { header: 1 }).slice(1)));
}
JS
node read.cjs | tee seen
diff seen - <<'SEEN'
[["a",-330],["b",1.23456]]
[["a","-3,30"],["b","1.234,56"]]
SEEN
echo "as described: a comma is never a decimal sign"
