import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { startPrivateBank } from "../../infra/local/cluster/bank.ts";
import { startMariaDb } from "../../infra/local/cluster/mariadb.ts";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { startTestMariaDb } from "../support/servers/mariadb.ts";
import { isRunning } from "../support/functions/process-table.ts";

async function query(url: string, sql: string): Promise<RowDataPacket[]> {
  const connection = await createConnection(url);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows;
  } finally {
    await connection.end();
  }
}

test("A test's MariaDB has the schema asked for, keeps it through a crash, and is gone after", async () => {
  const schema = "CREATE TABLE t (d DECIMAL(23,4), s TEXT); INSERT INTO t VALUES ('-12.5', 'Zoë');";
  const server = await startTestMariaDb({ schema });
  const firstPid = server.pid;

  await server.kill();
  expect(isRunning(firstPid)).toBe(false);
  await expect(query(server.databaseUrl, "SELECT 1")).rejects.toThrow("ECONNREFUSED");

  await server.start();
  const lastPid = server.pid;
  expect(lastPid).not.toBe(firstPid);
  expect(await query(server.databaseUrl, "SELECT * FROM t")).toEqual([{ d: "-12.5000", s: "Zoë" }]);

  await server[Symbol.asyncDispose]();
  expect(isRunning(lastPid)).toBe(false);
});

test("Two servers at once are two servers", async () => {
  await using first = await startTestMariaDb({ schema: "CREATE TABLE only_here (i INT)" });
  await using second = await startTestMariaDb();
  expect(await query(first.databaseUrl, "SHOW TABLES")).toHaveLength(1);
  expect(await query(second.databaseUrl, "SHOW TABLES")).toHaveLength(0);
});

test("A data folder of the caller's is kept, and used by the next start", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kept-"));
  const dataDir = join(folder, "data");
  try {
    {
      await using server = await startMariaDb({ dataDir });
      await query(server.url, "CREATE DATABASE kept");
    }
    expect(existsSync(dataDir)).toBe(true);
    await using again = await startMariaDb({ dataDir });
    expect(await query(again.url, "SHOW DATABASES LIKE 'kept'")).toHaveLength(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("A port that is taken is an error with the server's own words, and leaves nothing running", async () => {
  await using server = await startTestMariaDb();
  await expect(startMariaDb({ port: server.port })).rejects.toThrow(/Address already in use/);
});

test("The database of make run has no account without a password, also on the data of an open one", async () => {
  await using opened = new AsyncDisposableStack();
  const stateDir = await mkdtemp(join(tmpdir(), "bank-"));
  opened.defer(() => rm(stateDir, { recursive: true }));
  {
    await using open = await startMariaDb({ dataDir: join(stateDir, "mariadb") });
    expect(await query(open.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  }
  const port = await freePort();
  const bank = opened.use(await startPrivateBank({ stateDir, port, log: () => undefined }));

  const accounts = await query(
    bank.ownerUrl,
    "SELECT User AS name FROM mysql.global_priv WHERE JSON_VALUE(Priv, '$.is_role') IS NULL",
  );
  const names = new Set(accounts.map(({ name }) => String(name)));
  // The server's own, which nobody can log in as.
  names.delete("mariadb.sys");
  expect(names).toEqual(new Set(["root", "statement_reader"]));
  for (const user of ["", "mariadb.sys", ...names]) {
    const login = createConnection({ host: "127.0.0.1", port, user });
    await expect(login).rejects.toThrow(/Access denied|is locked/);
  }
}, 120_000);
