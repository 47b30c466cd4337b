/** Whether the views have what a statement reads, and an index leads to it. */
import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import { readFileSync } from "node:fs";
import { SELECTED_COLUMNS } from "../../../functions/domain/columns.ts";
import { databaseError } from "../../../functions/statement-builder/source/database-error.ts";
import { missingPeriodIndexes } from "../../../functions/statement-builder/source/period-index.ts";
import { prepareSession } from "../../../functions/statement-builder/source/server-session.ts";
import type { SqlText } from "../../../functions/statement-builder/source/snapshot-connection.ts";
import { statementSql } from "../../../functions/statement-builder/source/transactions-sql.ts";
import type { OperatorConfig } from "../settings.ts";
import type { Session } from "../session.ts";
import { ok, reasonOf, unknown, wrong, type Finding } from "./finding.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const SCHEMA =
  "infra/local/cluster/sample-bank/schema.sql has both views and the indexes behind them";

export async function* checkDatabase({ config }: Session): AsyncGenerator<Finding> {
  const { DATABASE_URL: url, DATABASE_CA_FILE: caFile } = config;
  if (url === undefined) {
    yield unknown("the database was not looked at", "set DATABASE_URL, as the builder has it");
    return;
  }
  let connection: Connection;
  try {
    connection = await createConnection({
      uri: url,
      connectTimeout: CONNECT_TIMEOUT_MS,
      charset: "utf8mb4",
      ...(caFile === undefined
        ? {}
        : { ssl: { ca: readFileSync(caFile, "utf8"), verifyIdentity: true } }),
    });
  } catch (error) {
    yield judgeRefusal(error as Error);
    return;
  }
  try {
    yield* checkServer(connection);
    yield* checkViews(connection, config);
    yield* checkTexts(connection, config);
  } catch (error) {
    yield wrong(`the database refuses the builder's session: ${reasonOf(error)}`, ENGINES);
  } finally {
    connection.destroy();
  }
}

/** A login that is refused is another thing than no answer: others mend it. */
function judgeRefusal(error: Error): Finding {
  const { code } = databaseError(error);
  return code === "database_unavailable"
    ? wrong(
        `the database does not answer: ${reasonOf(error)}`,
        "check host and port of DATABASE_URL, its TLS, and that this machine may reach it",
      )
    : wrong(
        `the database answers, and does not let you in: ${reasonOf(error)}`,
        "check user, password and database of DATABASE_URL, and what the user may do",
      );
}

const ENGINES = "use MySQL or MariaDB; what stands between must not change sessions";

/** In the builder's own session, which all that follows is asked in. */
async function* checkServer(connection: Connection): AsyncGenerator<Finding> {
  const run = async (sql: string) =>
    (
      await connection.query<RowDataPacket[][]>({ sql, rowsAsArray: true })
    )[0] as unknown as string[][];
  const session = await prepareSession(run, connection);
  yield ok(`the database answers, and takes the builder's session: ${session.version}`);
  if (session.readOnly) {
    yield unknown(
      "this server is read-only, a replica: its clock says nothing of how old its data is",
      "give the builder STATEMENT_WATERMARK_VIEW, or REPLICA_WITHOUT_WATERMARK=true",
    );
  }
  if (session.throughRouter) {
    yield unknown(
      "a router is between here and the server, which may share sessions out anew",
      "have it keep a connection to one server for as long as the client keeps it",
    );
  }
}

const BYTES = /binary|blob|^bit$|geometry|point/;

