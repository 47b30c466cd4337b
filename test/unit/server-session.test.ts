/** What a server says of itself when its session is read back, and what becomes of that. */
import {
  prepareSession,
  type ServerSession,
} from "../../functions/statement-builder/source/session/server-session.ts";

const RIGHT = {
  character_set_client: "utf8mb4",
  character_set_connection: "utf8mb4",
  character_set_results: "utf8mb4",
  time_zone: "+00:00",
  sql_mode: "NO_ENGINE_SUBSTITUTION,STRICT_ALL_TABLES",
  sql_select_limit: "18446744073709551615",
  transaction_isolation: "REPEATABLE-READ",
  version: "9.7.4-2",
  version_comment: "(Debian)",
  hostname: "db-1",
  port: "3306",
  read_only: "OFF",
};

async function sessionOf(
  variables: Readonly<Record<string, string>>,
  connectionId = 41,
): Promise<ServerSession> {
  const run = (sql: string) => {
    if (sql.startsWith("SHOW")) return Promise.resolve(Object.entries({ ...RIGHT, ...variables }));
    return Promise.resolve(sql.includes("CONNECTION_ID") ? [[String(connectionId)]] : []);
  };
  return await prepareSession(run, { threadId: 41 });
}

test.each([
  ["character_set_results", "latin1"],
  ["time_zone", "SYSTEM"],
  ["sql_mode", "ANSI"],
  ["sql_select_limit", "100"],
  ["transaction_isolation", "READ-COMMITTED"],
  ["sql_big_selects", "OFF"],
  ["net_write_timeout", "60"],
  ["wait_timeout", "1"],
])("a session whose %s is %s after all is refused by that name", async (name, value) => {
  await expect(sessionOf({ [name]: value })).rejects.toMatchObject({
    code: "database_refused",
    detail: `session ${name}`,
  });
});

test.each([
  [{ server_uuid: "uuid" }, "uuid"],
  [{ server_uid: "uid" }, "uid"],
  [{}, "db-1:3306"],
])("a server is told from others by %j", async (variables, server) => {
  expect(await sessionOf(variables)).toMatchObject({ server, connectionId: "41" });
});

test.each(["ON", "1", "NO_LOCK_NO_ADMIN"])("read_only = %s is a replica", async (value) => {
  expect((await sessionOf({ read_only: value })).readOnly).toBe(true);
  expect((await sessionOf({})).readOnly).toBe(false);
});

test("another id than the driver was told is a router's doing", async () => {
  expect((await sessionOf({}, 7)).throughRouter).toBe(true);
  expect((await sessionOf({})).throughRouter).toBe(false);
});

test("TiDB is refused by name", async () => {
  const tidb = { version: "8.0.11-TiDB-v8.4.0", version_comment: "TiDB Server" };
  await expect(sessionOf(tidb)).rejects.toMatchObject({
    code: "unsupported_database",
    detail: "TiDB",
  });
});
