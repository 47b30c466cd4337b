/** `transactions.jsonl`, read line by line as any program would. */
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { TRANSACTION_COLUMNS } from "../../functions/domain/columns.ts";
import { jsonl } from "../../functions/statement-builder/formats/jsonl.ts";
import type { StatementContent } from "../../functions/statement-builder/formats/statement-format.ts";
import {
  ACCOUNTS,
  HARD_TEXTS,
  statementContent,
  type Posted,
} from "../support/statements/statement-content.ts";

type Line = Readonly<Record<string, unknown>>;

async function linesOf(content: StatementContent): Promise<Line[]> {
  const bytes = await buffer(jsonl.write(content));
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  if (text === "") return [];
  expect(text.endsWith("\n")).toBe(true);
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

const euros = (posted: readonly Posted[]): StatementContent =>
  statementContent([{ accountId: "a", currency: "EUR", opening: "1.00", posted }]);

test("a row is an object with the columns of transactions.csv, exact and in their order", async () => {
  const lines = await linesOf(statementContent(ACCOUNTS));
  expect(lines).toHaveLength(22);
  for (const line of lines) expect(Object.keys(line)).toEqual(TRANSACTION_COLUMNS);
  expect(lines[0]).toEqual({
    line: 1,
    account_id: "acme-1",
    transaction_id: "11",
    booking_date: "2026-01-01",
    posted_at: "2025-12-31T23:00:00.000000Z",
    value_date: "2026-01-02",
    status: "BOOK",
    credit_debit: "DBIT",
    amount: "-20.50",
    currency: "EUR",
    balance_after: "79.50",
    type: "CARD_PAYMENT",
    description: 'Café "Zur Post", Köln',
    counterparty_name: "Zoë Ångström",
    counterparty_account: "******************3000",
    reference: "000123",
    reversal_of: null,
  });
  expect(lines.at(-1)).toMatchObject({
    line: 22,
    credit_debit: "CRDT",
    amount: "20.50",
    reversal_of: "11",
    reference: null,
  });
});

test("money has its currency's scale, and ids and amounts are beyond a JavaScript number", async () => {
  const lines = await linesOf(statementContent(ACCOUNTS));
  const of = (currency: string) => lines.filter((line) => line["currency"] === currency);
  expect(of("JPY").map(({ amount, balance_after }) => [amount, balance_after])).toEqual([
    ["1500", "1500"],
    ["-1499", "1"],
  ]);
  expect(of("BHD").map(({ amount, balance_after }) => [amount, balance_after])).toEqual([
    ["12345678901234567890.123", "12345678901234567890.116"],
    ["-0.005", "12345678901234567890.111"],
  ]);
  const ids = lines.map((line) => line["transaction_id"]);
  expect(ids).toContain("9007199254740993");
});

test("texts are the bank's own: a formula is not guarded, nothing is cut or replaced", async () => {
  const lines = await linesOf(statementContent(ACCOUNTS));
  const texts = lines.filter((line) => HARD_TEXTS.includes(line["description"] as string));
  // The formula is in the yen account as well.
  expect(new Set(texts.map((line) => line["description"]))).toEqual(new Set(HARD_TEXTS));
  for (const line of texts.filter(({ account_id }) => account_id === "acme-1")) {
    const { description } = line;
    expect(line).toMatchObject({
      counterparty_name: description,
      counterparty_account: description,
      reference: description,
    });
  }
});

test("any text comes back as it was", async () => {
  // Any UTF-16 unit: controls, quotes, and halves of surrogate pairs too.
  const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit }));
  const posted = fc.record({
    amount: fc
      .tuple(fc.constantFrom("", "-"), fc.bigInt({ min: 1n, max: 10n ** 24n }), fc.nat(99))
      .map(([sign, whole, cents]) => `${sign}${whole}.${String(cents).padStart(2, "0")}`),
    type: text,
    description: fc.option(text),
    counterpartyName: fc.option(text),
    counterpartyAccount: fc.option(text),
    reference: fc.option(text),
    reversalOf: fc.option(fc.bigInt({ min: 0n, max: 2n ** 63n }).map(String)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(posted, { maxLength: 10 }), async (rows) => {
      const lines = await linesOf(euros(rows));
      const read = lines.map((line) => [
        line["line"],
        line["amount"],
        line["type"],
        line["description"],
        line["counterparty_name"],
        line["counterparty_account"],
        line["reference"],
        line["reversal_of"],
      ]);
      const written = rows.map((row, index) => [
        index + 1,
        row.amount,
        row.type,
        row.description,
        row.counterpartyName,
        row.counterpartyAccount,
        row.reference,
        row.reversalOf,
      ]);
      expect(read).toEqual(written);
    }),
  );
});

test("without a row the file is empty", async () => {
  expect(await linesOf(euros([]))).toEqual([]);
});

test("many rows come in blocks of tens of kilobytes, and only as they are asked for", async () => {
  const content = euros(Array.from({ length: 3_000 }, () => ({ amount: "1.00" })));
  let batches = 0;
  const counted: StatementContent = {
    ...content,
    async *allRows() {
      for await (const rows of content.allRows()) {
        batches += 1;
        yield rows;
      }
    },
  };
  const blocks = jsonl.write(counted)[Symbol.asyncIterator]();
  const sizes: number[] = [];
  for (let block = await blocks.next(); !block.done; block = await blocks.next()) {
    if (sizes.length === 0) expect(batches).toBeLessThan(100);
    sizes.push(block.value.length);
  }
  expect(batches).toBe(1_000);
  expect(sizes.length).toBeGreaterThan(20);
  for (const size of sizes.slice(0, -1)) {
    expect(size).toBeGreaterThanOrEqual(32 * 1024);
    expect(size).toBeLessThan(40 * 1024);
  }
});

test("the same content is the same bytes", async () => {
  const [first, second] = await Promise.all([
    buffer(jsonl.write(statementContent(ACCOUNTS))),
    buffer(jsonl.write(statementContent(ACCOUNTS))),
  ]);
  expect(first.equals(second)).toBe(true);
});

test("rows that were not proved end the file with their error", async () => {
  const content = euros([{ amount: "1.00" }]);
  const failing: StatementContent = {
    ...content,
    async *allRows() {
      yield* content.allRows();
      throw new Error("not proved");
    },
  };
  await expect(buffer(jsonl.write(failing))).rejects.toThrow("not proved");
});
