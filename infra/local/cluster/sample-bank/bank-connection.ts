import { createConnection, type Connection, type ConnectionOptions } from "mysql2/promise";
import { prepareSession } from "../../../../functions/statement-builder/source/session/server-session.ts";

/**
 * A connection in the builder's own session: what is written and read does not depend on the
 * server's defaults, such as a `sql_mode` that knows no backslash.
 * @throws Error of the driver; RetryableError or StatementFailure for a server without such a session
 */
export async function connectToBank(
  uri: string,
  options: ConnectionOptions = {},
): Promise<Connection> {
  const connection = await createConnection({
    ...{ uri, charset: "utf8mb4", timezone: "Z", dateStrings: true },
    ...{ supportBigNumbers: true, bigNumberStrings: true },
    ...options,
  });
  try {
    const run = async (sql: string) =>
      (await connection.query({ sql, rowsAsArray: true }))[0] as unknown as string[][];
    await prepareSession(run, connection);
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}