/** A text that is bytes is refused, row by row, unless they happen to be UTF-8. */
async function* checkTexts(
  connection: Connection,
  { STATEMENT_VIEW: view }: OperatorConfig,
): AsyncGenerator<Finding> {
  const [name = "", schema] = view.split(".").toReversed();
  const [columns] = await connection.query<RowDataPacket[]>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_name = ? AND table_schema = COALESCE(?, DATABASE())`,
    [name, schema ?? null],
  );
  const selected = new Set<string>(SELECTED_COLUMNS.map(({ sql }) => sql));
  const bytes = columns.filter(({ name: column, type }) => {
    return selected.has(String(column)) && BYTES.test(String(type));
  });
  for (const { name: column, type } of bytes) {
    yield wrong(
      `${String(column)} of ${view} is of the type ${String(type)}: bytes, not text`,
      `CONVERT(${String(column)} USING utf8mb4) in the view; else statements end as invalid_value`,
    );
  }
}

/** Of nobody: what is looked at is how the server would go about it. */
const NOBODY = { customerId: "-", from: Date.UTC(2025, 0, 1), to: Date.UTC(2025, 1, 1) };

async function* checkViews(
  connection: Connection,
  {
    STATEMENT_VIEW: transactionView,
    ACCOUNT_VIEW: accountView,
    PERIOD_BASIS: basis,
  }: OperatorConfig,
): AsyncGenerator<Finding> {
  const sql = statementSql({ transactionView, accountView });
  const queries = {
    [accountView]: sql.accounts(NOBODY.customerId),
    [transactionView]: sql.rows(NOBODY, "BOOK"),
  };
  for (const [view, query] of Object.entries(queries)) {
    try {
      await connection.query(query.sql, [...query.parameters]);
    } catch (error) {
      yield wrong(`${view} is not the view it should be: ${reasonOf(error)}`, SCHEMA);
      return;
    }
  }
  yield ok(`${accountView} and ${transactionView} have the columns of a statement`);
  if (basis === "booking_date") {
    yield await checkPeriodIndexes(connection, transactionView);
    return;
  }
  const account = { accountId: "-", currency: "EUR" };
  for (const [what, query] of [
    ["the rows of a period", sql.count(NOBODY, "BOOK")],
    ["the last balance before an instant", sql.balances(NOBODY, [account])],
  ] as const) {
    yield await checkPlan(connection, what, query);
  }
}

async function checkPeriodIndexes(connection: Connection, view: string): Promise<Finding> {
  const what = "the rows and balances of a period by booking dates";
  const run = async (query: SqlText) => {
    const { sql, parameters } = typeof query === "string" ? { sql: query, parameters: [] } : query;
    const values = [...parameters];
    const [rows] = await connection.query<RowDataPacket[][]>({ sql, values, rowsAsArray: true });
    const plan = rows as unknown as (string | number | null)[][];
    return plan.map((step) => step.map((cell) => (cell === null ? null : String(cell))));
  };
  try {
    const missing = await missingPeriodIndexes(run, view);
    if (missing.length === 0) return ok(`indexes lead to ${what}`);
    return wrong(
      `the database would read a customer's whole past for ${what}`,
      `${missing.join(" ")} or PERIOD_BASIS=posted_at for builder and request-intake`,
    );
  } catch (error) {
    return unseen(what, error);
  }
}

function unseen(what: string, error: unknown): Finding {
  return unknown(
    `it cannot be seen whether an index leads to ${what}: ${reasonOf(error)}`,
    "ask with a user that has SHOW VIEW, and SELECT on the tables behind it; the reader need not have them",
  );
}

interface Query {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

async function checkPlan(connection: Connection, what: string, query: Query): Promise<Finding> {
  try {
    const [plan] = await connection.query<RowDataPacket[]>(
      `EXPLAIN FORMAT = TRADITIONAL ${query.sql}`,
      [...query.parameters],
    );
    if (!plan.every((step) => "type" in step)) {
      return unknown(
        `it cannot be seen whether an index leads to ${what}: this server's plans are of another form`,
        "look at its EXPLAIN yourself",
      );
    }
    // Steps without a table, and those that the server has answered already, read nothing.
    const scans = plan.filter(({ table, type }) => table !== null && type === "ALL");
    if (scans.length === 0) return ok(`an index leads to ${what}`);
    return wrong(`${what}: the database would read the whole table`, SCHEMA);
  } catch (error) {
    return unseen(what, error);
  }
}
