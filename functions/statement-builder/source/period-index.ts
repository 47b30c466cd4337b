/** Whether indexes lead to the rows and balances of a period by booking dates. */
import { sql } from "kysely";
import type { Log } from "../../platform/telemetry/log.ts";
import type { SqlText } from "./session/snapshot-connection.ts";
import { db, type TransactionRow } from "./transactions-sql.ts";

const INDEXES = {
  customer_id: "(customer_id, booking_date, posted_at, id, status)",
  account_id: "(account_id, booking_date, posted_at, id, status)",
} as const;

/** Where `type` stands in a step of a plan, by how many columns that has: MariaDB's, and MySQL's. */
const TYPE_AT: ReadonlyMap<number, number> = new Map([
  [10, 3],
  [12, 4],
]);
const ACCESS =
  /^(system|const|eq_ref|ref|fulltext|ref_or_null|index_merge|(unique|index)_subquery|range|index|ALL)(\|filter)?$/;
const SORTS = /^Using (filesort|temporary)\b/;

/**
 * The DDL of those that the server does not have: without it must sort what it reads in their order. The
 * table's own name stands behind the view, and is not known here.
 * @throws Error for a plan of another form, which says nothing; and what `run` rejects with: EXPLAIN of a
 * view needs rights that a reader need not have
 */
export async function missingPeriodIndexes(
  run: (query: SqlText) => Promise<readonly TransactionRow[]>,
  transactionView: string,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const [column, index] of Object.entries(INDEXES)) {
    // Of nobody: what is looked at is how the server would go about it.
    const plan = await run(
      sql`EXPLAIN FORMAT = TRADITIONAL SELECT t.id FROM ${sql.table(transactionView)} AS t
        WHERE ${sql.ref(`t.${column}`)} = '-' AND t.booking_date >= '2025-01-01'
        ORDER BY t.booking_date, t.posted_at, t.id LIMIT 1`.compile(db),
    );
    if (!sorts(plan)) continue;
    const name = `transactions_of_${column.replace("_id", "")}_by_day`;
    missing.push(`CREATE INDEX ${name} ON <the table behind ${transactionView}> ${index};`);
  }
  return missing;
}

/** By `Extra`, the last column, alone: in others stand the bank's own names. */
function sorts(plan: readonly TransactionRow[]): boolean {
  const types = plan.map((step) => step[TYPE_AT.get(step.length) ?? step.length] ?? null);
  // A step without a table has none; a plan without a table says nothing.
  const isKnown = types.every((type) => type === null || ACCESS.test(type));
  if (!isKnown || types.every((type) => type === null)) {
    throw new Error("this server's plans are of another form");
  }
  return plan.some((step) => (step.at(-1) ?? "").split("; ").some((word) => SORTS.test(word)));
}

/**
 * Asks whether an index is missing, each time until the server has shown its plans once.
 * @param ask rejects while it shows none: it is away, or this user may not see them
 * @returns rejects with what to do where one is missing
 */
export function makeIndexLook(
  ask: (signal: AbortSignal) => Promise<readonly string[]>,
  log: Log,
): (signal: AbortSignal) => Promise<void> {
  let seen = false;
  let told = false;
  return async (signal) => {
    if (seen) return;
    let missing: readonly string[];
    try {
      missing = await ask(signal);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!told) log.warn({ reason }, UNSEEN);
      told = true;
      return;
    }
    if (missing.length > 0) {
      throw new Error(
        `PERIOD_INDEX_MISSING: PERIOD_BASIS=booking_date needs ${missing.join(" ")} ` +
          "or set PERIOD_BASIS=posted_at, here and in request-intake",
      );
    }
    seen = true;
  };
}

const UNSEEN =
  "it cannot be seen yet whether indexes lead to a period by booking dates: the database is away, or its user " +
  "lacks SHOW VIEW on the view, or SELECT on the tables behind it";
