/** What a snapshot does when its query is unwanted, or its server is killed, stalled or gone. */
import { setTimeout as sleep } from "node:timers/promises";
import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import { RetryableError } from "../../functions/domain/failure.ts";
import { makeTransactionsCsv } from "../../functions/statement-builder/lines/statement-csv.ts";
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { sequence } from "../support/bank/sequence.ts";
import {
  insertAccount,
  openSnapshot,
  readTransactions,
  zipOf,
  type Asked,
} from "../support/statements/statement.ts";
import { buffer } from "node:stream/consumers";

const YEAR: Asked = { customerId: "c1", startDate: "2025-01-01", endDate: "2025-12-31" };
/** More than all buffers between server and reader hold. */
const ROWS = 200_000;

let server: TestMariaDb;
let observer: Connection;
let transactions: Transactions;

beforeAll(async () => {
  server = await startTestMariaDb({ schema: BANK_SCHEMA });
  await server.execute(insertAccount("a1"));
  await server.execute(
    `INSERT INTO transactions SELECT seq, 'c1', 'a1', 'BOOK', '2025-01-01' + INTERVAL seq SECOND,
     '2025-01-01', '2025-01-01', 1, 'EUR', seq, 'CARD', REPEAT('text ', 40), NULL, NULL, NULL, NULL
     FROM ${sequence(ROWS)}`,
  );
});
beforeEach(async () => {
  observer = await createConnection(server.url);
  transactions = readTransactions(server.databaseUrl, { connections: 1 });
});
afterEach(async () => {
  await transactions[Symbol.asyncDispose]();
  await observer.end();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Connections of the product: all but the observer's. */
async function sessions(): Promise<RowDataPacket[]> {
  const [rows] = await observer.query<RowDataPacket[]>(
    `SELECT id, info FROM information_schema.processlist
     WHERE id <> CONNECTION_ID() AND user = 'root'`,
  );
  return rows;
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 5_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await sleep(20);
  }
}

const isReading = async () => (await sessions()).some(({ info }) => /order by/i.test(String(info)));

async function expectStatementsAgain(): Promise<void> {
  await using snapshot = await openSnapshot(transactions, { ...YEAR, endDate: "2025-01-01" });
  expect(snapshot.rows).toBe(86_399);
  expect((await buffer(zipOf(YEAR, snapshot, "fast"))).length).toBeGreaterThan(1000);
}

test("an abort in the middle of the rows ends the query on the server, and the next one works", async () => {
  const stop = new AbortController();
  const reason = new Error("stop it");
  {
    await using snapshot = await openSnapshot(transactions, YEAR, stop.signal);
    const rows = snapshot.batches()[Symbol.asyncIterator]();
    await rows.next();
    expect(await isReading()).toBe(true);
    stop.abort(reason);
    await expect(drain(rows)).rejects.toBe(reason);
  }
  await until(async () => (await sessions()).length === 0, "no session of ours is left");
  await expectStatementsAgain();
});

test("an abort while a small query waits rejects at once and ends it on the server", async () => {
  await observer.query("LOCK TABLES bank.transactions WRITE, bank.accounts WRITE");
  const stop = new AbortController();
  const opening = openSnapshot(transactions, YEAR, stop.signal);
  await until(
    async () => (await sessions()).some(({ info }) => /statement_acc/.test(String(info))),
    "asked",
  );
  stop.abort(new Error("stop it"));
  await expect(opening).rejects.toThrow("stop it");
  await until(async () => (await sessions()).length === 0, "no session of ours is left");
  await observer.query("UNLOCK TABLES");
  await expectStatementsAgain();
});

test("rows left early are no trouble for the next statement", async () => {
  {
    await using snapshot = await openSnapshot(transactions, YEAR);
    for await (const batch of snapshot.batches()) if (batch.bytes.length > 0) break;
  }
  await until(async () => !(await isReading()), "the query ended");
  await expectStatementsAgain();
});

test("a zip nobody reads any more ends the query", async () => {
  {
    await using snapshot = await openSnapshot(transactions, YEAR);
    const zip = zipOf(YEAR, snapshot, "fast");
    await new Promise((resolve) => zip.once("readable", resolve));
    await until(isReading, "the rows are on their way");
    zip.on("error", () => undefined).destroy(new Error("the upload failed"));
  }
  await until(async () => !(await isReading()), "the query ended");
  await expectStatementsAgain();
});

test("a connection killed in mid-stream is an error, never an end", async () => {
  await using snapshot = await openSnapshot(transactions, YEAR);
  const rows = snapshot.batches()[Symbol.asyncIterator]();
  await rows.next();
  const [session] = await sessions();
  await observer.query(`KILL ${String(session?.["id"])}`);
  const error = await drain(rows).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RetryableError);
  expect(error).toMatchObject({ code: "database_unavailable" });
});

test("a query killed in mid-stream is an error, never an end", async () => {
  {
    await using snapshot = await openSnapshot(transactions, YEAR);
    const zip = buffer(zipOf(YEAR, snapshot, "small"));
    await until(isReading, "the rows are on their way");
    const [session] = await sessions();
    await observer.query(`KILL QUERY ${String(session?.["id"])}`);
    await expect(zip).rejects.toMatchObject({
      code: "database_error",
      detail: expect.stringMatching(/^1317 /) as string,
    });
  }
  await expectStatementsAgain();
});

test("a server that dies in mid-stream is an error at once, and a new one is used", async () => {
  {
    await using snapshot = await openSnapshot(transactions, YEAR);
    const zip = buffer(zipOf(YEAR, snapshot, "small"));
    await until(isReading, "the rows are on their way");
    observer.on("error", () => undefined);
    await server.kill();
    await expect(zip).rejects.toMatchObject({ code: "database_unavailable" });
  }
  await expect(openSnapshot(transactions, YEAR)).rejects.toMatchObject({
    code: "database_unavailable",
  });
  await server.start();
  observer.destroy();
  observer = await createConnection(server.url);
  await expectStatementsAgain();
});

test("a server that stalls in mid-stream is seen", async () => {
  // Long enough for a busy machine to open the snapshot in.
  await using impatient = readTransactions(server.databaseUrl, { readTimeoutMs: 8_000 });
  await using snapshot = await openSnapshot(impatient, YEAR);
  const rows = snapshot.batches()[Symbol.asyncIterator]();
  await rows.next();
  process.kill(server.pid, "SIGSTOP");
  try {
    await expect(drain(rows)).rejects.toMatchObject({ code: "database_unavailable" });
  } finally {
    process.kill(server.pid, "SIGCONT");
  }
});

test("a reader that takes its time is not a stalled server", async () => {
  // Long enough for a busy machine to begin the rows in.
  await using impatient = readTransactions(server.databaseUrl, { readTimeoutMs: 4_000 });
  await using snapshot = await openSnapshot(impatient, { ...YEAR, endDate: "2025-01-01" });
  const csv = makeTransactionsCsv(snapshot.balances);
  for await (const batch of snapshot.batches()) {
    if (csv.rows === 0) await sleep(5_000);
    csv.lines(batch).release();
  }
  expect(csv.rows).toBe(snapshot.rows);
});

async function drain(rows: AsyncIterator<unknown>): Promise<void> {
  while (!(await rows.next()).done) {
    // The rows do not matter.
  }
}
