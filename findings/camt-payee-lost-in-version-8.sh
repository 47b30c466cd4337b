#!/usr/bin/env bash
# Two readers of camt.053 take version 8 without a word of doubt, and lose every payee.
#
# Versions: ofxstatement 0.9.3 with ofxstatement-iso20022 0.8.1, bankstatementparser 0.0.29 (PyPI).
# Input: one booking in camt.053.001.02, where the debtor's name is `Dbtr/Nm`, and the same booking in
#   .001.08, where the schema has it one level deeper, `Dbtr/Pty/Nm`.
# Expected: the same payee from both, or a refusal of the version a reader does not know.
# Seen: any camt.053 is taken; amount and date are right, the payee of version 8 is empty.
# So a bank that moves to version 8 hears from customers whose bookings have lost their names.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ofxstatement==0.9.3 ofxstatement-iso20022==0.8.1 bankstatementparser==0.0.29
cat > read.py <<'PY'
from bankstatementparser import CamtParser
from ofxstatement.plugins.iso20022 import Iso20022Parser

def booked(version, debtor, status):
    with open("camt.xml", "w") as file:
        file.write(f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId><CreDtTm>2026-02-01T00:00:00</CreDtTm></GrpHdr><Stmt><Id>1</Id>
<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-31</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>{status}<BookgDt><Dt>2026-01-15</Dt></BookgDt>
<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><NtryDtls><TxDtls><RltdPties>{debtor}</RltdPties></TxDtls></NtryDtls></Ntry>
</Stmt></BkToCstmrStmt></Document>""")
    (line,) = Iso20022Parser("camt.xml").parse().lines
    print(f"version {version}: ofxstatement {line.date:%Y-%m-%d} {line.amount} payee {line.payee or 'none'}")
    (row,) = CamtParser("camt.xml").parse().to_dict("records")
    print(f"version {version}: bankstatementparser {row['BookgDt']} {row['Amount']} payee {row['Debtor'] or 'none'}")

booked("02", "<Dbtr><Nm>Ada Lovelace</Nm></Dbtr>", "<Sts>BOOK</Sts>")
booked("08", "<Dbtr><Pty><Nm>Ada Lovelace</Nm></Pty></Dbtr>", "<Sts><Cd>BOOK</Cd></Sts>")
PY
venv/bin/python read.py | tee seen
diff seen - <<'SEEN'
version 02: ofxstatement 2026-01-15 5.00 payee Ada Lovelace
version 02: bankstatementparser 2026-01-15 5.00 payee Ada Lovelace
version 08: ofxstatement 2026-01-15 5.00 payee none
version 08: bankstatementparser 2026-01-15 5.00 payee none
SEEN
echo "as described: version 8 is taken and its payees are lost"
