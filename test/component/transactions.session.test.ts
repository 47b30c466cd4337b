/** A server whose defaults are not ours, errors that it answers with, and an address of several. */
import { setTimeout as sleep } from "node:timers/promises";
import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import { pino } from "pino";
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { textRows } from "../support/bank/text-protocol.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { readStatement } from "../support/statements/read-statement.ts";
import {
  insertAccount,
  insertPostings,
  openSnapshot,
  readTransactions,
  type Asked,
} from "../support/statements/statement.ts";
import { startTcpBalancer } from "../support/wire/tcp-balancer.ts";

const JANUARY: Asked = { customerId: "c1", startDate: "2025-01-01", endDate: "2025-01-31" };
const TEXT = "Zoë, 日本, 🍕";
const READER = `
  CREATE USER reader@'%' IDENTIFIED BY 'secret';
  GRANT SELECT ON bank.* TO reader@'%';`;

let server: TestMariaDb;
let observer: Connection;

beforeAll(async () => {
  server = await startTestMariaDb({ schema: BANK_SCHEMA });
  await server.execute(
    READER +
      insertAccount("a1") +
      insertPostings(
        { id: 1, at: "2025-01-02 10:00:00", amount: "1", balance: "1", description: TEXT },
        { id: 2, at: "2025-01-03 10:00:00", amount: "2", balance: "3", description: TEXT },
      ),
  );
  observer = await createConnection(server.databaseUrl);
});
afterAll(async () => {
  await observer.end();
  await server[Symbol.asyncDispose]();
});

/** As somebody without the rights that would spare him the server's defaults. */
function asReader(
  url = server.databaseUrl,
  options: Parameters<typeof readTransactions>[1] = {},
): Transactions {
  return readTransactions(
    Object.assign(new URL(url), { username: "reader", password: "secret" }).href,
    options,
  );
}

async function valueOf(name: string): Promise<string | undefined> {
  const [rows] = await observer.query<RowDataPacket[]>(`SHOW GLOBAL VARIABLES LIKE '${name}'`);
  return rows[0]?.["Value"] as string | undefined;
}

describe("a server's defaults", () => {
  it.each([
    ["init_connect", "'SET NAMES latin1'"],
    ["init_connect", "'SET sql_mode = ANSI_QUOTES'"],
    ["sql_select_limit", "1"],
    ["max_join_size", "1"],
  ])("%s = %s changes nothing", async (name, value) => {
    await withGlobal(name, value, async () => {
      await using transactions = asReader();
      const { rows } = await readStatement(transactions, JANUARY);
      expect(rows.map(({ description }) => description)).toEqual([TEXT, TEXT]);
    });
  });

  it("a connection may rest in a snapshot for longer than the server's default lets it", async () => {
    await withGlobal("wait_timeout", "1", async () => {
      await using transactions = asReader();
      await using snapshot = await openSnapshot(transactions, JANUARY);
      await sleep(2_500);
      let rows = 0;
      for await (const batch of snapshot.batches()) {
        rows += [...textRows(batch.bytes)].length;
        batch.release();
      }
      expect(rows).toBe(2);
    });
  });

  it("a limit of time is none of the builder's", async () => {
    // On MariaDB in seconds, on MySQL in milliseconds.
    const [name, value] =
      (await valueOf("max_execution_time")) === undefined
        ? ["max_statement_time", "0.1"]
        : ["max_execution_time", "100"];
    await server.execute(
      `CREATE OR REPLACE VIEW slow AS SELECT customer_id, account_id, currency FROM accounts
       WHERE SLEEP(0.5) = 0`,
    );
    await withGlobal(name, value, async () => {
      await using transactions = asReader(server.databaseUrl, { accountView: "slow" });
      await using snapshot = await openSnapshot(transactions, JANUARY);
      expect(snapshot.rows).toBe(2);
    });
  });

  async function withGlobal(name: string, value: string, use: () => Promise<void>): Promise<void> {
    const before = await valueOf(name);
    await observer.query(`SET GLOBAL ${name} = ${value}`);
    try {
      await use();
    } finally {
      const old = before === "" || Number.isNaN(Number(before)) ? `'${before}'` : before;
      await observer.query(`SET GLOBAL ${name} = ${old}`);
    }
  }
});

