/** Points 2, 3, 8, 11 and 12 of a correct statement: which rows belong to which days, in which zone. */
import {
  problemsToday,
  readRequestedEvent,
  type IntakeRules,
} from "../../functions/request-intake/requested-event.ts";
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { readStatement } from "../support/statements/read-statement.ts";
import {
  insertAccount,
  insertPostings,
  readTransactions,
  run,
} from "../support/statements/statement.ts";

const PROCESS = new URL("../support/statements/statement-process.ts", import.meta.url).pathname;
/** What the server takes for the zone of its clock and of its columns with TIMESTAMP. */
const SERVER_ZONE = "-05:00";

let server: TestMariaDb;
let transactions: Transactions;

beforeAll(async () => {
  server = await startTestMariaDb({
    schema: BANK_SCHEMA,
    settings: [`--default-time-zone=${SERVER_ZONE}`],
  });
  transactions = readTransactions(server.databaseUrl);
});
afterEach(async () => {
  await server.execute("DELETE FROM transactions; DELETE FROM accounts;");
});
afterAll(async () => {
  await transactions[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** A row of 1.00 at each instant; their ids count from 1. */
async function given(...instants: readonly string[]): Promise<void> {
  const rows = instants.map((at, i) => ({ id: i + 1, at, amount: "1", balance: String(i + 1) }));
  await server.execute(insertAccount("a1") + insertPostings(...rows));
}

async function statementOf(timeZone: string, startDate: string, endDate = startDate) {
  const asked = { customerId: "c1", startDate, endDate, timeZone };
  const { rows, manifest } = await readStatement(transactions, asked);
  const [totals] = manifest.totals;
  return {
    ids: rows.map((row) => Number(row["transaction_id"])),
    balances: [totals?.opening, totals?.closing],
    hours: (manifest.period.to_epoch - manifest.period.from_epoch) / 3600,
  };
}

test.each([
  // The clock went from 23:59:59 to 01:00.
  ["America/Sao_Paulo", "2018-11-04", "2018-11-04 03:00:00", "2018-11-05 02:00:00", 23],
  ["Asia/Beirut", "2021-03-28", "2021-03-27 22:00:00", "2021-03-28 21:00:00", 23],
  ["Africa/Cairo", "2023-04-28", "2023-04-27 22:00:00", "2023-04-28 21:00:00", 23],
  // And from 24:00 back to 23:00.
  ["Africa/Cairo", "2023-10-26", "2023-10-25 21:00:00", "2023-10-26 22:00:00", 25],
  ["Australia/Lord_Howe", "2026-04-05", "2026-04-04 13:00:00", "2026-04-05 13:30:00", 24.5],
  ["Asia/Kathmandu", "2024-02-29", "2024-02-28 18:15:00", "2024-02-29 18:15:00", 24],
])("2: %s, %s, also where a day has no midnight", async (zone, date, from, to, hours) => {
  const before = (instant: string) =>
    `${new Date(Date.parse(`${instant}Z`) - 1).toISOString().slice(0, 23).replace("T", " ")}999`;
  await given(before(from), `${from}.000000`, before(to), `${to}.000000`);
  expect(await statementOf(zone, date)).toEqual({ ids: [2, 3], balances: ["1.00", "3.00"], hours });
});

test("2: a day that a zone left out has no rows, and none is lost beside it", async () => {
  await given("2011-12-30 09:59:59.999999", "2011-12-30 10:00:00");
  const apia = (date: string) => statementOf("Pacific/Apia", date);
  expect(await apia("2011-12-29")).toEqual({ ids: [1], balances: ["0.00", "1.00"], hours: 24 });
  expect(await apia("2011-12-30")).toEqual({ ids: [], balances: ["1.00", "1.00"], hours: 0 });
  expect(await apia("2011-12-31")).toEqual({ ids: [2], balances: ["1.00", "2.00"], hours: 24 });
});

test("2: 29 February is in February, and in the year", async () => {
  await given("2024-02-28 23:59:59", "2024-02-29 12:00:00", "2024-03-01 00:00:00");
  expect((await statementOf("UTC", "2024-02-29")).ids).toEqual([2]);
  expect((await statementOf("UTC", "2024-02-01", "2024-02-29")).ids).toEqual([1, 2]);
  expect((await statementOf("UTC", "2024-03-01")).ids).toEqual([3]);
  expect((await statementOf("UTC", "2024-01-01", "2024-12-31")).hours).toBe(366 * 24);
});

test("3: the zones of server, process and statement are three", async () => {
  await given("2025-03-29 22:59:59.999999", "2025-03-29 23:00:00.000000", "2025-03-30 22:00:00");
  const asked = { customerId: "c1", startDate: "2025-03-30", endDate: "2025-03-30" };
  const args = [
    PROCESS,
    server.databaseUrl,
    JSON.stringify({ ...asked, timeZone: "Europe/Berlin" }),
  ];
  const zones = ["Pacific/Apia", "America/St_Johns"];
  const told = zones.map(async (TZ) => {
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, TZ } });
    return JSON.parse(stdout) as { zone: string; manifest: object; tables: Record<string, string> };
  });
  const [first, ...others] = await Promise.all(told);
  expect([first, ...others].map((one) => one?.zone)).toEqual(zones);
  for (const { zone: _, ...same } of others) expect(first).toMatchObject(same);
  expect(first?.tables["transactions.csv"]).toContain(
    "\r\n1,a1,2,2025-03-29,2025-03-29T23:00:00.000000Z,2025-03-29,",
  );
  expect(first?.manifest).toMatchObject({
    rows: 1,
    period: { from: "2025-03-29T23:00:00.000Z", to: "2025-03-30T22:00:00.000Z" },
  });
});

