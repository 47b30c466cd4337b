/**
 * A value of any type that the engine has, in any column of the views: the statement is published and
 * verified, or refused with a code that says where and never what. What writes the lines, WebAssembly
 * and all, and the plain words of the tests come to the same.
 */
import { isUtf8 } from "node:buffer";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { createConnection, type Connection } from "mysql2/promise";
import { SELECTED_COLUMNS } from "../../functions/domain/columns.ts";
import { RetryableError, StatementFailure } from "../../functions/domain/failure.ts";
import { FORMATS } from "../../functions/domain/statement-options.ts";
import { readRow, VALUES } from "../../functions/statement-builder/lines/row-bytes.ts";
import { makeTransactionsCsv } from "../../functions/statement-builder/lines/statement-csv.ts";
import { lend } from "../../functions/statement-builder/memory/lent-block.ts";
import type { StatementSnapshot } from "../../functions/statement-builder/source/statement-snapshot.ts";
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { textRows } from "../support/bank/text-protocol.ts";
import { sqlTypesOf } from "../support/engines/sql-types.ts";
import { fuzzing } from "../support/fuzzing.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { makePlainCsv } from "../support/statements/plain-csv.ts";
import { chunks } from "../support/statements/sample-statement.ts";
import {
  insertAccount,
  insertPostings,
  openSnapshot,
  readTransactions,
  zipOf,
  type Asked,
} from "../support/statements/statement.ts";

/** How many rows each customer has; the first one's are NULL, the others' drawn. */
const ROWS_OF = [1, 1, 1, 1, 1, 3];
/** In one account, or the balance behind each row, more than one row would have to fit together. */
const ALONE = new Set(["account_id", "currency", "amount", "balance_after"]);

let server: TestMariaDb;
let connection: Connection;
let transactions: Transactions;
let types: readonly string[];

beforeAll(async () => {
  server = await startTestMariaDb({ schema: BANK_SCHEMA });
  let id = 0;
  const posting = (n: number, row: number) => ({
    ...{ id: (id += 1), customer: `c${n}`, account: `a${n}`, amount: "1.50" },
    at: `2025-01-02 10:00:0${row}`,
    balance: (1.5 * (row + 1)).toFixed(2),
  });
  const sql = ROWS_OF.map(
    (rows, n) =>
      insertAccount(`a${n}`, "EUR", `c${n}`) +
      insertPostings(...Array.from({ length: rows }, (_, row) => posting(n, row))),
  );
  await server.execute(sql.join(""));
  connection = await createConnection(server.databaseUrl);
  types = await sqlTypesOf(connection);
  transactions = readTransactions(server.databaseUrl, {
    transactionView: "changed_transactions",
    transactionCodeColumn: "bank_transaction_code",
    accountView: "changed_accounts",
  });
}, 120_000);
afterAll(async () => {
  await transactions[Symbol.asyncDispose]();
  await connection.end();
  await server[Symbol.asyncDispose]();
});

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
const digits = (most: number) => fc.stringMatching(new RegExp(`^\\d{1,${most}}$`));
const two = (most: number) => fc.integer({ min: 0, max: most }).map((n) => `${n}`.padStart(2, "0"));

/** As SQL has them; a type takes what it can make of one. */
const literal = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).map(quoted),
  fc
    .string({ unit: fc.constantFrom(...Array.from("=+-@',;\"\t\r\n\0|aé1")), maxLength: 12 })
    .map(quoted),
  fc.constantFrom("BOOK", "PDNG", "book", "EUR", "eur", "JPY", "XAU", "BTC", "a1").map(quoted),
  fc
    .tuple(fc.constantFrom("", "-", "+"), digits(3), fc.constantFrom("", ".5", ".50", ".5000"))
    .map((parts) => parts.join("")),
  fc
    .tuple(fc.constantFrom("", "-"), digits(40), fc.constantFrom(".", "e-"), digits(2))
    .map((parts) => parts.join("")),
  fc
    .tuple(fc.constantFrom("2025-01", "2025-12", "0000-00", "9999-12"), two(31))
    .map((parts) => quoted(parts.join("-"))),
  fc
    .tuple(fc.constantFrom("2025-01-05", "1970-01-02"), two(25), two(61), two(61))
    .map(([day, ...time]) => quoted(`${day} ${time.join(":")}.123456`)),
  fc
    .tuple(fc.constantFrom("", "-"), two(99), two(59), two(59))
    .map(([sign, ...time]) => quoted(sign + time.join(":"))),
  fc
    .uint8Array({ minLength: 1, maxLength: 20 })
    .map((bytes) => `X'${Buffer.from(bytes).toString("hex")}'`),
  fc.json({ maxDepth: 2 }).map(quoted),
  fc.uuid().map(quoted),
  fc.oneof(fc.ipV4(), fc.ipV6()).map(quoted),
  fc
    .constantFrom(
      "POINT(1 2)",
      "LINESTRING(0 0,1 1)",
      "POLYGON((0 0,1 0,1 1,0 0))",
      "MULTIPOINT(1 1,2 2)",
      "MULTILINESTRING((0 0,1 1))",
      "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))",
      "GEOMETRYCOLLECTION(POINT(1 1))",
    )
    .map((text) => `ST_GeomFromText('${text}')`),
  fc
    .tuple(
      fc.constantFrom("TO_VECTOR", "VEC_FromText"),
      fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 6, maxLength: 6 }),
    )
    .map(([make, of]) => `${make}('[${of.join()}]')`),
);

