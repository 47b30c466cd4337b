/**
 * Importers of camt.053 and OFX that were written without us, as their users run them, in any zone. odoo's
 * parser is OCA's own file, with as much of odoo around it as it asks for.
 */
import { pythonWith } from "./python-packages.ts";

export const IMPORTERS = {
  "ofxtools 1.1.1": "ofx",
  "ofxparse 0.21": "ofx",
  "pycamt 1.1.1": "camt.053",
  "OCA account_statement_import_camt 19.0.1.0.0.8": "camt.053",
} as const;
export type Importer = keyof typeof IMPORTERS;

export interface ImportedRow {
  /** Which the importer books the row on; `null` where it names none. */
  readonly account: string | null;
  readonly currency: string | null;
  readonly id: string;
  readonly day: string;
  /** Without zeros at the end. */
  readonly amount: string;
}

const PROGRAM = `
import importlib.util, json, os, re, sys, types, warnings
from decimal import Decimal
warnings.simplefilter("ignore")
def row(account, currency, id, day, amount):
    plain = format(Decimal(str(amount)).normalize(), "f")
    return {"account": account, "currency": currency, "id": id, "day": str(day)[:10], "amount": plain}
def ofxtools(path):
    from ofxtools.Parser import OFXTree
    tree = OFXTree()
    with open(path, "rb") as file:
        tree.parse(file)
    # As its users take the day: in the zone of their machine.
    return [row(s.account.acctid, s.curdef, t.fitid, t.dtposted.astimezone(), t.trnamt)
            for s in tree.convert().statements for t in s.transactions]
def ofxparse(path):
    from ofxparse import OfxParser
    with open(path, "rb") as file:
        ofx = OfxParser.parse(file)
    return [row(a.account_id, a.statement.currency.upper(), t.id, t.date, t.amount)
            for a in ofx.accounts for t in a.statement.transactions]
def pycamt(path):
    from pycamt.parser import Camt053Parser
    return [row(t["AccountIBAN"], t["Currency"], t["TransactionID"], t["BookingDate"],
                ("-" if t["CreditDebitIndicator"] == "DBIT" else "") + t["Amount"])
            for t in Camt053Parser.from_file(path).get_transactions()]
def oca(path):
    odoo = sys.modules["odoo"] = types.ModuleType("odoo")
    odoo.models = types.SimpleNamespace(AbstractModel=object)
    name = "odoo/addons/account_statement_import_camt/wizard/account_statement_import_camt_parser.py"
    found = next(path for path in (os.path.join(folder, name) for folder in sys.path) if os.path.exists(path))
    spec = importlib.util.spec_from_file_location("camt_parser", found)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    parser = module.AccountStatementImportCamtParser()
    parser.env = types.SimpleNamespace(_=lambda text: text)
    with open(path, "rb") as file:
        currency, account, statements = parser.parse(file.read())
    # Its reference is the payer's; the bank's own it keeps in a note.
    bank = re.compile(r"Refs/AcctSvcrRef\\W+(\\w+)")
    return [row(account, currency, bank.search(str(t["narration"])).group(1), t["date"], t["amount"])
            for s in statements for t in s["transactions"]]
readers = {"ofxtools 1.1.1": ofxtools, "ofxparse 0.21": ofxparse, "pycamt 1.1.1": pycamt,
           "OCA account_statement_import_camt 19.0.1.0.0.8": oca}
print(json.dumps([readers[sys.argv[1]](path) for path in sys.argv[2:]]))
`;

/** The rows of each file. @throws Error where the importer refuses one */
export async function importedBy(
  importer: Importer,
  timeZone: string,
  files: readonly string[],
): Promise<readonly (readonly ImportedRow[])[]> {
  const python = await pythonWith({
    env: { TZ: timeZone },
    name: "importers-2026-11",
    packages: [
      ...["ofxtools==1.1.1", "ofxparse==0.21", "pycamt==1.1.1", "lxml==6.1.3", "six==1.17.0"],
      ...["odoo-addon-account-statement-import-camt==19.0.1.0.0.8", "beautifulsoup4==4.15.0"],
      ...["soupsieve==4.1.3", "typing_extensions==4.16.0"],
    ],
    fromSource: ["ofxparse"],
  });
  const { stdout } = await python.run("-c", PROGRAM, importer, ...files);
  return JSON.parse(stdout) as readonly (readonly ImportedRow[])[];
}
