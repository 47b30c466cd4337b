/** The rows once more, for the formats behind transactions.csv: of the same snapshot, proved again. */
import {
  accountKey,
  net,
  RunningTotals,
  type AccountTotals,
} from "../../domain/money/account-totals.ts";
import { COLUMNS, propertyOf, ROW, type Column } from "../../domain/columns.ts";
import { maskAllButLastFour } from "../../domain/csv/csv-field.ts";
import { StatementFailure } from "../../domain/failure.ts";
import type { StatementContent, StatementRow } from "../formats/statement-format.ts";
import type { StatementFacts } from "../../domain/statement-facts.ts";
import { textRows } from "../lines/row-bytes.ts";
import type { RowBatch } from "../source/row-stream.ts";
import { exactAmount, instant, unknownAccount } from "../source/row-values.ts";
import type { TransactionRow } from "../source/transactions-sql.ts";
import type { StatementSnapshot } from "../source/transactions.ts";

/** To be used once `totals` have been proved. */
export function makeStatementContent(
  facts: StatementFacts,
  snapshot: StatementSnapshot,
  totals: readonly AccountTotals[],
): StatementContent {
  return {
    facts,
    language: facts.options.language,
    asOf: snapshot.asOf,
    isPart: false,
    columns: snapshot.columns,
    rows: snapshot.rows,
    totals,
    severalCurrencies: severalCurrencies(totals),
    allRows: () => provedRows(snapshot.batches(), totals, facts),
    rowsOf: (account) => provedRows(snapshot.batches(account), [account], facts),
  };
}

function severalCurrencies(totals: readonly AccountTotals[]): ReadonlySet<string> {
  const known = new Set<string>();
  return new Set(
    totals.flatMap(({ accountId }) => {
      if (known.has(accountId)) return accountId;
      known.add(accountId);
      return [];
    }),
  );
}

/** The rows of these accounts, and in the place of the end an error if they are other rows. */
async function* provedRows(
  batches: AsyncIterable<RowBatch>,
  expected: readonly AccountTotals[],
  { masked, period }: StatementFacts,
): AsyncGenerator<readonly StatementRow[]> {
  const sums = new Map(
    expected.map((one) => [accountKey(one.accountId, one.currency), new RunningTotals(one)]),
  );
  const running = period.basis === "booking_date";
  let line = 0;
  for await (const batch of batches) {
    const rows: StatementRow[] = [];
    for (const values of textRows(batch.bytes)) {
      const accountId = values[ROW.accountId] ?? "";
      const account = sums.get(accountKey(accountId, values[ROW.currency] ?? ""));
      if (!account) throw unknownAccount();
      const row = statementRow(values, { line: (line += 1), account, masked, running });
      account.add(row.amount, row.balanceAfter);
      rows.push(row);
    }
    batch.release();
    yield rows;
  }
  const wrong = expected.filter((one) => !sameSums(one, sums)).length;
  if (wrong > 0) {
    const message = `another pass brought other rows of ${wrong} accounts`;
    throw new StatementFailure("proof_mismatch", message);
  }
}

function sameSums(one: AccountTotals, sums: ReadonlyMap<string, RunningTotals>): boolean {
  const found = sums.get(accountKey(one.accountId, one.currency));
  return (
    found?.creditCount === one.creditCount &&
    found.debitCount === one.debitCount &&
    found.creditSum === one.creditSum &&
    net(found) === net(one) &&
    found.lastBalance === one.lastBalance
  );
}

interface RowContext {
  readonly line: number;
  /** With the rows before this one. */
  readonly account: AccountTotals;
  readonly masked: boolean;
  /** Whether its balance is the statement's own. */
  readonly running: boolean;
}

function statementRow(values: TransactionRow, context: RowContext): StatementRow {
  const row: Record<string, unknown> = { minorUnit: context.account.minorUnit };
  for (const column of PLACED) row[column.property] = valueOf(column, values, context);
  return row as unknown as StatementRow;
}

interface PlacedColumn {
  readonly column: Column;
  readonly property: string;
  /** Where its value stands in a row. */
  readonly place: number;
}

const PLACED: readonly PlacedColumn[] = COLUMNS.map((column) => {
  const property = propertyOf(column.name);
  const place = (ROW as Readonly<Record<string, number>>)[property] ?? -1;
  return { column, property, place };
});

function valueOf(
  { column, place }: PlacedColumn,
  values: TransactionRow,
  { line, account, masked, running }: RowContext,
): number | bigint | string | null {
  if (column.name === "line") return line;
  if (column.name === "credit_debit") {
    return exactAmount(values[ROW.amount] ?? "", account) < 0n ? "DBIT" : "CRDT";
  }
  if (running && column.name === "balance_after") {
    const before = account.lastBalance ?? account.opening;
    return before + exactAmount(values[ROW.amount] ?? "", account);
  }
  // Nothing is the same as NULL.
  const value = values[place] || null;
  if (value === null && column.nullable) return null;
  if (column.kind === "amount") return exactAmount(value ?? "", account);
  if (column.kind === "instant") return instant(value ?? "");
  if (value && masked && column.kind === "text" && column.masked) return maskAllButLastFour(value);
  return value ?? "";
}
