/** Statements by booking date: what the bank booked on those days, whenever it was posted. */
import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import fc from "fast-check";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import {
  makeIndexLook,
  missingPeriodIndexes,
} from "../../functions/statement-builder/source/period-index.ts";
import { statementSql } from "../../functions/statement-builder/source/transactions-sql.ts";
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { sequence } from "../support/bank/sequence.ts";
import { makeTestLog } from "../support/functions/event-server.ts";
import { startLocalLedger } from "../support/servers/local-ledger.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { readStatement } from "../support/statements/read-statement.ts";
import { chunks } from "../support/statements/sample-statement.ts";
import {
  insertAccount,
  insertPostings,
  readTransactions,
  run,
  statementZip,
  type Asked,
  type Posting,
} from "../support/statements/statement.ts";
import { chosenNumber } from "../support/chosen-number.ts";

let server: TestMariaDb;
let transactions: Transactions;
let connection: Connection;

beforeAll(async () => {
  server = await startTestMariaDb({ schema: BANK_SCHEMA });
  transactions = readTransactions(server.databaseUrl);
  connection = await createConnection({ uri: server.databaseUrl, dateStrings: true });
});
afterEach(async () => {
  await server.execute("DELETE FROM transactions; DELETE FROM accounts;");
});
afterAll(async () => {
  await connection.end();
  await transactions[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function booked(startDate: string, endDate = startDate, more: Partial<Asked> = {}): Asked {
  return { customerId: "c1", startDate, endDate, basis: "booking_date", ...more };
}

const read = (asked: Asked) => readStatement(transactions, asked);

async function given(...postings: readonly Posting[]): Promise<void> {
  await server.execute(insertAccount("a1") + insertPostings(...postings));
}

/** id, balance printed */
const shown = (rows: readonly Record<string, string>[]) =>
  rows.map((row) => [row["transaction_id"], row["balance_after"]]);

test("two days hold what was booked on those days, in a zone east of the server's too", async () => {
  // 31 December 23:30 UTC is 1 January in Berlin, where the bank books.
  await given(
    { id: 1, at: "2024-12-31 22:30:00", booked: "2024-12-31", amount: "10", balance: "10" },
    { id: 2, at: "2024-12-31 23:30:00", booked: "2025-01-01", amount: "1", balance: "11" },
    { id: 3, at: "2025-01-02 22:59:59", booked: "2025-01-02", amount: "2", balance: "13" },
    { id: 4, at: "2025-01-02 22:59:59.5", booked: "2025-01-03", amount: "4", balance: "17" },
  );
  for (const timeZone of ["Europe/Berlin", "UTC", "Pacific/Auckland"]) {
    const { rows, manifest } = await read(booked("2025-01-01", "2025-01-02", { timeZone }));
    expect(shown(rows)).toEqual([
      ["2", "11.00"],
      ["3", "13.00"],
    ]);
    expect(manifest.totals[0]).toMatchObject({ opening: "10.00", closing: "13.00" });
    expect(manifest.period.basis).toBe("booking_date");
  }
});

test("by the time of posting it is as it was", async () => {
  await given(
    { id: 1, at: "2025-01-01 10:00:00", booked: "2025-01-03", amount: "1", balance: "1" },
    { id: 2, at: "2025-01-03 10:00:00", booked: "2025-01-01", amount: "2", balance: "3" },
  );
  const { rows, manifest } = await read({ ...booked("2025-01-01"), basis: "posted_at" });
  expect(shown(rows)).toEqual([["1", "1.00"]]);
  expect(manifest.totals[0]).toMatchObject({ opening: "0.00", closing: "1.00" });
  expect(manifest.period.basis).toBe("posted_at");
});

test("a booking of an earlier day stands on that day, with the balance it then led to", async () => {
  await given(
    { id: 1, at: "2025-01-10 10:00:00", amount: "100", balance: "100" },
    { id: 2, at: "2025-01-31 10:00:00", amount: "-30", balance: "70" },
    { id: 3, at: "2025-02-02 10:00:00", amount: "5", balance: "75" },
    { id: 4, at: "2025-02-03 10:00:00", booked: "2025-01-15", amount: "-7", balance: "68" },
  );
  const january = await read(booked("2025-01-01", "2025-01-31"));
  expect(shown(january.rows)).toEqual([
    ["1", "100.00"],
    ["4", "93.00"],
    ["2", "63.00"],
  ]);
  const february = await read(booked("2025-02-01", "2025-02-28"));
  expect(shown(february.rows)).toEqual([["3", "68.00"]]);
  expect(february.manifest.totals[0]?.opening).toBe(january.manifest.totals[0]?.closing);
});

test("a month that was passed by in order still takes account of what was booked into it later", async () => {
  // Around January nothing is out of order: only the row of March, far behind, is of December.
  await given(
    { id: 1, at: "2024-12-31 10:00:00", amount: "100", balance: "100" },
    { id: 2, at: "2025-01-20 10:00:00", amount: "1", balance: "101" },
    { id: 3, at: "2025-02-01 10:00:00", amount: "1", balance: "102" },
    { id: 4, at: "2025-03-03 10:00:00", booked: "2024-12-15", amount: "50", balance: "152" },
  );
  const december = await read(booked("2024-12-01", "2024-12-31"));
  const january = await read(booked("2025-01-01", "2025-01-31"));
  expect(december.manifest.totals[0]).toMatchObject({ opening: "0.00", closing: "150.00" });
  expect(january.manifest.totals[0]).toMatchObject({ opening: "150.00", closing: "151.00" });
});

test("what is booked on a day to come is part of no day before it", async () => {
  await given(
    { id: 1, at: "2025-01-05 10:00:00", booked: "2025-03-01", amount: "1000", balance: "1000" },
    { id: 2, at: "2025-01-06 10:00:00", amount: "1", balance: "1001" },
    { id: 3, at: "2025-02-06 10:00:00", amount: "1", balance: "1002" },
  );
  const january = await read(booked("2025-01-01", "2025-01-31"));
  expect(january.manifest.totals[0]).toMatchObject({ opening: "0.00", closing: "1.00" });
  const march = await read(booked("2025-03-01", "2025-03-31"));
  expect(march.manifest.totals[0]).toMatchObject({ opening: "2.00", closing: "1002.00" });
});

test("what is not booked yet follows the same days; a reversal is a row of its own day", async () => {
  await given(
    { id: 1, at: "2025-01-31 10:00:00", amount: "-10", balance: "-10" },
    {
      id: 2,
      at: "2025-02-01 10:00:00",
      booked: "2025-01-31",
      amount: "10",
      balance: "0",
      reversalOf: 1,
    },
    {
      id: 3,
      at: "2025-02-01 11:00:00",
      booked: "2025-01-31",
      amount: "9",
      balance: "0",
      status: "PDNG",
    },
    {
      id: 4,
      at: "2025-01-31 11:00:00",
      booked: "2025-02-01",
      amount: "8",
      balance: "0",
      status: "PDNG",
    },
  );
  const january = booked("2025-01-01", "2025-01-31", { options: { includePending: true } });
  const { rows, files } = await read(january);
  expect(rows.map((row) => [row["transaction_id"], row["reversal_of"]])).toEqual([
    ["1", ""],
    ["2", "1"],
  ]);
  expect(files["pending.csv"]?.split("\r\n").map((line) => line.split(",")[2])).toEqual([
    "transaction_id",
    "3",
    undefined,
  ]);
});

describe("a row without the day or the instant that its period goes by", () => {
  const loose = (transactionView = "loose") =>
    readTransactions(server.databaseUrl, { transactionView });
  const JANUARY = booked("2025-01-01", "2025-01-31");
  const WITH_PENDING = { ...JANUARY, options: { includePending: true } };

  beforeAll(async () => {
    await server.execute(`CREATE TABLE loose LIKE transactions;
      ALTER TABLE loose MODIFY booking_date DATE NULL, MODIFY posted_at DATETIME(6) NULL`);
  });
  afterEach(async () => await server.execute("DELETE FROM loose"));
  afterAll(async () => await server.execute("DROP TABLE loose"));

  async function given(change: string, ...postings: readonly Posting[]): Promise<void> {
    await server.execute(
      insertAccount("a1") +
        insertPostings(...postings).replace("INTO transactions", "INTO loose") +
        `UPDATE loose SET ${change} WHERE id = 1`,
    );
  }

  const outcomeOf = async (asked: Asked): Promise<unknown> => {
    await using transactions = loose();
    return await readStatement(transactions, asked).then(
      ({ rows, files }) => [rows.length, files["pending.csv"]?.trimEnd().split("\r\n").length],
      (error: unknown) => error,
    );
  };

  test.each([
    ["booking_date", "alone in its account", []],
    ["posted_at", "alone in its account", []],
    [
      "booking_date",
      "beside others",
      [{ id: 2, at: "2025-01-03 10:00:00", amount: "1", balance: "2" }],
    ],
    [
      "posted_at",
      "beside others",
      [{ id: 2, at: "2025-01-03 10:00:00", amount: "1", balance: "2" }],
    ],
  ] as const)(
    "by %s, booked and %s: no statement, and it is said what to do",
    async (basis, _, more) => {
      const first = { id: 1, at: "2025-01-02 10:00:00", amount: "1", balance: "1" };
      await given(`${basis} = NULL`, first, ...more);
      const failure = {
        name: "StatementFailure",
        code: "invalid_value",
        detail: `${basis} of a booked row is NULL: give it one, in the table or in STATEMENT_VIEW`,
      };
      expect(await outcomeOf({ ...JANUARY, basis })).toMatchObject(failure);
    },
  );

  test.each([
    ["posted in the period", "booking_date = NULL", "booking_date of a pending row is NULL"],
    [
      "of no time at all",
      "booking_date = NULL, posted_at = NULL",
      "booking_date of a pending row is NULL",
    ],
    ["posted in another period", "booking_date = NULL, posted_at = '2025-02-01'", undefined],
  ])("pending and %s: of no pending.csv that would lack it", async (_, change, detail) => {
    const others = { amount: "1", balance: "1" };
    await given(
      change,
      { id: 1, at: "2025-01-02 10:00:00", status: "PDNG", ...others },
      { id: 2, at: "2025-01-03 10:00:00", ...others },
      { id: 3, at: "2025-01-04 10:00:00", status: "PDNG", ...others },
    );
    expect(await outcomeOf(JANUARY)).toEqual([1, undefined]);
    const withPending = await outcomeOf(WITH_PENDING);
    if (detail === undefined) expect(withPending).toEqual([1, 2]);
    else {
      const told = expect.stringContaining(detail) as string;
      expect(withPending).toMatchObject({ code: "invalid_value", detail: told });
    }
  });

  test("is looked for in one place of the index, and the rows of a period are one range of it", async () => {
    await server.execute(`INSERT INTO loose
      SELECT seq, CONCAT('c', seq % 50), 'a', 'BOOK', '2025-01-01' + INTERVAL seq HOUR, '2025-01-01' + INTERVAL seq HOUR,
        '2025-01-01', 1, 'EUR', 1, 'CARD', NULL, NULL, NULL, NULL, NULL FROM ${sequence(20_000)}`);
    await server.execute(insertAccount("a1") + "ANALYZE TABLE loose");
    const { sql, parameters } = statementSql({
      transactionView: "loose",
      accountView: "statement_accounts",
    }).accounts({
      customerId: "c1",
      from: 0,
      to: 0,
      booked: { from: "2025-02-01", to: "2025-03-01" },
    });
    const [plan] = await connection.query<RowDataPacket[]>(`EXPLAIN FORMAT = TRADITIONAL ${sql}`, [
      ...parameters,
    ]);
    const found = plan
      .filter(({ table }) => table === "t")
      .map(({ type, key }) => `${type} ${key}`);
    expect(found.toSorted()).toEqual([
      "range transactions_of_customer_by_day",
      "ref transactions_of_customer_by_day",
    ]);
  });
});

test("a partial statement holds what is booked up to its last day, be that to come", async () => {
  await given({
    id: 1,
    at: "2025-01-01 10:00:00",
    booked: "2999-01-02",
    amount: "1",
    balance: "1",
  });
  const partial = booked("2999-01-01", "2999-01-02", { options: { partial: true } });
  const { manifest } = await read(partial);
  expect(manifest).toMatchObject({ rows: 1, partial: true });
});

test("more rows than may be read for a balance end the statement, and only where order is broken", async () => {
  await given(
    { id: 1, at: "2025-01-10 10:00:00", amount: "1", balance: "1" },
    { id: 2, at: "2025-02-02 10:00:00", amount: "1", balance: "2" },
    { id: 3, at: "2025-02-03 10:00:00", booked: "2025-01-15", amount: "1", balance: "3" },
    { id: 4, at: "2025-02-04 10:00:00", amount: "1", balance: "4" },
    { id: 5, at: "2025-03-04 10:00:00", amount: "1", balance: "5" },
  );
  await using bounded = readTransactions(server.databaseUrl, { bookingOrderRows: 2 });
  await expect(statementZip(bounded, booked("2025-01-01", "2025-01-31"))).rejects.toMatchObject({
    code: "booking_order",
    detail: "more than BOOKING_ORDER_ROWS rows since 2025-02-01",
  });
  await using enough = readTransactions(server.databaseUrl, { bookingOrderRows: 3 });
  const zip = await statementZip(enough, booked("2025-01-01", "2025-01-31"));
  expect((await verifyStatement(chunks(zip))).ok).toBe(true);
  // Between February and March all is in order.
  const march = await statementZip(bounded, booked("2025-03-01", "2025-03-31"));
  expect((await verifyStatement(chunks(march))).ok).toBe(true);
});

test("the indexes that are needed are known by the server's plan, on a table of no rows too", async () => {
  await server.execute(`CREATE TABLE few LIKE transactions;
    ALTER TABLE few DROP KEY transactions_of_customer_by_day, DROP KEY transactions_of_account_by_day`);
  const missing = async (transactionView: string) => {
    await using source = readTransactions(server.databaseUrl, { transactionView });
    return await source.missingIndexes(new AbortController().signal);
  };
  expect(await missing("statement_transactions")).toEqual([]);
  // Under the names that the sample bank's schema has.
  expect(await missing("few")).toEqual([
    "CREATE INDEX transactions_of_customer_by_day ON <the table behind few> (customer_id, booking_date, posted_at, id, status);",
    "CREATE INDEX transactions_of_account_by_day ON <the table behind few> (account_id, booking_date, posted_at, id, status);",
  ]);
  // A view that leaves rows out, as banks have them.
  await server.execute(
    "CREATE ALGORITHM = MERGE VIEW some AS SELECT * FROM transactions WHERE type <> 'INTERNAL'",
  );
  expect(await missing("some")).toEqual([]);
  await given({ id: 1, at: "2025-01-10 10:00:00", amount: "1", balance: "1" });
  expect(await missing("statement_transactions")).toEqual([]);
  await server.execute("DROP VIEW some; DROP TABLE few");
});

test("a plan is read where the server says how, whatever the bank calls its tables and indexes", async () => {
  await server.execute(`CREATE TABLE temporary_rows LIKE transactions;
    ALTER TABLE temporary_rows RENAME KEY transactions_of_customer_by_day TO using_filesort`);
  await using source = readTransactions(server.databaseUrl, { transactionView: "temporary_rows" });
  expect(await source.missingIndexes(new AbortController().signal)).toEqual([]);
  await server.execute("DROP TABLE temporary_rows");
});

test.each([
  ["TiDB's", [["Limit_11", "1.00", "root", "", "offset:0, count:1"]]],
  ["a tree", [["-> Limit: 1 row(s)"]]],
  ["nothing", []],
  ["of no table", [["1", "SIMPLE", ...Array.from({ length: 7 }, () => null), "Impossible WHERE"]]],
])("a plan of another form, %s, says nothing", async (_, plan) => {
  const run = () => Promise.resolve(plan);
  await expect(missingPeriodIndexes(run, "v")).rejects.toThrow("of another form");
});

test("indexes are asked for until the server has shown its plans once, which takes more than a reader's grants", async () => {
  await server.execute(`CREATE USER reader@'%' IDENTIFIED BY 'secret';
    GRANT SELECT ON bank.statement_transactions TO reader@'%';
    GRANT SELECT ON bank.statement_accounts TO reader@'%';`);
  const reader = Object.assign(new URL(server.databaseUrl), {
    username: "reader",
    password: "secret",
  });
  await using source = readTransactions(reader.href);
  let asked = 0;
  const ask = async (signal: AbortSignal) => {
    asked += 1;
    return await source.missingIndexes(signal);
  };
  const { log, lines } = makeTestLog();
  const look = makeIndexLook(ask, log);
  const { signal } = new AbortController();
  await look(signal);
  await look(signal);
  expect([asked, lines.filter(({ msg }) => String(msg).includes("SHOW VIEW")).length]).toEqual([
    2, 1,
  ]);
  // As a view and as a table, which the view is of.
  await server.execute(`GRANT SHOW VIEW ON bank.statement_transactions TO reader@'%';
    GRANT SELECT ON bank.transactions TO reader@'%';
    ALTER TABLE transactions DROP KEY transactions_of_account_by_day`);
  try {
    await expect(look(signal)).rejects.toThrow(
      /PERIOD_INDEX_MISSING.* CREATE INDEX transactions_of_account_by_day ON <the table behind statement_transactions>/,
    );
  } finally {
    await server.execute(`CREATE INDEX transactions_of_account_by_day
      ON transactions (account_id, booking_date, posted_at, id, status)`);
  }
  await look(signal);
  await look(signal);
  expect(asked).toBe(4);
});

test("without an index the builder's process ends, and says with which statement it would not", async () => {
  await server.execute(`CREATE TABLE bare LIKE transactions;
    ALTER TABLE bare DROP KEY transactions_of_account_by_day`);
  await using ledger = await startLocalLedger();
  const entry = new URL("../../functions/statement-builder/index.ts", import.meta.url).pathname;
  const ended = run(process.execPath, [entry], {
    env: {
      DATABASE_URL: server.databaseUrl,
      STATEMENT_VIEW: "bare",
      KUBECONFIG: ledger.kubeconfig,
      S3_BUCKET: "statements",
      AWS_REGION: "eu-central-1",
      K_SINK: "http://127.0.0.1:9/",
      IDENTITY: "none",
      METRICS_PORT: "0",
    },
  });
  await expect(ended).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining(
      "PERIOD_INDEX_MISSING: PERIOD_BASIS=booking_date needs CREATE INDEX transactions_of_account_by_day " +
        "ON <the table behind bare> (account_id, booking_date, posted_at, id, status); or set PERIOD_BASIS=posted_at",
    ) as string,
  });
  await server.execute("DROP TABLE bare");
});

describe("with bookings of any earlier and later days", () => {
  const MONTHS = [
    ["2025-01-01", "2025-01-31"],
    ["2025-02-01", "2025-02-28"],
    ["2025-03-01", "2025-03-31"],
  ] as const;
  const ACCOUNTS = [
    ["a1", "EUR"],
    ["a2", "EUR"],
    ["a2b", "BHD"],
  ] as const;

  /** Of a row: account, how long after the one before it was posted, days its booking lies off, cents. */
  const entry = fc.record({
    account: fc.nat({ max: ACCOUNTS.length - 1 }),
    // Many at one instant.
    hours: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 90 })),
    days: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: -60, max: 60 })),
    cents: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -99_999, max: 99_999 })),
    pending: fc.nat({ max: 5 }).map((n) => n === 0),
  });

  test("months close, hold each row once, and agree with the sums that SQL makes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 40 }), async (entries) => {
        await server.execute("DELETE FROM transactions; DELETE FROM accounts;");
        const running = ACCOUNTS.map(() => 0);
        let at = Date.UTC(2024, 11, 20);
        const postings = entries.map((one, n): Posting => {
          at += one.hours * 3_600_000;
          const [account, currency] = ACCOUNTS[one.account] ?? ACCOUNTS[0];
          if (!one.pending) running[one.account] = (running[one.account] ?? 0) + one.cents;
          const when = new Date(at).toISOString().replace("T", " ").replace("Z", "");
          return {
            // Of one instant the smaller id was posted first.
            id: n + 1,
            at: when,
            booked: new Date(at + one.days * 86_400_000).toISOString().slice(0, 10),
            account,
            currency,
            amount: (one.cents / 100).toFixed(2),
            balance: ((running[one.account] ?? 0) / 100).toFixed(2),
            status: one.pending ? "PDNG" : "BOOK",
          };
        });
        await server.execute(
          ACCOUNTS.map(([account, currency]) => insertAccount(account, currency)).join("") +
            (postings.length > 0 ? insertPostings(...postings) : ""),
        );
        let rows = 0;
        const closing = new Map<string, string>();
        for (const [first, last] of MONTHS) {
          const { manifest } = await read(booked(first, last));
          rows += manifest.rows;
          for (const one of manifest.totals) {
            const sums = await sumsOf(one.account_id, first, last);
            expect({ account: one.account_id, ...scaled(one) }).toEqual({
              account: one.account_id,
              ...sums,
            });
            expect(closing.get(one.account_id) ?? one.opening).toBe(one.opening);
            closing.set(one.account_id, one.closing);
          }
        }
        const [[counted]] = await connection.query<RowDataPacket[]>(
          `SELECT COUNT(*) AS n FROM transactions WHERE status = 'BOOK'
           AND booking_date BETWEEN '2025-01-01' AND '2025-03-31'`,
        );
        expect(rows).toBe(Number(counted?.["n"]));
      }),
      { numRuns: chosenNumber("FUZZ_RUNS", 40, 1) },
    );
  }, 120_000);

  /** Of all rows booked before, and on these days, in ten-thousandths. */
  async function sumsOf(account: string, first: string, last: string) {
    const [[row]] = await connection.query<RowDataPacket[]>(
      `SELECT COALESCE(SUM(IF(booking_date < ?, amount, 0)), 0) AS opening,
              COALESCE(SUM(IF(booking_date <= ?, amount, 0)), 0) AS closing,
              COALESCE(SUM(booking_date BETWEEN ? AND ?), 0) AS n
       FROM transactions WHERE account_id = ? AND status = 'BOOK'`,
      [first, last, first, last, account],
    );
    return {
      opening: Math.round(Number(row?.["opening"]) * 10_000),
      closing: Math.round(Number(row?.["closing"]) * 10_000),
      n: Number(row?.["n"]),
    };
  }

  function scaled(one: {
    readonly opening: string;
    readonly closing: string;
    readonly credits: { readonly count: number };
    readonly debits: { readonly count: number };
  }) {
    return {
      opening: Math.round(Number(one.opening) * 10_000),
      closing: Math.round(Number(one.closing) * 10_000),
      n: one.credits.count + one.debits.count,
    };
  }
});
