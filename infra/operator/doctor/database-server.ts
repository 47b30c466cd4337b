/** Which server it is, what stands in front of it, and whether the builder's own snapshot opens there. */
import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import { RetryableError } from "../../../functions/domain/failure.ts";
import { readCaFile } from "../../../functions/platform/tls/ca-certificates.ts";
import { inUtc } from "../../../functions/statement-builder/source/data-time.ts";
import {
  IDENTITY,
  identityFrom,
  prepareSession,
} from "../../../functions/statement-builder/source/session/server-session.ts";
import type { SqlText } from "../../../functions/statement-builder/source/session/snapshot-connection.ts";
import type { TransactionRow } from "../../../functions/statement-builder/source/transactions-sql.ts";
import { makeTransactions } from "../../../functions/statement-builder/source/transactions.ts";
import { silentLog } from "../session/session.ts";
import type { OperatorConfig } from "../session/settings.ts";
import { judgeClock } from "./clock.ts";
import { ok, reasonOf, unknown, wrong, type Finding } from "./finding.ts";

const CONNECT_TIMEOUT_MS = 10_000;
/** Connections that are made to see whether they meet one server. */
const MEETINGS = 4;

/** As the builder connects. */
export async function connectTo(
  uri: string,
  { DATABASE_CA_FILE: caFile }: OperatorConfig,
): Promise<Connection> {
  return await createConnection({
    uri,
    connectTimeout: CONNECT_TIMEOUT_MS,
    charset: "utf8mb4",
    ...(caFile === undefined
      ? {}
      : { ssl: { ca: readCaFile("DATABASE_CA_FILE", caFile), verifyIdentity: true } }),
  });
}

/** Of each row the values as texts, as the builder has them; of what answers with no rows none. */
export async function textsOf(connection: Connection, query: SqlText): Promise<TransactionRow[]> {
  const { sql, parameters } = typeof query === "string" ? { sql: query, parameters: [] } : query;
  const values = [...parameters];
  const [answer] = await connection.query<RowDataPacket[][]>({ sql, values, rowsAsArray: true });
  const rows = Array.isArray(answer) ? (answer as unknown as (string | number | null)[][]) : [];
  return rows.map((row) => row.map((value) => (value === null ? null : String(value))));
}

/** Leaves the connection in the builder's own session, which all that follows is asked in. */
export async function* checkServer(
  connection: Connection,
  url: string,
  config: OperatorConfig,
): AsyncGenerator<Finding> {
  const session = await prepareSession((sql) => textsOf(connection, sql), connection);
  yield ok(`the database answers, and takes the builder's session: ${session.version}`);
  if (session.readOnly && config.STATEMENT_WATERMARK_VIEW === undefined) {
    yield unknown(
      "this server is read-only, a replica: its clock says nothing of how old its data is",
      REPLICA,
    );
  }
  if (session.throughRouter) {
    yield unknown(
      "a router is between here and the server: it hides connection ids, and may share sessions out anew",
      "have it keep a connection to one server for as long as the client keeps it",
    );
  }
  yield await checkClock(connection);
  yield await checkAddress(session.server, url, config);
}

async function checkClock(connection: Connection): Promise<Finding> {
  const sentAt = Date.now();
  const [[now] = []] = await textsOf(connection, "SELECT CAST(UTC_TIMESTAMP(3) AS CHAR)");
  const clock = { whose: "the database", wholeMs: 1 };
  return judgeClock(inUtc(now), { sentAt, receivedAt: Date.now() }, clock, AS_OF);
}

const AS_OF =
  "set both by NTP: by the database's clock a statement says what instant it is of, and whether its period is over";

const REPLICA = "give the builder STATEMENT_WATERMARK_VIEW, or REPLICA_WITHOUT_WATERMARK=true";

async function checkAddress(first: string, url: string, config: OperatorConfig): Promise<Finding> {
  const servers = new Set([first]);
  try {
    for (let met = 1; met < MEETINGS; met++) {
      const connection = await connectTo(url, config);
      try {
        servers.add(identityFrom(await textsOf(connection, IDENTITY)));
      } finally {
        connection.destroy();
      }
    }
  } catch (error) {
    return unknown(
      `it cannot be seen whether the database's address leads to one server: ${reasonOf(error)}`,
      "let the user have a few connections at a time",
    );
  }
  if (servers.size === 1) return ok(`${MEETINGS} connections met one server`);
  return unknown(
    `the database's address leads to several servers: ${servers.size} in ${MEETINGS} connections`,
    "have each of them hold the same data; a query that is given up ends only where its own server is met again",
  );
}

/** By the builder's own code: what stops it there, stops it here. */
export async function checkSnapshot(
  databaseUrl: string,
  config: OperatorConfig,
  signal: AbortSignal,
): Promise<Finding> {
  await using transactions = makeTransactions({
    databaseUrl,
    caFile: config.DATABASE_CA_FILE,
    transactionView: config.STATEMENT_VIEW,
    accountView: config.ACCOUNT_VIEW,
    watermarkView: config.STATEMENT_WATERMARK_VIEW,
    maxStalenessMs: config.MAX_STALENESS_SECONDS * 1000,
    clockSkewMs: config.CLOCK_SKEW_SECONDS * 1000,
    replicaWithoutWatermark: config.REPLICA_WITHOUT_WATERMARK,
    bookingOrderRows: 1,
    connections: 1,
    log: await silentLog(),
  });
  try {
    await transactions.ready(signal);
    return ok("the builder's snapshot opens");
  } catch (error) {
    signal.throwIfAborted();
    const next = error instanceof RetryableError ? NEXT[error.code] : undefined;
    return wrong(
      `the builder's snapshot does not open: ${reasonOf(error)}`,
      next ?? "mend what the message names; requests wait for it, or fail",
    );
  }
}

const NEXT: Readonly<Record<string, string>> = {
  database_behind: "let the replica catch up, or raise MAX_STALENESS_SECONDS",
  database_refused: `a right, a login, a limit or a view has to change; for a replica, ${REPLICA}`,
};
