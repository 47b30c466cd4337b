#!/usr/bin/env bash
# ofxstatement-iso20022 reads the balances of an overdrawn account without their sign.
#
# Versions: ofxstatement 0.9.3, ofxstatement-iso20022 0.8.1 (PyPI).
# Input: a valid camt.053.001.02 of an account 100.00 in debit, which pays 20.00 more: amounts in camt are
#   never negative, `CdtDbtInd` is their sign (DBIT), for balances as for entries.
# Expected: opening -100.00, one row -20.00, closing -120.00.
# Seen: the row has its sign, the balances have not: 100.00, -20.00, 120.00, which does not even add up.
# So opening + rows = closing is worth a check at the reader's end, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ofxstatement==0.9.3 ofxstatement-iso20022==0.8.1
cat > camt.xml <<'XML'
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId><CreDtTm>2026-02-01T00:00:00</CreDtTm></GrpHdr><Stmt><Id>1</Id><CreDtTm>2026-02-01T00:00:00</CreDtTm>
<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">120.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2026-01-31</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">20.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-01-15</Dt></BookgDt>
<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd></Ntry></Stmt></BkToCstmrStmt></Document>
XML
cat > read.py <<'PY'
from ofxstatement.plugins.iso20022 import Iso20022Parser
statement = Iso20022Parser("camt.xml").parse()
print(f"opening {statement.start_balance}, row {statement.lines[0].amount}, closing {statement.end_balance}")
PY
venv/bin/python read.py | tee seen
diff seen - <<'SEEN'
opening 100.00, row -20.00, closing 120.00
SEEN
echo "as described: a debit balance is read as a credit"