test("8: wherever a year is cut, one part's closing is the next one's opening", async () => {
  const hours = Array.from({ length: 500 }, (_, i) => Date.UTC(2025, 0, 1) + i * 17.52 * 3_600_000);
  await given(...hours.map((at) => new Date(at).toISOString().slice(0, 19).replace("T", " ")));
  const zone = "America/New_York";
  const cuts = ["2025-01-01", "2025-01-02", "2025-03-09", "2025-03-10", "2025-11-02", "2025-12-31"];
  let [closing, count] = ["0.00", 0];
  for (const [i, start] of cuts.entries()) {
    const next = cuts[i + 1] ?? "2026-01-01";
    const last = new Date(Date.parse(next) - 86_400_000).toISOString().slice(0, 10);
    const { ids, balances } = await statementOf(zone, i === 0 ? "2024-12-31" : start, last);
    expect(balances[0]).toBe(closing);
    [closing, count] = [balances[1] ?? "", count + ids.length];
  }
  expect((await statementOf(zone, "2024-12-31", "2025-12-31")).ids).toHaveLength(count);
  expect([closing, count]).toEqual(["500.00", 500]);
});

describe("at intake", () => {
  const rules: IntakeRules = {
    defaultTimeZone: "UTC",
    periodBasis: "booking_date",
    maxPeriodMonths: 24,
    eventWindowDays: 29,
  };

  function problems(dates: Record<string, string | boolean>, now: string) {
    const event = { specversion: "1.0", id: "1", source: "/tests", time: now };
    const requested = readRequestedEvent(
      {
        kind: "event",
        attributes: event,
        body: new Uint8Array(),
        traceparent: undefined,
        ...event,
        type: "io.transactions-collector.statement.requested.v1",
        data: { customer_id: "c1", ...dates },
      } as never,
      rules,
      { sender: undefined, now: Date.parse(now) },
    );
    if (requested.kind !== "requested") return requested.problems.map(({ code }) => code);
    return problemsToday(requested, rules, Date.parse(now)).map(({ code }) => code);
  }

  test("a day that its zone never had is none", () => {
    const time_zone = "Pacific/Apia";
    const now = "2026-01-01T00:00:00Z";
    const problemsOf = (start_date: string, end_date: string) =>
      problems({ start_date, end_date, time_zone }, now);
    expect(problemsOf("2011-12-30", "2011-12-30")).toEqual(["no_such_day", "no_such_day"]);
    expect(problemsOf("2011-12-29", "2011-12-30")).toEqual(["no_such_day"]);
    expect(problemsOf("2011-12-29", "2011-12-31")).toEqual([]);
  });

  test.each([
    ["UTC", "2025-01-31T23:59:59.999Z", "2025-02-01T00:00:00.000Z"],
    ["Pacific/Kiritimati", "2025-01-31T09:59:59.999Z", "2025-01-31T10:00:00.000Z"],
    ["America/Los_Angeles", "2025-02-01T07:59:59.999Z", "2025-02-01T08:00:00.000Z"],
  ])("11: the last day is over when it is in %s", (time_zone, before, after) => {
    const dates = { start_date: "2025-01-01", end_date: "2025-01-31", time_zone };
    expect(problems(dates, before)).toEqual(["period_not_over"]);
    expect(problems(dates, after)).toEqual([]);
    expect(problems({ ...dates, partial: true }, before)).toEqual([]);
    expect(problems({ ...dates, end_date: "2025-02-02", partial: true }, before)).toEqual([
      "period_not_begun",
    ]);
  });

  test("12: 24 whole months are the longest range, leap day or not", () => {
    const now = "2026-06-01T00:00:00Z";
    const ask = (start_date: string, end_date: string) => problems({ start_date, end_date }, now);
    expect(ask("2024-02-29", "2026-02-27")).toEqual([]);
    expect(ask("2024-02-29", "2026-02-28")).toEqual(["period_too_long"]);
    expect(ask("2024-03-01", "2026-02-28")).toEqual([]);
    expect(ask("2024-03-01", "2026-03-01")).toEqual(["period_too_long"]);
  });
});