/** What a type makes of what was drawn, beside each transaction. */
async function drawn(type: string, literals: readonly string[]): Promise<void> {
  await connection.query("DROP TABLE IF EXISTS drawn");
  await connection.query(`CREATE TABLE drawn (of_id BIGINT PRIMARY KEY, value ${type} NULL)`);
  const left = [...literals];
  const ids = ROWS_OF.reduce((sum, rows) => sum + rows, 0);
  for (let id = 1; id <= ids; id++) {
    while (!(await takes(id, id === 1 ? "NULL" : (left.pop() ?? "NULL"))));
  }
}

async function takes(id: number, value: string): Promise<boolean> {
  // Where it is not of the type, and the server then has something else in its place.
  return await connection.query(`INSERT IGNORE INTO drawn VALUES (${id}, ${value})`).then(
    () => true,
    () => false,
  );
}

/** Of the accounts, as it stands. */
let accountView = "";

/** Both views, with that in the place of one column. */
async function given(column: string): Promise<void> {
  const isAmount = column === "amount";
  const selected = ["customer_id", ...SELECTED_COLUMNS.map(({ sql }) => sql)].map((name) =>
    // The balance behind the only row is its amount.
    name === column || (isAmount && name === "balance_after")
      ? `value AS ${name}`
      : name === "bank_transaction_code"
        ? `'PMNT-RCDT-ESCT' AS ${name}`
        : `t.${name}`,
  );
  const ofAccount = ["customer_id", "account_id", "currency"].map((name) =>
    name === column ? `value AS ${name}` : `t.${name}`,
  );
  const joined = "FROM transactions AS t JOIN drawn ON of_id = id";
  await createView("changed_transactions", `SELECT ${selected.join(", ")} ${joined}`);
  const isOfAccount = ofAccount.includes(`value AS ${column}`);
  const from = isOfAccount ? joined : "FROM accounts AS t";
  const accounts = `SELECT ${ofAccount.join(", ")} ${from}`;
  // A view keeps the types that its table had.
  if (isOfAccount || accounts !== accountView) await createView("changed_accounts", accounts);
  accountView = accounts;
}

async function createView(name: string, select: string): Promise<void> {
  await connection.query(`CREATE OR REPLACE VIEW ${name} AS ${select}`);
}

interface Case {
  readonly type: string;
  readonly column: (typeof SELECTED_COLUMNS)[number];
  readonly asked: Asked;
}

const asking = fc.record({
  customer: fc.nat(),
  basis: fc.constantFrom("booking_date" as const, "posted_at" as const),
  masked: fc.boolean(),
  options: fc.record({
    includePending: fc.boolean(),
    formats: fc.oneof(
      { weight: 9, arbitrary: fc.constant(["csv" as const]) },
      { weight: 1, arbitrary: fc.constant(FORMATS) },
    ),
  }),
});

/** `published`, or a code. */
type Outcome = string;

async function outcomeOf(one: Case): Promise<Outcome> {
  try {
    await using snapshot = await openSnapshot(transactions, one.asked);
    await expectSameLines(snapshot, one);
    const zip = await buffer(zipOf(one.asked, snapshot));
    const checked = await verifyStatement(chunks(zip));
    expect(checked.ok ? [] : checked.problems).toEqual([]);
    return "published";
  } catch (error) {
    return await codeOf(error, one);
  }
}

/** Where an error says that a wrong value is. */
const PLACE =
  /^(\w+)(?:(?:, row| of the account in row) (\d+)( of the account view)?$| of a (booked|pending) row is NULL: )/;

