/**
 * Two readers of OFX that know nothing of ours. ofxtools (PyPI, GPL-3.0) knows OFX 2.2 whole and is
 * strict: order, lengths, values. libofx (Debian, GPL-2) is what GnuCash, KMyMoney and HomeBank read
 * with. Both are only run.
 */
import { join } from "node:path";
import { debianProgram, type Program } from "./debian-program.ts";
import { pythonWith } from "./python-packages.ts";

/** Decimals are Python's: the opening balance is worked out by another arithmetic than ours. */
const READ = `
import json, sys, warnings
from decimal import Context, Decimal
from ofxtools.Parser import OFXTree
warnings.simplefilter("error")
exact = Context(prec=60)
tree = OFXTree()
with open(sys.argv[1], "rb") as file:
    tree.parse(file)
ofx = tree.convert()
def opening(statement):
    total = statement.balance.balamt
    for row in statement.transactions:
        total = exact.subtract(total, row.trnamt)
    return str(total)
print(json.dumps([{
    "currency": statement.curdef,
    "account": statement.account.acctid,
    "opening": opening(statement),
    "closing": str(statement.balance.balamt),
    "closingAt": statement.balance.dtasof.isoformat(),
    "from": statement.transactions.dtstart.isoformat(),
    "next": statement.transactions.dtend.isoformat(),
    "rows": [{
        "type": row.trntype,
        "day": str(row.dtposted.date()),
        "valueDay": str(row.dtavail.date()),
        "amount": str(row.trnamt),
        "id": row.fitid,
        "reference": row.refnum,
        "name": row.name,
        "memo": row.memo,
    } for row in statement.transactions],
} for statement in ofx.statements]))
`;

export interface OfxStatement {
  readonly currency: string;
  readonly account: string;
  /** Worked out: the closing balance without the rows. */
  readonly opening: string;
  readonly closing: string;
  readonly rows: readonly OfxTransaction[];
}

export interface OfxTransaction {
  readonly type: string;
  readonly amount: string;
  readonly id: string;
  readonly reference: string | null;
  readonly name: string | null;
  readonly memo: string | null;
}

/** Every statement of a file. @throws Error where the file breaks a rule of OFX 2.2. */
export async function readByOfxtools(file: string): Promise<readonly OfxStatement[]> {
  const { stdout } = await (await pythonWith("importers")).run("-c", READ, file);
  return JSON.parse(stdout) as OfxStatement[];
}

/** libofx, by the program that prints what it has read. */
export async function ofxdump(env: NodeJS.ProcessEnv = {}): Promise<Program> {
  const settings = (root: string) => ({ OFX_DTD_PATH: join(root, "usr/share/libofx7/libofx/dtd") });
  return await debianProgram("ofx", ["ofxdump"], { settings, env });
}
