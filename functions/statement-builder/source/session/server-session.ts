/**
 * What a statement rests on in a session with the database: said once to each connection, whatever
 * the server's defaults or its `init_connect` say, and read back, because a proxy between may share
 * sessions out anew. The same text for MySQL and MariaDB: each skips the other's comment.
 */
import type { PoolConnection } from "mysql2";
import { StatementFailure } from "../../../domain/failure.ts";
import { refused } from "../database-error.ts";
import type { TransactionRow } from "../transactions-sql.ts";

/** A server that somebody is connected to. */
export interface ServerSession {
  /** What this server, and no other, calls the connection. */
  readonly connectionId: string;
  /** Tells this server from another one behind the same address. */
  readonly server: string;
  /** `9.7.4-2 (Debian)` */
  readonly version: string;
  /** It took no writes of other users when this was read; a server that is promoted or demoted says otherwise later. */
  readonly readOnly: boolean;
  /** Whether the driver was told another id: a router or a balancer is between. */
  readonly throughRouter: boolean;
}

const SQL_MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION";
/** The server's own word for as many as there are. */
const NO_LIMIT = "18446744073709551615";

const SETTINGS = [
  "SET NAMES utf8mb4, SESSION time_zone = '+00:00', " +
    `SESSION sql_mode = '${SQL_MODE}', ` +
    // How many rows, and how long: the builder has limits of its own.
    `SESSION sql_select_limit = ${NO_LIMIT}, SESSION sql_big_selects = 1, ` +
    // A slow upload holds the rows back for longer than the default minute.
    "SESSION net_write_timeout = 900, SESSION wait_timeout = 28800" +
    "/*!50708 , SESSION max_execution_time = 0 *//*M!100101 , SESSION max_statement_time = 0 */",
  "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
];

/** As read back; a variable that the server does not have is none of its limits. */
const EXPECTED: Readonly<Record<string, string>> = {
  character_set_client: "utf8mb4",
  character_set_connection: "utf8mb4",
  character_set_results: "utf8mb4",
  time_zone: "+00:00",
  sql_select_limit: NO_LIMIT,
  max_execution_time: "0",
  max_statement_time: "0.000000",
  sql_big_selects: "ON",
  net_write_timeout: "900",
  wait_timeout: "28800",
  // The name of MySQL, and of MariaDB from 11.1 on; and MariaDB's before.
  transaction_isolation: "REPEATABLE-READ",
  tx_isolation: "REPEATABLE-READ",
};

const ABOUT_THE_SERVER = [
  ...["version", "version_comment", "hostname", "port", "read_only", "sql_mode"],
  // MySQL's and MariaDB's name for what tells a server from all others.
  ...["server_uuid", "server_uid"],
];

const READ_BACK =
  "SHOW SESSION VARIABLES WHERE Variable_name IN " +
  `(${[...Object.keys(EXPECTED), ...ABOUT_THE_SERVER].map((name) => `'${name}'`).join(", ")})`;

type Run = (sql: string) => Promise<readonly TransactionRow[]>;

/**
 * Sets it up, and reads it back.
 * @throws RetryableError `database_refused` when a setting is not as it was set; StatementFailure
 * `unsupported_database`; and what `run` throws.
 */
export async function prepareSession(run: Run, connection: ToldId): Promise<ServerSession> {
  const [first = "", ...others] = SETTINGS;
  await run(first);
  for (const setting of others) await run(setting);
  return await readSession(run, connection);
}

/** The id of the connection that the driver was told in the handshake. */
type ToldId = Pick<PoolConnection, "threadId">;

/** Whether a session is still as it was set up, and with whom. @throws as `prepareSession` */
export async function readSession(run: Run, { threadId }: ToldId): Promise<ServerSession> {
  const variables = new Map((await run(READ_BACK)).map(([name, value]) => [name, value ?? ""]));
  const read = (name: string): string => variables.get(name) ?? "";
  refuseEngine(`${read("version")} ${read("version_comment")}`);
  const sorted = (mode: string): string => mode.split(",").toSorted().join();
  for (const [name, wanted] of Object.entries(EXPECTED)) {
    if (variables.has(name) && read(name) !== wanted) throw refused(`session ${name}`);
  }
  if (sorted(read("sql_mode")) !== sorted(SQL_MODE)) throw refused("session sql_mode");
  const [[connectionId = ""] = []] = await run("SELECT CONNECTION_ID()");
  return {
    connectionId: String(connectionId),
    server: identityOf(read),
    version: `${read("version")} (${read("version_comment")})`,
    readOnly: isReadOnly(read("read_only")),
    throughRouter: String(connectionId) !== String(threadId),
  };
}

/** Of the server's own word for `read_only`: it takes no writes of other users, a replica, whose data may be old. */
export function isReadOnly(word: string): boolean {
  return !["OFF", "0", ""].includes(word);
}

/** By the id that the server made up for itself, else by where it is. */
function identityOf(read: (name: string) => string): string {
  const id = read("server_uuid") || read("server_uid");
  return id || `${read("hostname")}:${read("port")}`;
}

/** TiDB has no `READ ONLY` snapshot, and plans the balances' queries as scans of whole accounts. */
function refuseEngine(version: string): void {
  if (!/tidb/i.test(version)) return;
  const message = "TiDB has no read-only snapshot: use MySQL or MariaDB";
  throw new StatementFailure("unsupported_database", message, { detail: "TiDB" });
}

/** What a connection of its own asks before it kills: whether it is on the same server. */
export const IDENTITY =
  "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid', 'hostname', 'port')";

export function identityFrom(rows: readonly TransactionRow[]): string {
  const variables = new Map(rows.map(([name, value]) => [name, value ?? ""]));
  return identityOf((name) => variables.get(name) ?? "");
}