async function codeOf(error: unknown, { column, asked }: Case): Promise<string> {
  if (!(error instanceof StatementFailure) && !(error instanceof RetryableError)) throw error;
  const { code, message, detail = "" } = error;
  // What did not answer would have told of none of it.
  expect(["database_unavailable", "internal"]).not.toContain(code);
  if (code === "invalid_value" || code === "invalid_amount") {
    const [, where = ""] = PLACE.exec(detail) ?? [];
    // A currency says how many decimals an amount may have, and an amount that is right what stands behind it.
    const possible = { currency: ["amount", "balance_after"], amount: ["balance_after"] };
    const others = (possible as Readonly<Record<string, readonly string[]>>)[column.name] ?? [];
    // The sum of two that each fit may not.
    if (detail !== "manifest.json") {
      expect([column.name, ...others].map((name) => `${code} ${detail}: ${name}`)).toContain(
        `${code} ${detail}: ${where}`,
      );
    }
  }
  for (const value of await valuesOf(asked.customerId)) {
    if (value.length > 4) expect(`${message} ${detail}`).not.toContain(value);
  }
  return code.startsWith("database_") ? `${code} ${detail}` : code;
}

async function valuesOf(customer: string): Promise<readonly string[]> {
  const [rows] = await connection.query({
    sql: "SELECT value FROM drawn JOIN transactions ON of_id = id WHERE customer_id = ?",
    values: [customer],
    rowsAsArray: true,
    typeCast: (field) => String(field.buffer()),
  });
  return (rows as unknown as string[][]).flat();
}

/** The bytes of the lines, or the code; where that says so, of a row that has it in plain words too. */
async function expectSameLines(snapshot: StatementSnapshot, { asked }: Case): Promise<void> {
  const balance = asked.basis === "booking_date" ? "running" : "bank";
  for await (const batch of snapshot.batches()) {
    const block = Buffer.from(batch.bytes);
    batch.release();
    const plain = makePlainCsv(snapshot.balances, asked.masked, balance, snapshot.columns);
    const wrong = new Map<number, string>();
    let lines = "";
    for (const [n, row] of [...textRows(block)].entries()) {
      try {
        lines += plain.lines([row]);
      } catch (error) {
        wrong.set(n + 1, (error as StatementFailure).code);
      }
    }
    for (const row of notUtf8(block)) wrong.set(row, "invalid_value");
    try {
      const csv = makeTransactionsCsv(snapshot.balances, asked.masked, balance, snapshot.columns);
      const { bytes } = csv.lines(lend(block));
      expect([bytes.toString(), csv.totals]).toEqual([lines, plain.totals]);
      expect(wrong.size).toBe(0);
    } catch (error) {
      if (!(error instanceof StatementFailure)) throw error;
      const [, row] = /row (\d+)$/.exec(error.detail ?? "") ?? [];
      expect([row, error.code]).toEqual([row, wrong.get(Number(row))]);
    }
  }
}

function notUtf8(block: Buffer): number[] {
  const [starts, ends] = [new Int32Array(VALUES), new Int32Array(VALUES)];
  const found: number[] = [];
  for (let next = 0, row = 1; next < block.length; row++) {
    next = readRow(block, next, starts, ends);
    const isText = (from: number, place: number) => isUtf8(block.subarray(from, ends[place]));
    if (![...starts].every(isText)) found.push(row);
  }
  return found;
}

test("a value of any type in any column, and nothing, is published and verified, or refused", async () => {
  const { numRuns, seed } = fuzzing(0.08);
  const outcomes = new Map<Outcome, number>();
  let tried = 0;
  for (let round = 0; tried < numRuns; round++) {
    for (const [t, type] of types.entries()) {
      const own = { seed: seed + round * types.length + t };
      await drawn(type, fc.sample(literal, { ...own, numRuns: 80 }));
      const asked = fc.sample(asking, { ...own, numRuns: SELECTED_COLUMNS.length });
      for (const [c, column] of SELECTED_COLUMNS.entries()) {
        // Half of all pairs at a time: each type meets columns, and each column types.
        if ((round + t + c) % 2 === 1) continue;
        await given(column.sql);
        const { customer, ...rest } = asked[c] as (typeof asked)[number];
        const customers = ROWS_OF.length - (ALONE.has(column.sql) ? 1 : 0);
        // The first one has nothing: in each column at least once.
        const customerId = `c${t === c ? 0 : customer % customers}`;
        const period = { startDate: "2025-01-01", endDate: "2025-01-31" };
        const one: Case = { type, column, asked: { ...rest, customerId, ...period } };
        const outcome = await outcomeOf(one).catch((error: unknown) => {
          const what = `${type} in ${column.sql}, ${JSON.stringify(one.asked)}`;
          throw new Error(what, { cause: error });
        });
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        tried += 1;
      }
    }
  }
  const refused = tried - (outcomes.get("published") ?? 0);
  const codes = [...outcomes].map(([code, count]) => `${count} ${code}`).join(", ");
  console.log(
    `${types.length} types, ${tried - refused} published and verified, ${refused} refused: ${codes}`,
  );
  expect(Math.min(refused, tried - refused)).toBeGreaterThan(tried / 10);
}, 3_600_000);
