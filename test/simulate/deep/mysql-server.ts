/**
 * A MySQL server on loopback, spoken by the server's side of mysql2: it knows the builder's own queries
 * and no SQL. Its connections break off before an answer, in the middle of a row, and while nobody uses them.
 */
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "mysql2";
import { SERVER, type Rows } from "./deep-bank.ts";

export type MySqlFault =
  /** The server answers with an error of its own, of a kind that passes. */
  | { readonly kind: "error" }
  | { readonly kind: "reset" }
  /** The answer breaks off behind so many bytes. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  | { readonly kind: "slow"; readonly ms: number }
  /** Closed by the server so long after the answer, when nobody uses it. */
  | { readonly kind: "idle"; readonly ms: number };

export interface MySqlServer extends AsyncDisposable {
  readonly port: number;
}

export interface MySqlServerOptions {
  readonly answers: ReadonlyMap<string, () => Rows>;
  readonly faultOf: () => MySqlFault | undefined;
  /** A query came that none of the shipped ones is. */
  readonly onUnknown: (sql: string) => void;
}

/** Of the driver's server side, which its types leave out. */
interface ServerConnection {
  readonly stream: Socket;
  sequenceId: number;
  on(event: "query" | "stmt_prepare", listener: (sql: string) => void): void;
  on(event: "error", listener: () => void): void;
  serverHandshake(args: object): void;
  write(bytes: Buffer): void;
  writeOk(): void;
  writeError(error: { readonly code: number; readonly message: string }): void;
  writeColumns(columns: readonly object[]): void;
  writeTextRow(values: readonly (string | null)[]): void;
  writeEof(): void;
}

const LOCK_WAIT_TIMEOUT = 1205;
const SYNTAX = 1064;
const NO_SUCH_THREAD = 1094;
const UTF8MB4 = 45;
const VAR_STRING = 253;
/** All that the driver knows, without TLS, compression and the shorter end of a result. */
const CAPABILITIES = 0x00_8f_f7_df & ~0x0820;

const SESSION: Rows = [
  ...SERVER,
  ["character_set_client", "utf8mb4"],
  ["character_set_connection", "utf8mb4"],
  ["character_set_results", "utf8mb4"],
  ["time_zone", "+00:00"],
  ["sql_select_limit", "18446744073709551615"],
  ["max_execution_time", "0"],
  ["transaction_isolation", "REPEATABLE-READ"],
  ["version", "8.4.0"],
  ["version_comment", "simulated"],
  ["read_only", "OFF"],
  ["sql_mode", "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"],
];

export async function startMySqlServer(options: MySqlServerOptions): Promise<MySqlServer> {
  const { answers, faultOf, onUnknown } = options;
  const connections = new Map<number, ServerConnection>();
  /** A large answer is made once. */
  const encoded = new WeakMap<Rows, Buffer>();
  let numbers = 0;

  function rowsOf(sql: string, id: number): Rows | undefined {
    if (sql.startsWith("SHOW SESSION VARIABLES")) return SESSION;
    if (sql === "SELECT CONNECTION_ID()") return [[String(id)]];
    return answers.get(sql)?.();
  }

  function answer(connection: ServerConnection, id: number, sql: string): void {
    const [, killed] = /^KILL (\d+)$/.exec(sql) ?? [];
    if (killed !== undefined) {
      const other = connections.get(Number(killed));
      other?.stream.destroy();
      if (other) connection.writeOk();
      else connection.writeError({ code: NO_SUCH_THREAD, message: "unknown thread id" });
      return;
    }
    if (/^(SET|START TRANSACTION|ROLLBACK)\b/.test(sql)) {
      connection.writeOk();
      return;
    }
    const rows = rowsOf(sql, id);
    if (!rows) {
      onUnknown(sql);
      connection.writeError({ code: SYNTAX, message: "no query of the builder" });
      return;
    }
    const bytes = encoded.get(rows) ?? encode(connection, rows);
    encoded.set(rows, bytes);
    connection.write(bytes);
  }

  function serve(connection: ServerConnection): void {
    const id = ++numbers;
    const { stream } = connection;
    connections.set(id, connection);
    // Each command begins to count its packets anew, which the driver's server side leaves to its user.
    stream.prependListener("data", (bytes) => (connection.sequenceId = bytes[3] ?? 0));
    stream.on("close", () => connections.delete(id));
    // Clients go without a word.
    connection.on("error", () => undefined);
    const onSql = (sql: string): void => {
      const fault = faultOf();
      const now = (): void => {
        if (!stream.destroyed) answer(connection, id, sql);
      };
      if (fault?.kind === "reset") stream.resetAndDestroy();
      else if (fault?.kind === "error")
        connection.writeError({ code: LOCK_WAIT_TIMEOUT, message: "lock wait timeout" });
      else if (fault?.kind === "slow") setTimeout(now, fault.ms);
      else {
        if (fault?.kind === "cut") cutBehind(connection, fault.afterBytes);
        now();
        if (fault?.kind === "idle") setTimeout(() => stream.destroy(), fault.ms);
      }
    };
    connection.on("query", onSql);
    // The driver takes SET for a statement to prepare.
    connection.on("stmt_prepare", onSql);
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: "8.4.0-simulated",
      connectionId: id,
      statusFlags: 2,
      characterSet: UTF8MB4,
      capabilityFlags: CAPABILITIES,
    });
  }

  const server = createServer((connection) => serve(connection as unknown as ServerConnection));
  const { _server: net } = server as unknown as { readonly _server: Server };
  net.listen(0, "127.0.0.1");
  await once(net, "listening");
  return {
    port: (net.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(net, "close");
      net.close();
      for (const { stream } of connections.values()) stream.destroy();
      await closed;
    },
  };
}

function encode(connection: ServerConnection, rows: Rows): Buffer {
  const packets: Buffer[] = [];
  const collector = Object.create(connection) as ServerConnection;
  collector.write = (packet) => void packets.push(packet);
  collector.writeColumns(Array.from(rows[0] ?? [null], (_, n) => column(n)));
  for (const row of rows) collector.writeTextRow(row);
  collector.writeEof();
  return Buffer.concat(packets);
}

/** What is behind so many bytes never leaves, and the connection ends there. */
function cutBehind(connection: ServerConnection, bytes: number): void {
  const { stream } = connection;
  let left = bytes;
  connection.write = (packet) => {
    if (left <= 0) return;
    const sent = packet.subarray(0, left);
    left -= packet.byteLength;
    // Its client gets these bytes before it hears of the end.
    stream.write(sent, () => left <= 0 && stream.resetAndDestroy());
  };
}

function column(number: number): object {
  const name = `c${number}`;
  return {
    catalog: "def",
    schema: "bank",
    table: "t",
    orgTable: "t",
    name,
    orgName: name,
    characterSet: UTF8MB4,
    columnLength: 4_096,
    columnType: VAR_STRING,
    flags: 0,
    decimals: 0,
  };
}
