/**
 * A client that asks for rows and drops them, row by row, as bytes: what is left is the database's
 * own work. A warm child of the bench: it is told a query, and answers how many rows came.
 */
import { createConnection } from "mysql2";
import { takeRowBytes } from "../../../functions/statement-builder/source/byte-rows.ts";

const connection = createConnection({ uri: process.env["DATABASE_URL"] ?? "", charset: "utf8mb4" });

export interface Discard {
  readonly sql: string;
}

process.on("message", ({ sql }: Discard) => {
  let rows = 0;
  const command = connection.query({ sql, rowsAsArray: true });
  const fail = (error: Error): never => {
    throw error;
  };
  takeRowBytes(command, { onRow: () => void (rows += 1), onUnknown: fail });
  command.on("error", fail);
  command.on("end", () => process.send?.(rows));
});
connection.query("SELECT 1", () => process.send?.("ready"));
