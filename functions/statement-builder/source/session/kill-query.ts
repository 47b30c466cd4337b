/**
 * Ends what a dropped connection is doing, which the user of the connection may do. An id is one
 * server's own, and an address may lead to several: the killing connection first asks where it is.
 */
import { createConnection, type Connection, type ConnectionOptions, type QueryError } from "mysql2";
import { identityFrom, IDENTITY, type ServerSession } from "./server-session.ts";
import { closeSocket } from "./snapshot-connection.ts";
import type { TransactionRow } from "../transactions-sql.ts";
import { startTimer, stopTimer } from "../../../platform/clock/clock.ts";

/** The server has this long to end a query; it notices by itself when it next writes. */
const TIMEOUT_MS = 3_000;
/** Connections to try where an address leads to several servers by turns. */
const TRIES = 4;
/** There is no such connection any more. */
const ER_NO_SUCH_THREAD = 1094;

/** Whether the server was reached. @throws Error when nobody answers, or the server refuses. */
export async function killQuery(
  settings: ConnectionOptions,
  { connectionId, server }: ServerSession,
): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (await killOn(settings, connectionId, server)) return true;
  }
  return false;
}

async function killOn(
  settings: ConnectionOptions,
  connectionId: string,
  server: string,
): Promise<boolean> {
  const killer = createConnection({ ...settings, connectTimeout: TIMEOUT_MS });
  const failed = Promise.withResolvers<never>();
  const timer = startTimer(
    () => failed.reject(new Error("the server fell silent")),
    TIMEOUT_MS * 2,
  );
  try {
    killer.on("error", failed.reject);
    const work = async (): Promise<boolean> => {
      if (identityFrom(await ask(killer, IDENTITY)) !== server) return false;
      await ask(killer, `KILL ${connectionId}`).catch((error: unknown) => {
        if ((error as QueryError).errno !== ER_NO_SUCH_THREAD) throw error;
      });
      return true;
    };
    return await Promise.race([work(), failed.promise]);
  } finally {
    stopTimer(timer);
    closeSocket(killer);
  }
}

async function ask(connection: Connection, sql: string): Promise<readonly TransactionRow[]> {
  return await new Promise((resolve, reject) => {
    connection.query({ sql, rowsAsArray: true }, (error, rows) => {
      if (error) reject(error);
      else resolve(rows as unknown as readonly TransactionRow[]);
    });
  });
}
