#!/usr/bin/env bash
# node-ofx-parser escapes again what was escaped rightly: `&amp;` in a memo is read as `&amp;amp;amp;`.
#
# Version: node-ofx-parser 0.5.1 (npm).
# Input: a valid OFX 2.2 statement whose MEMO is "Marks & Spencer", written `Marks &amp; Spencer` as XML
#   asks.
# Expected: the memo "Marks & Spencer".
# Seen: the memo `Marks &amp;amp;amp; Spencer`; the amount is right.
# So a customer's memo with an ampersand looks broken there, however it was written.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit node-ofx-parser@0.5.1
cat > read.cjs <<'JS'
const ofx = require("node-ofx-parser");
const document = `<?xml version="1.0" encoding="UTF-8"?>
<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>
<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS><DTSERVER>20260131105900.000[0:GMT]</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>0</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>
<STMTRS><CURDEF>GBP</CURDEF><BANKACCTFROM><BANKID>B</BANKID><ACCTID>A</ACCTID><ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260101000000.000[0:GMT]</DTSTART><DTEND>20260131235959.000[0:GMT]</DTEND>
<STMTTRN><TRNTYPE>OTHER</TRNTYPE><DTPOSTED>20260115105900.000[0:GMT]</DTPOSTED><TRNAMT>-3.30</TRNAMT><FITID>1</FITID><MEMO>Marks &amp; Spencer</MEMO></STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>10.00</BALAMT><DTASOF>20260131235959.000[0:GMT]</DTASOF></LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>`;
const read = ofx.parse(document);
const { TRNAMT, MEMO } = read.OFX.BANKMSGSRSV1.STMTTRNRS.STMTRS.BANKTRANLIST.STMTTRN;
console.log(`amount ${TRNAMT}, memo ${MEMO}`);
JS
node read.cjs | tee seen
diff seen - <<'SEEN'
amount -3.30, memo Marks &amp;amp;amp; Spencer
SEEN
echo "as described: an ampersand comes out escaped three times"
