/**
 * Importers of camt.053 and OFX that were written without us, as their users run them, in any zone. odoo's
 * parser is OCA's own file, with as much of odoo around it as it asks for.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { runJava } from "./java-program.ts";
import { ofxdump } from "./ofx-readers.ts";
import { pythonWith } from "./python-packages.ts";

/** What each reads, and what runs it. */
export const IMPORTERS = {
  "ofxtools 1.1.1": ["ofx", byPython],
  "ofxparse 0.21": ["ofx", byPython],
  "libofx 0.10.9": ["ofx", byLibofx],
  "OFX4J 1.39": ["ofx", byJava],
  "ofx-js 1.1.1": ["ofx", byNode],
  "ofx-data-extractor 1.5.0": ["ofx", byNode],
  "pycamt 1.1.1": ["camt.053", byPython],
  "camt-parser 1.1.0": ["camt.053", byNode],
  "OCA account_statement_import_camt 19.0.1.0.0.8": ["camt.053", byPython],
  "Prowide pw-iso20022 SRU2024-10.2.6": ["camt.053", byJava],
} as const;
export type Importer = keyof typeof IMPORTERS;

type Run = (importer: string, timeZone: string, files: readonly string[]) => Promise<Imported>;
/** The rows of each file. */
type Imported = readonly (readonly ImportedRow[])[];

export interface ImportedRow {
  /** Which the importer books the row on; `null` where it names none. */
  readonly account: string | null;
  readonly currency: string | null;
  readonly id: string;
  readonly day: string;
  /** Without zeros at the end. */
  readonly amount: string;
}

const PYTHON = `
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

async function byPython(...[importer, timeZone, files]: Parameters<Run>): Promise<Imported> {
  const python = await pythonWith("importers", { TZ: timeZone });
  const { stdout } = await python.run("-c", PYTHON, importer, ...files);
  return JSON.parse(stdout) as Imported;
}

async function byJava(...[importer, timeZone, files]: Parameters<Run>): Promise<Imported> {
  const lines = await runJava("importers", [importer, ...files], { TZ: timeZone });
  return lines
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as readonly ImportedRow[]);
}

/** Of a transaction, by the program that GnuCash's library comes with. It prints two decimals. */
const LIBOFX =
  /^ofx_proc_transaction\(\):\n +Account ID : UNKNOWN {2}(?<account>.*)\n[^]*?^ +Date posted: (?<day>.*)\n[^]*?^ +Total money amount: (?<amount>.*)\n[^]*?ID for this transaction: (?<id>.*)$/gm;

async function byLibofx(...[, timeZone, files]: Parameters<Run>): Promise<Imported> {
  const printed = files.map(async (file) => {
    const { stdout } = await (await ofxdump({ TZ: timeZone, LC_ALL: "C" })).run(file);
    return [...stdout.matchAll(LIBOFX)].map(({ groups = {} }) => {
      const { account = "", day = "", amount = "", id = "" } = groups;
      // `Sat Jan 31 23:59:00 2026 +13`
      const [, month = "", date = "", , year = ""] = day.split(/ +/);
      const number = MONTHS.indexOf(month) + 1;
      const at = [year, String(number).padStart(2, "0"), date.padStart(2, "0")].join("-");
      return { account, currency: null, id, day: at, amount: String(Number(amount)) };
    });
  });
  return await Promise.all(printed);
}
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** In a process of its own, which has the zone from its start. */
const NODE = `
import { readFileSync } from "node:fs";
import { parse } from "ofx-js";
import { Ofx } from "ofx-data-extractor";
import { parseCamt053 } from "camt-parser";
const list = (one) => (one === undefined || one === "" ? [] : Array.isArray(one) ? one : [one]);
const rowsOfOfx = ({ OFX }) => list(OFX.BANKMSGSRSV1.STMTTRNRS).flatMap(({ STMTRS }) =>
  list(STMTRS.BANKTRANLIST.STMTTRN ?? STMTRS.BANKTRANLIST.STRTTRN).map((row) => ({
    account: STMTRS.BANKACCTFROM.ACCTID, currency: STMTRS.CURDEF, id: row.FITID,
    day: row.DTPOSTED.replace(/^(\\d{4})(\\d\\d)(\\d\\d).*/, "$1-$2-$3"), amount: String(Number(row.TRNAMT)),
  })));
const rowsOfCamt = ({ statements }) => statements.flatMap(({ account, transactions }) =>
  transactions.map(({ accountServicerReference: id, bookingDate: day, amount, creditDebitIndicator }) => ({
    account: account.iban || null, currency: amount.currency, id, day,
    amount: String(Number((creditDebitIndicator === "DBIT" ? "-" : "") + amount.value)),
  })));
const readers = {
  "ofx-js 1.1.1": async (text) => rowsOfOfx(await parse(text)),
  "ofx-data-extractor 1.5.0": async (text) => rowsOfOfx(new Ofx(text).toJson()),
  "camt-parser 1.1.0": async (text) => rowsOfCamt(await parseCamt053(text)),
};
const [importer, ...files] = process.argv.slice(1);
const rows = await Promise.all(files.map((file) => readers[importer](readFileSync(file, "utf8"))));
console.log(JSON.stringify(rows));
`;
const REPOSITORY = new URL("../../..", import.meta.url).pathname;

async function byNode(...[importer, timeZone, files]: Parameters<Run>): Promise<Imported> {
  const env = { ...process.env, NODE_OPTIONS: "", TZ: timeZone };
  const args = ["--input-type=module", "--eval", NODE, "--", importer, ...files];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: REPOSITORY });
  return JSON.parse(stdout) as Imported;
}

/** @throws Error where the importer refuses a file */
export async function importedBy(
  importer: Importer,
  timeZone: string,
  files: readonly string[],
): Promise<Imported> {
  const [, run] = IMPORTERS[importer];
  return await run(importer, timeZone, files);
}
