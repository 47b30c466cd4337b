/** The rows once more, for the formats behind transactions.csv: of the same snapshot, proved again. */
import { accountKey, net, RunningTotals, type AccountTotals } from "../../domain/account-totals.ts";
import { maskAllButLastFour } from "../../domain/csv-field.ts";
import { StatementFailure } from "../../domain/failure.ts";
import type { StatementContent, StatementRow } from "../formats/statement-format.ts";
import type { StatementFacts } from "./manifest.ts";
import { textRows } from "../lines/row-bytes.ts";
import type { RowBatch } from "../source/row-stream.ts";
import { exactAmount, instant, unknownAccount } from "../source/row-values.ts";
import { ROW, type TransactionRow } from "../source/transactions-sql.ts";
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
    rows: snapshot.rows,
    totals,
    allRows: () => provedRows(snapshot.batches(), totals, facts),
    rowsOf: (account) => provedRows(snapshot.batches(account), [account], facts),
  };
}

/** The rows of these accounts, and in the place of the end an error if they are other rows. */
async function* provedRows(
  batches: AsyncIterable<RowBatch>,
  expected: readonly AccountTotals[],
  { masked }: StatementFacts,
): AsyncGenerator<readonly StatementRow[]> {
  const sums = new Map(
    expected.map((one) => [accountKey(one.accountId, one.currency), new RunningTotals(one)]),
  );
  let line = 0;
  for await (const batch of batches) {
    const rows: StatementRow[] = [];
    for (const values of Buffer.isBuffer(batch) ? textRows(batch) : batch) {
      const account = sums.get(accountKey(text(values, "accountId"), text(values, "currency")));
      if (!account) throw unknownAccount();
      const row = statementRow(values, account, { line: (line += 1), masked });
      account.add(row.amount, row.balanceAfter);
      rows.push(row);
    }
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

function statementRow(
  values: TransactionRow,
  account: AccountTotals,
  { line, masked }: { readonly line: number; readonly masked: boolean },
): StatementRow {
  const counterpartyAccount = optional(values, "counterpartyAccount");
  return {
    line,
    accountId: account.accountId,
    transactionId: text(values, "id"),
    bookingDate: text(values, "bookingDate"),
    postedAt: instant(text(values, "postedAt")),
    valueDate: text(values, "valueDate"),
    amount: exactAmount(text(values, "amount"), account.currency),
    currency: account.currency,
    minorUnit: account.minorUnit,
    balanceAfter: exactAmount(text(values, "balanceAfter"), account.currency),
    type: text(values, "type"),
    description: optional(values, "description"),
    counterpartyName: optional(values, "counterpartyName"),
    counterpartyAccount:
      counterpartyAccount && masked ? maskAllButLastFour(counterpartyAccount) : counterpartyAccount,
    reference: optional(values, "reference"),
    reversalOf: optional(values, "reversalOf"),
  };
}

function text(values: TransactionRow, column: keyof typeof ROW): string {
  return values[ROW[column]] ?? "";
}

/** Nothing is the same as NULL. */
function optional(values: TransactionRow, column: keyof typeof ROW): string | null {
  return values[ROW[column]] || null;
}
