/** The rows once more, for the formats behind transactions.csv: of the same snapshot, proved again. */
import { net, RunningTotals, type AccountTotals } from "../../domain/money/account-totals.ts";
import { StatementFailure } from "../../domain/failure.ts";
import { makeBatchRows } from "./batch-rows.ts";
import type { Rows, StatementContent } from "../formats/statement-format.ts";
import type { StatementFacts } from "../../domain/statement-facts.ts";
import type { RowBatch } from "../source/row-stream.ts";
import type { StatementSnapshot } from "../source/statement-snapshot.ts";

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
    accountIds: new Set(totals.map(({ accountId }) => accountId)),
    allRows: () => provedRows(snapshot.batches(), totals, facts),
    // Nothing is asked for an account without rows: of thousands most have none, and a query is milliseconds.
    rowsOf: (account) =>
      provedRows(hasRows(account) ? snapshot.batches(account) : noBatches(), [account], facts),
  };
}

async function* noBatches(): AsyncGenerator<RowBatch> {}

function hasRows({ creditCount, debitCount }: AccountTotals): boolean {
  return creditCount + debitCount > 0;
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
): AsyncGenerator<Rows> {
  const accounts = expected.map((one) => new RunningTotals(one));
  const running = period.basis === "booking_date";
  const rowsOf = makeBatchRows({ accounts, masked, running });
  for await (const batch of batches) {
    const rows = rowsOf(batch.bytes);
    try {
      yield rows;
      rows.readRest();
    } finally {
      batch.release();
    }
  }
  const wrong = expected.filter((one, place) => !sameSums(one, accounts[place])).length;
  if (wrong > 0) {
    const message = `another pass brought other rows of ${wrong} accounts`;
    throw new StatementFailure("proof_mismatch", message);
  }
}

function sameSums(one: AccountTotals, found: RunningTotals | undefined): boolean {
  return (
    found?.creditCount === one.creditCount &&
    found.debitCount === one.debitCount &&
    found.creditSum === one.creditSum &&
    net(found) === net(one) &&
    found.lastBalance === one.lastBalance
  );
}
