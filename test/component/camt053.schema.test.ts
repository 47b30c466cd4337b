/** What is written is camt.053 by the schema of ISO 20022, and adds up for a reader of XML. */
import fc from "fast-check";
import { addUp, camt053Validator, type Validate } from "../support/statements/camt053-checks.ts";
import { camt053Bytes } from "../support/statements/camt053-reader.ts";
import {
  ACCOUNTS,
  statementContent,
  type AccountPosted,
} from "../support/statements/statement-content.ts";

let validate: Validate;

beforeAll(async () => {
  validate = await camt053Validator();
});

/** Its amounts are beyond what the schema holds; unit tests have the refusal. */
const STATEABLE = ACCOUNTS.filter(({ accountId }) => accountId !== "acme-3");

test("a statement of several accounts and every hard text is valid", async () => {
  validate(await camt053Bytes(statementContent(STATEABLE)));
});

test("a statement without a row is valid", async () => {
  const account = { accountId: "acme-4", currency: "BHD", posted: [] };
  validate(await camt053Bytes(statementContent([account])));
});

test.each([
  ["elements in another order", /<NtryRef>1<\/NtryRef>(<Amt.*?<\/Amt>)/, "$1<NtryRef>1</NtryRef>"],
  ["an element of no text", /<Nm>Zo[^<]*/, "<Nm>"],
  ["a text too long", /<MsgId>/, "<MsgId>12345"],
  ["a sign before an amount", /<Amt Ccy="EUR">20/, '<Amt Ccy="EUR">-20'],
  ["an element left out", /<BkTxCd>.*?<\/BkTxCd>/, ""],
])("the schema would see %s", async (_, found, put) => {
  const text = (await camt053Bytes(statementContent(STATEABLE))).toString();
  expect(text).toMatch(found);
  expect(() => validate(Buffer.from(text.replace(found, put)))).toThrow();
});

/** Any UTF-16, halves of pairs and controls among it, often about as long as an element may be. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) }),
  fc
    .tuple(
      fc.constantFrom("x", "ü", "🍕", " ", "&", "\r", "\u0000"),
      fc.constantFrom(34, 35, 140, 500),
    )
    .chain(([one, about]) =>
      fc.integer({ min: about - 1, max: about + 1 }).map((length) => one.repeat(length)),
    ),
);
const maybeText = fc.option(anyText);

const money = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });

function decimal(minor: bigint): string {
  const digits = String(minor < 0n ? -minor : minor).padStart(3, "0");
  return `${minor < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

const anyAccount: fc.Arbitrary<AccountPosted> = fc.record({
  accountId: anyText.filter((id) => id !== ""),
  currency: fc.constantFrom("EUR", "USD", "CHF"),
  opening: money.map(decimal),
  posted: fc.array(
    fc.record({
      amount: money.map(decimal),
      transactionId: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String),
      type: anyText,
      description: maybeText,
      counterpartyName: maybeText,
      counterpartyAccount: maybeText,
      reference: maybeText,
      reversalOf: fc.constantFrom(null, "4711"),
      bankTransactionCode: fc.constantFrom(null, "PMNT-RCDT-ESCT", "XTND-NTAV-NTAV"),
    }),
    { maxLength: 4 },
  ),
});

test("a statement is valid, whatever its texts and amounts are", async () => {
  const accounts = fc.uniqueArray(anyAccount, {
    minLength: 1,
    maxLength: 3,
    selector: ({ accountId, currency }) => JSON.stringify([accountId, currency]),
  });
  const valid = fc.asyncProperty(accounts, async (all) => {
    validate(await camt053Bytes(statementContent(all)));
  });
  await fc.assert(valid);
});

test("five thousand entries add up to the totals and balances for Python", async () => {
  const posted = Array.from({ length: 5_000 }, (_, n) => ({
    amount: decimal(BigInt((n * 7_919) % 100_003) - 50_000n),
  }));
  const yen = { accountId: "yen", currency: "JPY", opening: "5", posted: [{ amount: "-12" }] };
  const content = statementContent([
    { accountId: "acme-1", currency: "EUR", opening: "0.10", posted },
    yen,
  ]);
  const bytes = await camt053Bytes(content);
  validate(bytes);
  const cents = posted.reduce((sum, { amount }) => sum + BigInt(amount.replace(".", "")), 10n);
  expect(addUp(bytes)).toEqual([`EUR 5000 ${decimal(cents)}`, "JPY 1 -7"]);
});
