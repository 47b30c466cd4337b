/**
 * Balances by booking dates. The bank keeps `balance_after` in the order its rows were posted, and a
 * statement by booking date has them in another order wherever something was booked on an earlier or a
 * later day than its neighbours.
 *
 * Mostly both orders agree around a boundary of the period: every row that is booked before it was posted
 * before every other one. The balance is then that of the last row in booking order: one look-up. Whether
 * it is so is asked, never assumed.
 *
 * Else p is the last row in posted order that is booked before the boundary. Its balance has in it what
 * was posted up to p, of which the rows that are booked behind the boundary are taken away.
 */
import { sql, type CompiledQuery, type RawBuilder } from "kysely";
import { StatementFailure } from "../../../domain/failure.ts";
import { byPosition, type AnsweredBalance } from "./balances.ts";
import type { SqlText } from "../session/snapshot-connection.ts";
import { db, type StatementAccount, type TransactionRow } from "../transactions-sql.ts";

/** The days that rows lie between, and whose. */
export interface BookedPeriod {
  readonly customerId: string;
  readonly booked: { readonly from: string; readonly to: string };
}

export interface BookedBalances {
  readonly transactionView: string;
  /**
   * How many rows of an account may be booked behind a boundary where the orders do not agree: so many
   * are read for its balance.
   */
  readonly bookingOrderRows: number;
}

type Run = (query: SqlText) => Promise<readonly TransactionRow[]>;

/** A boundary of the period in one account. */
interface Boundary {
  readonly account: StatementAccount;
  /** Rows are booked before this day, or behind the boundary. */
  readonly day: string;
}

/**
 * Opening and closing of each account, in their order.
 * @throws StatementFailure `booking_order`; and what `run` throws
 */
export async function readBookedBalances(
  run: Run,
  { transactionView, bookingOrderRows }: BookedBalances,
  { customerId, booked }: BookedPeriod,
  accounts: readonly StatementAccount[],
): Promise<readonly AnsweredBalance[]> {
  const boundaries = accounts.flatMap((account): Boundary[] => [
    { account, day: booked.from },
    { account, day: booked.to },
  ]);
  const view = bookedView(transactionView, customerId);
  const last = byPosition(await run(view.last(boundaries)));
  const asked = [...last].map(([position, [, postedAt, bookedOn]]) => ({
    position,
    boundary: boundaries[position] as Boundary,
    postedAt: postedAt ?? "",
    bookedOn: bookedOn ?? "",
  }));
  const apart = byPosition(asked.length > 0 ? await run(view.apart(asked)) : []);
  const found: TransactionRow[] = [];
  for (const [position, boundary] of boundaries.entries()) {
    const [balance] = last.get(position) ?? [];
    if (!apart.has(position)) found.push([balance ?? "0", "0"]);
    else found.push(await balanceOfOrder(run, view, boundary, bookingOrderRows));
  }
  return accounts.map((_, n) => ({ opening: found[2 * n], closing: found[2 * n + 1] }));
}

async function balanceOfOrder(
  run: Run,
  view: BookedView,
  boundary: Boundary,
  mostRows: number,
): Promise<TransactionRow> {
  const [[behind = "0"] = []] = await run(view.behind(boundary, mostRows + 1));
  if (Number(behind) > mostRows) {
    const message = `bookings out of order, and more than ${mostRows} rows of the account behind them`;
    throw new StatementFailure("booking_order", message, {
      detail: `more than BOOKING_ORDER_ROWS rows since ${boundary.day}`,
    });
  }
  const [row = []] = await run(view.posted(boundary));
  return row;
}

type BookedView = ReturnType<typeof bookedView>;

/**
 * Equal by two comparisons: with `=` MariaDB enters an index by the account alone, and reads every later
 * row on its way.
 */
function bookedView(transactionView: string, customerId: string) {
  const view = sql.table(transactionView);
  const ofAccount = ({ accountId, currency }: StatementAccount) => sql`
    t.account_id >= ${accountId} AND t.account_id <= ${accountId}
    AND t.customer_id >= ${customerId} AND t.customer_id <= ${customerId}
    AND t.currency = ${currency} AND t.status = 'BOOK'`;
  return {
    /** Position, balance, instant and day of the last row in booking order; no row where there is none. */
    last: (boundaries: readonly Boundary[]) =>
      allOf(
        boundaries.map(
          ({ account, day }, position) => sql`(
            SELECT ${sql.lit(position)}, t.balance_after, t.posted_at, t.booking_date FROM ${view} AS t
            WHERE ${ofAccount(account)} AND t.booking_date < ${day}
            ORDER BY t.account_id DESC, t.booking_date DESC, t.posted_at DESC, t.id DESC LIMIT 1)`,
        ),
      ),
    /** The positions around which the two orders do not agree, or may not where instants are the same. */
    apart: (
      last: readonly {
        readonly position: number;
        readonly boundary: Boundary;
        readonly postedAt: string;
        readonly bookedOn: string;
      }[],
    ) =>
      allOf(
        last.map(
          ({ position, boundary: { account, day }, postedAt, bookedOn }) => sql`(
            SELECT ${sql.lit(position)} FROM DUAL WHERE EXISTS (
              SELECT 1 FROM ${view} AS t
              WHERE ${ofAccount(account)} AND t.booking_date < ${day} AND t.posted_at >= ${postedAt}
                AND (t.posted_at > ${postedAt} OR t.booking_date < ${bookedOn}))
            OR EXISTS (
              SELECT 1 FROM ${view} AS t
              WHERE ${ofAccount(account)} AND t.booking_date >= ${day} AND t.posted_at <= ${postedAt}))`,
        ),
      ),
    /** How many rows are booked behind the boundary, counted no further than this. */
    behind: ({ account, day }: Boundary, most: number) =>
      sql`
        SELECT COUNT(*) FROM (SELECT 1 AS n FROM ${view} AS t
          WHERE ${ofAccount(account)} AND t.booking_date >= ${day} LIMIT ${sql.lit(most)}
        ) AS behind`.compile(db),
    /** Balance of p, and the sum of what was posted up to p and is booked behind the boundary. */
    posted: ({ account, day }: Boundary) =>
      sql`
        SELECT p.balance_after, (SELECT SUM(t.amount) FROM ${view} AS t
          WHERE ${ofAccount(account)} AND t.booking_date >= ${day} AND t.posted_at <= p.posted_at
            AND (t.posted_at < p.posted_at OR t.id < p.id))
        FROM (SELECT t.balance_after, t.posted_at, t.id FROM ${view} AS t
          WHERE ${ofAccount(account)} AND t.booking_date < ${day}
          ORDER BY t.account_id DESC, t.posted_at DESC, t.id DESC LIMIT 1) AS p`.compile(db),
  };
}

function allOf(queries: readonly RawBuilder<unknown>[]): CompiledQuery {
  return sql.join(queries, sql` UNION ALL `).compile(db);
}
