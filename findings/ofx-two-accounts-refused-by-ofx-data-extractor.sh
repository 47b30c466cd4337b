#!/usr/bin/env bash
# ofx-data-extractor reads one account of an OFX file, and throws on two.
#
# Version: ofx-data-extractor 1.5.0 (npm).
# Input: a valid OFX 2.2 file with one `STMTTRNRS`, and the same with two, as a bank delivers a customer's
#   accounts (OFX 2.2, section 11.4.1: any number of responses in a message set).
# Expected: both are read.
# Seen: the second ends with a SyntaxError of JSON.parse: the library turns the file into JSON by replacing
#   text, and the repeated element does not come out as a list.
# So a file for each account and currency is the form that more readers take.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit ofx-data-extractor@1.5.0
cat > read.cjs <<'JS'
const { Ofx } = require("ofx-data-extractor");
const STATUS = "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>";
const account = (id) => `<STMTTRNRS><TRNUID>0</TRNUID>${STATUS}
<STMTRS><CURDEF>EUR</CURDEF><BANKACCTFROM><BANKID>B</BANKID><ACCTID>${id}</ACCTID><ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260101000000.000[0:GMT]</DTSTART><DTEND>20260131235959.000[0:GMT]</DTEND>
<STMTTRN><TRNTYPE>OTHER</TRNTYPE><DTPOSTED>20260115105900.000[0:GMT]</DTPOSTED><TRNAMT>-3.30</TRNAMT><FITID>${id}1</FITID><MEMO>tea</MEMO></STMTTRN>
<STMTTRN><TRNTYPE>OTHER</TRNTYPE><DTPOSTED>20260116105900.000[0:GMT]</DTPOSTED><TRNAMT>-1.10</TRNAMT><FITID>${id}2</FITID><MEMO>milk</MEMO></STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>10.00</BALAMT><DTASOF>20260131235959.000[0:GMT]</DTASOF></LEDGERBAL></STMTRS></STMTTRNRS>`;
const file = (...ids) => `<?xml version="1.0" encoding="UTF-8"?>
<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>
<OFX><SIGNONMSGSRSV1><SONRS>${STATUS}<DTSERVER>20260131105900.000[0:GMT]</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1>${ids.map(account).join("\n")}</BANKMSGSRSV1></OFX>`;
for (const ids of [["A"], ["A", "B"]]) {
  let said = "read";
  try {
    new Ofx(file(...ids)).toJson();
  } catch (error) {
    said = error.name;
  }
  console.log(`${ids.length} accounts: ${said}`);
}
JS
node read.cjs | tee seen
diff seen - <<'SEEN'
1 accounts: read
2 accounts: SyntaxError
SEEN
echo "as described: two accounts are refused"
