/** Whether indexes lead to the rows and balances of a period by booking dates. */
import { sql } from "kysely";
import type { SqlText } from "./snapshot-connection.ts";
import { db, type TransactionRow } from "./transactions-sql.ts";

const INDEXES = {
  customer_id: "(customer_id, booking_date, posted_at, id, status)",
  account_id: "(account_id, booking_date, posted_at, id, status)",
} as const;

const SORTS = /filesort|temporary/i;

/**
 * The DDL of those that the server does not have: without it must sort what it reads in their order. The
 * table's own name stands behind the view, and is not known here.
 * @throws what `run` rejects with: EXPLAIN of a view needs rights that a reader need not have
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
    if (!plan.some((step) => step.some((cell) => SORTS.test(cell ?? "")))) continue;
    const name = `transactions_of_${column.replace("_id", "")}_by_day`;
    missing.push(`CREATE INDEX ${name} ON <the table behind ${transactionView}> ${index};`);
  }
  return missing;
}
