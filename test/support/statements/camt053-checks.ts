/** Whether bytes are a camt.053 that holds, by judges that are not ours. */
import { execFileSync } from "node:child_process";
import { XmlDocument, XsdValidator } from "libxml2-wasm";
import { camt053Schema } from "./camt053-schema.ts";

/** @throws XmlValidateError, XmlParseError with what is wrong, and where. */
export type Validate = (bytes: Uint8Array) => void;

/** By the schema of ISO 20022, with libxml2. */
export async function camt053Validator(): Promise<Validate> {
  using schema = XmlDocument.fromBuffer(await camt053Schema());
  // Lives as long as the test file.
  const validator = XsdValidator.fromDoc(schema);
  return (bytes) => {
    using document = XmlDocument.fromBuffer(bytes);
    validator.validate(document);
  };
}

/** In decimals of Python, with the reader of XML that comes with it. */
const ADD_UP = `
import sys
from decimal import Decimal
from xml.etree import ElementTree

n = {"": "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"}
sign = {"CRDT": 1, "DBIT": -1}

def signed(element):
    return sign[element.findtext("CdtDbtInd", None, n)] * Decimal(element.findtext("Amt", None, n))

for stmt in ElementTree.parse(sys.stdin.buffer).iterfind("./BkToCstmrStmt/Stmt", n):
    amounts = [signed(entry) for entry in stmt.iterfind("Ntry", n)]
    credits = [amount for amount in amounts if amount >= 0]
    debits = [-amount for amount in amounts if amount < 0]
    opening, closing = [signed(balance) for balance in stmt.iterfind("Bal", n)]
    assert opening + sum(amounts) == closing, "closing balance"
    assert signed(stmt.find("TxsSummry/TtlNtries/TtlNetNtry", n)) == sum(amounts), "net"
    for name, some in ("TtlNtries", credits + debits), ("TtlCdtNtries", credits), ("TtlDbtNtries", debits):
        total = stmt.find("TxsSummry/" + name, n)
        assert int(total.findtext("NbOfNtries", None, n)) == len(some), name
        assert Decimal(total.findtext("Sum", None, n)) == sum(some), name
    print(stmt.findtext("Acct/Ccy", None, n), len(amounts), closing)
`;

/**
 * Of each statement in the file its currency, number of entries and closing balance.
 * @throws Error where entries, totals and balances do not agree.
 */
export function addUp(bytes: Uint8Array): string[] {
  const printed = execFileSync("python3", ["-c", ADD_UP], { input: bytes, encoding: "utf8" });
  return printed.trimEnd().split("\n");
}
