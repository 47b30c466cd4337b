/** Whether the views have what a statement reads, and an index leads to it. */
import type { Connection, RowDataPacket } from "mysql2/promise";
import { databaseError } from "../../../functions/statement-builder/source/database-error.ts";
import { missingPeriodIndexes } from "../../../functions/statement-builder/source/period-index.ts";
import type { SqlText } from "../../../functions/statement-builder/source/session/snapshot-connection.ts";
import { statementSql } from "../../../functions/statement-builder/source/transactions-sql.ts";
import { NOBODY } from "../../../functions/statement-builder/source/transactions.ts";
import { readBookedBalances } from "../../../functions/statement-builder/source/accounts/booked-balances.ts";
import type { OperatorConfig } from "../session/settings.ts";
import type { Session } from "../session/session.ts";
import { SOURCE } from "../session/told-variables.ts";
import { checkServer, checkSnapshot, connectTo, textsOf } from "./database-server.ts";
import { ok, reasonOf, unknown, wrong, type Finding } from "./finding.ts";
import { checkColumns } from "./view-columns.ts";

const SCHEMA =
  "infra/local/cluster/sample-bank/schema.sql has both views and the indexes behind them";

/** Of columns that a view need not have. */
type NamingSetting = Extract<keyof OperatorConfig, `${string}_COLUMN`>;
const OF_ACCOUNTS: readonly NamingSetting[] = [
  "ACCOUNT_IBAN_COLUMN",
  "ACCOUNT_NAME_COLUMN",
  "ACCOUNT_PRODUCT_COLUMN",
  "ACCOUNT_OWNER_COLUMN",
];

export async function* checkDatabase(session: Session): AsyncGenerator<Finding> {
  const { signal } = session;
  const { DATABASE_URL: url } = session.config;
  if (url === undefined) {
    yield unknown("the database was not looked at", "set DATABASE_URL, as the builder has it");
    return;
  }
  let config: OperatorConfig = session.config;
  try {
    config = { ...config, ...(await session.told("statement-builder", SOURCE)) };
  } catch (error) {
    signal.throwIfAborted();
    yield unknown(
      `it cannot be seen which views the builder reads, so these are the environment's or the usual ones: ${reasonOf(error)}`,
      `set what the builder has of ${Object.keys(SOURCE.shape).join(", ")}`,
    );
  }
  let connection: Connection;
  try {
    connection = await connectTo(url, config);
  } catch (error) {
    yield judgeRefusal(error as Error);
    return;
  }
  try {
    yield* checkServer(connection, url, config);
    yield await checkSnapshot(url, config, signal);
    yield* checkViews(connection, config);
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

async function* checkViews(
  connection: Connection,
  config: OperatorConfig,
): AsyncGenerator<Finding> {
  const {
    STATEMENT_VIEW: transactionView,
    ACCOUNT_VIEW: accountView,
    PERIOD_BASIS: basis,
  } = config;
  const sql = statementSql({ transactionView, accountView });
  const run = (query: SqlText) => textsOf(connection, query);
  const balances = { transactionView, bookingOrderRows: 1 };
  const booked = { from: "2025-01-01", to: "2025-02-01" };
  const queries: readonly (readonly [string, () => Promise<unknown>])[] = [
    [transactionView, () => run(sql.rows(NOBODY, "BOOK"))],
    // Behind the rows, which it counts.
    [accountView, () => run(sql.accounts(NOBODY))],
    // They alone compare accounts and currencies.
    [
      transactionView,
      () =>
        basis === "booking_date"
          ? readBookedBalances(run, balances, { ...NOBODY, booked }, [NO_ACCOUNT])
          : run(sql.balances(NOBODY, [NO_ACCOUNT])),
    ],
  ];
  for (const [view, ask] of queries) {
    try {
      await ask();
    } catch (error) {
      yield wrong(`${view} is not the view it should be: ${reasonOf(error)}`, SCHEMA);
      return;
    }
  }
  yield ok(`${accountView} and ${transactionView} have the columns of a statement`);
  const named = (settings: readonly NamingSetting[]) =>
    settings.map((setting) => ({ setting, column: config[setting] }));
  yield* checkColumns(connection, accountView, named(OF_ACCOUNTS));
  yield* checkColumns(connection, transactionView, named(["TRANSACTION_CODE_COLUMN"]));
  if (basis === "booking_date") {
    yield await checkPeriodIndexes(connection, transactionView);
    return;
  }
  for (const [what, query] of [
    ["the rows of a period", sql.count(NOBODY, "BOOK")],
    ["the last balance before an instant", sql.balances(NOBODY, [NO_ACCOUNT])],
  ] as const) {
    yield await checkPlan(connection, what, query);
  }
}

/** Of nobody. */
const NO_ACCOUNT = { accountId: "-", currency: "EUR" };

async function checkPeriodIndexes(connection: Connection, view: string): Promise<Finding> {
  const what = "the rows and balances of a period by booking dates";
  try {
    const missing = await missingPeriodIndexes((query) => textsOf(connection, query), view);
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

/** Of all rows, and of all entries of an index. */
const SCANS = new Set(["ALL", "index"]);

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
    const scans = plan.filter(({ table, type }) => table !== null && SCANS.has(String(type)));
    if (scans.length === 0) return ok(`an index leads to ${what}`);
    return wrong(`${what}: the database would read a whole table, or a whole index`, SCHEMA);
  } catch (error) {
    return unseen(what, error);
  }
}