describe("an error that the server answers with", () => {
  const endOf = async (transactions: Transactions) =>
    await openSnapshot(transactions, JANUARY).then(
      () => "opened",
      (error: unknown) => error,
    );

  it.each([
    ["a wrong password", "wrong", {}, "1045 ER_ACCESS_DENIED_ERROR"],
    [
      "no right to the view",
      "secret",
      { accountView: "other.accounts" },
      "1142 ER_TABLEACCESS_DENIED_ERROR",
    ],
    ["a view that is not there", "secret", { accountView: "nowhere" }, "1146 ER_NO_SUCH_TABLE"],
    ["a view without a column", "secret", { accountView: "narrow" }, "1054 ER_BAD_FIELD_ERROR"],
  ])("%s waits for an operator", async (_, password, views, detail) => {
    await server.execute(`
      CREATE OR REPLACE VIEW narrow AS SELECT account_id, currency FROM accounts;
      CREATE DATABASE IF NOT EXISTS other;
      CREATE OR REPLACE VIEW other.accounts AS SELECT * FROM bank.accounts;`);
    const url = Object.assign(new URL(server.databaseUrl), { username: "reader", password });
    await using transactions = readTransactions(url.href, views);
    expect(await endOf(transactions)).toMatchObject({
      name: "RetryableError",
      code: "database_refused",
      detail,
    });
  });

  it("a collation that nothing can be compared with ends the request", async () => {
    await server.execute(`
      SET collation_connection = utf8mb4_slovak_ci;
      CREATE OR REPLACE VIEW computed AS
        SELECT account_id, currency, CONCAT('c', '1') AS customer_id FROM accounts;`);
    await using transactions = asReader(server.databaseUrl, { accountView: "computed" });
    expect(await endOf(transactions)).toMatchObject({
      name: "StatementFailure",
      code: "unsupported_database",
      detail: "1267 ER_CANT_AGGREGATE_2COLLATIONS",
    });
  });

  it("no answer at all is another thing", async () => {
    const url = Object.assign(new URL(server.databaseUrl), { port: "1" });
    await using transactions = readTransactions(url.href);
    expect(await endOf(transactions)).toMatchObject({
      code: "database_unavailable",
      detail: undefined,
    });
  });
});

