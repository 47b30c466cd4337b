#!/usr/bin/env bash
# moov-io/iso20022 takes a choice of ISO 20022 for a sequence: what was not chosen is refused as empty, and written.
#
# Version: github.com/moov-io/iso20022 v0.2.1 (Go 1.24 or later), camt.053.001.08.
# Input: a statement of one account with an IBAN, and the same with the bank's own number in `Othr`. Both are valid:
#   `AccountIdentification4Choice` of the schema is an `xs:choice`, as `BalanceType10Choice` and `DateAndDateTime2Choice` are.
# Expected: `Validate` has nothing to say, and `xml.Marshal` writes what was read.
# Seen: parsing is right, `Validate` refuses both, the first for the `Othr` it has not, the second for the IBAN; and
#   what is written has both, and an instant of the year 1 beside each date. The members of a choice are no pointers.
# So whoever reads statements with it takes the values, and leaves its validation and its writing alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod GOTOOLCHAIN=local
cat > go.mod <<'MOD'
module finding

go 1.24

require github.com/moov-io/iso20022 v0.2.1
MOD
cat > main.go <<'GO'
package main

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"

	"github.com/moov-io/iso20022/pkg/camt_v08"
	"github.com/moov-io/iso20022/pkg/document"
)

const statement = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-02-01T00:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id>ACCOUNT</Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">12.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-31</Dt></Dt></Bal>
</Stmt></BkToCstmrStmt></Document>`

func main() {
	parts := regexp.MustCompile(`<Acct>.*?</Id><Ccy>|<CdOrPrtry>.*</CdOrPrtry>|<Dt><Dt>.*</Dt>`)
	for _, account := range []string{"<IBAN>DE89370400440532013000</IBAN>", "<Othr><Id>4711</Id></Othr>"} {
		read, err := document.ParseIso20022Document([]byte(strings.Replace(statement, "ACCOUNT", account, 1)))
		if err != nil {
			panic(err)
		}
		id := read.InspectMessage().(*camt_v08.BankToCustomerStatementV08).Stmt[0].Acct.Id
		fmt.Printf("read: IBAN %q, Othr %q\n", id.IBAN, id.Othr.Id)
		fmt.Println("Validate:", read.Validate())
		written, err := xml.Marshal(read)
		if err != nil {
			panic(err)
		}
		fmt.Println("written:", strings.Join(parts.FindAllString(string(written), -1), " "))
	}
}
GO
go mod tidy 2>/dev/null
go run . | tee seen
diff seen - <<'SEEN'
read: IBAN "DE89370400440532013000", Othr ""
Validate: The value of Max34Text has invalid length (minLength:1, maxLength:2048, GenericAccountIdentification1, AccountIdentification4Choice, CashAccount39, AccountStatement9, Iso20022Message)
written: <Acct><Id><IBAN>DE89370400440532013000</IBAN><Othr><Id></Id></Othr></Id><Ccy> <CdOrPrtry><Cd>CLBD</Cd><Prtry></Prtry></CdOrPrtry> <Dt><Dt>2026-01-31</Dt><DtTm>0001-01-01T00:00:00</DtTm></Dt>
read: IBAN "", Othr "4711"
Validate: The value of IBAN2007Identifier is invalid (AccountIdentification4Choice, CashAccount39, AccountStatement9, Iso20022Message)
written: <Acct><Id><IBAN></IBAN><Othr><Id>4711</Id></Othr></Id><Ccy> <CdOrPrtry><Cd>CLBD</Cd><Prtry></Prtry></CdOrPrtry> <Dt><Dt>2026-01-31</Dt><DtTm>0001-01-01T00:00:00</DtTm></Dt>
SEEN
echo "as described: a valid choice is refused, and written as both of its members"
