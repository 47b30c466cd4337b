/** The rows that formats are written from: proved whole, whether or not anybody asks for each of them. */
import { buffer } from "node:stream/consumers";
import { RunningTotals } from "../../functions/domain/money/account-totals.ts";
import { ROW } from "../../functions/domain/columns.ts";
import { makeStatementContent } from "../../functions/statement-builder/contents/statement-content.ts";
import { camt053 } from "../../functions/statement-builder/formats/camt053/camt053.ts";
import { jsonl } from "../../functions/statement-builder/formats/jsonl.ts";
import type { TransactionRow } from "../../functions/statement-builder/source/transactions-sql.ts";
import { JANUARY, ROWS, snapshotOf } from "../support/statements/sample-statement.ts";
import { statementContent } from "../support/statements/statement-content.ts";
import { factsOf } from "../support/statements/statement.ts";

/** What the pass that wrote transactions.csv found: -20.50, 0.25 and 20.50 in euros, 1500 in yen. */
function contentOf(rows: readonly TransactionRow[], snapshot = snapshotOf(rows)) {
  const [euros, yen, none] = snapshot.balances.map((one) => new RunningTotals(one));
  if (!euros || !yen || !none) throw new Error("the sample has three accounts");
  euros.add(-2_050n, 7_950n);
  euros.add(25n, 7_975n);
  euros.add(2_050n, 10_025n);
  yen.add(1_500n, 1_500n);
  return makeStatementContent(factsOf(JANUARY), snapshot, [euros, yen, none]);
}

const changed = (n: number, place: number, value: string): TransactionRow[] =>
  ROWS.map((row, at) => (at === n ? row.with(place, value) : row));

async function firstIds(rows: readonly TransactionRow[]): Promise<string[]> {
  const ids: string[] = [];
  for await (const [first] of contentOf(rows).allRows()) if (first) ids.push(first.transactionId);
  return ids;
}

test("who leaves a batch early has its other rows proved all the same", async () => {
  expect(await firstIds(ROWS)).toEqual(["11", "9007199254740993"]);
});

test.each([
  ["an amount", changed(3, ROW.amount, "20.5100")],
  ["a sign", changed(1, ROW.amount, "-1500.0000")],
  ["the last balance", changed(3, ROW.balanceAfter, "100.2600")],
  ["a row less", ROWS.slice(0, 3)],
  ["a row more", [...ROWS, ...ROWS.slice(1, 2)]],
  ["an account", changed(1, ROW.accountId, "acme-1")],
])("rows that nobody asked for are others: %s", async (_, rows) => {
  await expect(firstIds(rows)).rejects.toMatchObject({ code: "proof_mismatch" });
});

test("the rows of an account that has none are not asked for, and those of others are", async () => {
  const snapshot = snapshotOf(ROWS);
  const asked: (string | undefined)[] = [];
  const content = contentOf(ROWS, {
    ...snapshot,
    batches(account) {
      asked.push(account?.accountId);
      return snapshot.batches(account);
    },
  });
  const texts = await buffer(camt053.write(content));
  expect(asked).toEqual(["acme-1", "acme-2"]);
  expect(texts.toString().match(/<Stmt>/g)).toHaveLength(3);
});

test("values are what the bank's bytes say, beyond ASCII and beyond what a double holds", async () => {
  const rows = [];
  for await (const batch of contentOf(ROWS).allRows()) rows.push(...batch);
  expect(rows.map(({ line, postedAt, amount }) => [line, postedAt, amount])).toEqual([
    [1, "2025-12-31T23:00:00.000000Z", -2_050n],
    [2, "2026-01-15T10:00:00.000000Z", 1_500n],
    [3, "2026-01-15T10:00:00.000000Z", 25n],
    [4, "2026-01-31T22:59:59.999999Z", 2_050n],
  ]);
  expect(rows[0]).toMatchObject({
    description: 'Café "Zur Post", Köln',
    counterpartyName: "Zoë",
    counterpartyAccount: "******************3000",
    reversalOf: null,
    creditDebit: "DBIT",
  });
});

test("a text that is longer than a block of a file comes whole", async () => {
  const description = "é€🍕".repeat(50_000);
  const posted = ["a", description, "b"].map((text) => ({ amount: "1.00", description: text }));
  const content = statementContent([{ accountId: "a", currency: "EUR", posted }]);
  const lines = (await buffer(jsonl.write(content))).toString().trimEnd().split("\n");
  const texts = lines.map((line) => (JSON.parse(line) as { description: string }).description);
  expect(texts).toEqual(["a", description, "b"]);
});
