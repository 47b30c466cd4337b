#!/usr/bin/env bash
# pycamt keeps entries exact, and sends the balance of an overdrawn account through a float.
#
# Version: pycamt 1.1.1 (PyPI).
# Input: a valid camt.053.001.08. ISO 20022 gives an amount up to 18 digits, and this account is overdrawn
#   by as many, as one in rupiah may be.
# Expected: balances as written but for the sign, as a balance in credit is.
# Seen: the entry is the document's own text; a debit balance is negated as a float and printed with one
#   decimal less.
# So a reader that checks opening + entries = closing by what pycamt says refuses right statements.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pycamt==1.1.1
cat > read.py <<'PY'
from pycamt.parser import Camt053Parser

DOCUMENT = b"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId><CreDtTm>2026-02-01T00:00:00</CreDtTm></GrpHdr><Stmt><Id>1</Id>
<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>IDR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="IDR">1234567890123456.78</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="IDR">1234567890123466.78</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2026-01-31</Dt></Dt></Bal>
<Ntry><Amt Ccy="IDR">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-15</Dt></BookgDt>
<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd></Ntry></Stmt></BkToCstmrStmt></Document>"""
parser = Camt053Parser(DOCUMENT)
(statement,) = parser.get_statement_info()
(entry,) = parser.get_transactions()
print(f"opening {statement['OpeningBalance']}, entry {entry['Amount']}, closing {statement['ClosingBalance']}")
PY
venv/bin/python read.py | tee seen
diff seen - <<'SEEN'
opening -1234567890123456.8, entry 10.00, closing -1234567890123466.8
SEEN
echo "as described: balances are rounded"