describe("two servers behind one address", () => {
  const sessions = async (on: Connection) => {
    const [rows] = await on.query<RowDataPacket[]>(
      `SELECT id, info FROM information_schema.processlist
       WHERE user = 'reader' AND info LIKE '%statement_acc%'`,
    );
    return rows;
  };

  it("an abort ends its own query and nobody else's", async () => {
    await using other = await startTestMariaDb({ schema: BANK_SCHEMA });
    await other.execute(READER + insertAccount("a1"));
    await using balancer = await startTcpBalancer([server.port, other.port]);
    const url = Object.assign(new URL(server.databaseUrl), { port: String(balancer.port) });
    const watchers = [observer, await createConnection(other.databaseUrl)] as const;
    const locks = [
      await createConnection(server.databaseUrl),
      await createConnection(other.databaseUrl),
    ];
    try {
      // Connection ids of the two servers are alike, so that a wrong kill would hit.
      await align(watchers);
      for (const lock of locks) await lock.query("LOCK TABLES accounts WRITE, transactions WRITE");
      const stop = new AbortController();
      await using first = asReader(url.href, { connections: 1 });
      await using second = asReader(url.href, { connections: 1 });
      const aborted = openSnapshot(first, JANUARY, stop.signal);
      aborted.catch(() => undefined);
      await until(async () => (await sessions(watchers[0])).length === 1);
      const kept = openSnapshot(second, JANUARY);
      kept.catch(() => undefined);
      await until(async () => (await sessions(watchers[1])).length === 1);
      const [a, b] = [await sessions(watchers[0]), await sessions(watchers[1])];
      expect(a[0]?.["id"]).toBe(b[0]?.["id"]);
      stop.abort(new Error("stop it"));
      await expect(aborted).rejects.toThrow("stop it");
      await until(async () => (await sessions(watchers[0])).length === 0);
      expect(await sessions(watchers[1])).toHaveLength(1);
      for (const lock of locks) await lock.query("UNLOCK TABLES");
      await using snapshot = await kept;
      expect(snapshot.balances).toHaveLength(1);
    } finally {
      for (const lock of locks) lock.destroy();
      await watchers[1].end();
    }
  });

  it("a query whose server is not met again goes on, and that is said", async () => {
    await using other = await startTestMariaDb({ schema: BANK_SCHEMA });
    await other.execute(READER);
    const others = Array.from({ length: 8 }, () => other.port);
    await using balancer = await startTcpBalancer([server.port, ...others]);
    const { lines, snapshot, lock, stop, transactions } = await waitingThrough(balancer.port);
    try {
      stop.abort(new Error("stop it"));
      await expect(snapshot).rejects.toThrow("stop it");
      await until(async () => await Promise.resolve(said(lines, "the query goes on") === 1));
      expect(await sessions(observer)).toHaveLength(1);
    } finally {
      lock.destroy();
      await transactions[Symbol.asyncDispose]();
    }
    await until(async () => (await sessions(observer)).length === 0);
  });

  it("a router that hides ids is said once, and a query is ended all the same", async () => {
    await using router = await startTcpBalancer([server.port], { hidesIds: true });
    const { lines, snapshot, lock, stop, transactions } = await waitingThrough(router.port);
    try {
      expect(said(lines, "hides the server's connection ids")).toBe(1);
      stop.abort(new Error("stop it"));
      await expect(snapshot).rejects.toThrow("stop it");
      await until(async () => (await sessions(observer)).length === 0);
    } finally {
      lock.destroy();
      await transactions[Symbol.asyncDispose]();
    }
    const url = Object.assign(new URL(server.databaseUrl), { port: String(router.port) });
    await using through = asReader(url.href);
    const { rows } = await readStatement(through, JANUARY);
    expect(rows).toHaveLength(2);
  });

  const said = (lines: readonly string[], words: string) =>
    lines.filter((line) => line.includes(words)).length;

  /** A snapshot through that port that waits for a lock, and all that was said of it. */
  async function waitingThrough(port: number) {
    const lock = await createConnection(server.databaseUrl);
    await lock.query("LOCK TABLES accounts WRITE, transactions WRITE");
    const lines: string[] = [];
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
    const url = Object.assign(new URL(server.databaseUrl), { port: String(port) });
    const transactions = asReader(url.href, { connections: 1, log });
    const stop = new AbortController();
    const snapshot = openSnapshot(transactions, JANUARY, stop.signal);
    snapshot.catch(() => undefined);
    await until(async () => (await sessions(observer)).length === 1);
    return { lines, snapshot, lock, stop, transactions };
  }

  /** Opens connections on the one that has given out fewer ids, until both are as far. */
  async function align(watchers: readonly Connection[]): Promise<void> {
    const next = async (port: number) => {
      const connection = await createConnection({ host: "127.0.0.1", port, user: "root" });
      const { threadId } = connection;
      await connection.end();
      return threadId;
    };
    const ports = await Promise.all(
      watchers.map(async (one) => {
        const [rows] = await one.query<RowDataPacket[]>("SELECT @@port AS port");
        return Number(rows[0]?.["port"]);
      }),
    );
    const ids = [await next(ports[0] ?? 0), await next(ports[1] ?? 0)];
    while (ids[0] !== ids[1]) {
      const behind = (ids[0] ?? 0) < (ids[1] ?? 0) ? 0 : 1;
      ids[behind] = await next(ports[behind] ?? 0);
    }
  }
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error("it never came to that");
    await sleep(20);
  }
}

test("a snapshot ends with the next one on its connection, or by itself when there is none", async () => {
  const rollbacks = async (): Promise<number> => {
    const [rows] = await observer.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Com_rollback'");
    return Number(rows[0]?.["Value"]);
  };
  await using transactions = readTransactions(server.databaseUrl, { connections: 1 });
  const countedRows = async (): Promise<number> => {
    await using snapshot = await openSnapshot(transactions, JANUARY);
    return snapshot.rows;
  };
  const before = await rollbacks();
  for (let n = 0; n < 3; n++) expect(await countedRows()).toBe(2);
  await until(async () => (await rollbacks()) > before);
  expect(await rollbacks()).toBe(before + 1);
  await server.execute(
    insertPostings({ id: 3, at: "2025-01-04 10:00:00", amount: "1", balance: "4" }),
  );
  expect(await countedRows()).toBe(3);
});
