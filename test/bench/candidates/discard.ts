/**
 * A client that asks for rows and drops them, as bytes: what is left is the database's own work. A
 * warm child of the bench: it is told a query, and answers how many rows came.
 */
import { createConnection } from "mysql2";
import { takeRows } from "../../../functions/statement-builder/source/byte-rows.ts";
import { connectPackets } from "../../../functions/statement-builder/source/packet-socket.ts";
import { prepareSession } from "../../../functions/statement-builder/source/session/server-session.ts";

const uri = process.env["DATABASE_URL"] ?? "";
const connection = createConnection({ uri, stream: connectPackets, charset: "utf8mb4" });
const session = connection.promise();

export interface Discard {
  readonly sql: string;
}

process.on("message", ({ sql }: Discard) => {
  let rows = 0;
  const command = connection.query({ sql, rowsAsArray: true });
  const fail = (error: Error): never => {
    throw error;
  };
  takeRows(connection, command, {
    onReceived: (more) => void (rows += more),
    onBatch: (batch) => batch.release(),
    onUnknown: fail,
  });
  command.on("error", fail);
  command.on("end", () => process.send?.(rows));
});
// In the session that all others read in: defaults of the server would make another query of it.
await prepareSession(
  async (sql) => (await session.query({ sql, rowsAsArray: true }))[0] as unknown as string[][],
  connection,
);
process.send?.("ready");
