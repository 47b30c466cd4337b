/** Point 1 of a correct statement: decimal strings with the currency's own scale, summed exactly. */
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { RunningTotals, totalsEntry } from "../../functions/domain/money/account-totals.ts";
import { formatAmount, minorUnit, parseAmount } from "../../functions/domain/money/money.ts";

describe("each currency has its own scale", () => {
  test.each([
    ["EUR", 2],
    ["USD", 2],
    ["JPY", 0],
    ["KRW", 0],
    ["BHD", 3],
    ["KWD", 3],
    ["CLF", 4],
    // Withdrawn: as list one had them until then.
    ["BYR", 0],
    ["ANG", 2],
    ["BGN", 2],
    ["HRK", 2],
    ["LTL", 2],
    ["MRO", 2],
    ["SLL", 2],
    ["STD", 2],
    ["ZMK", 2],
    ["no such currency", 2],
    // A name that every JavaScript object knows.
    ["constructor", 2],
  ])("%s: %i digits", (currency, digits) => {
    expect(minorUnit(currency)).toBe(digits);
  });
});

test("every currency of ISO 4217 has the digits that the list says", async () => {
  // List one as its maintenance agency publishes it, in a package that only carries it.
  const list = new URL(import.meta.resolve("currency-codes/iso-4217-list-one.xml"));
  const xml = await readFile(list, "utf8");
  const listed = xml.matchAll(/<Ccy>(\w{3})<\/Ccy>[^]*?<CcyMnrUnts>([^<]+)<\/CcyMnrUnts>/g);
  const digits = new Map(Array.from(listed, ([, currency = "", units = ""]) => [currency, units]));
  expect(digits.size).toBeGreaterThan(170);
  // Gold, drawing rights and the like have no minor unit; nobody keeps an account in a finer one.
  const expected = Array.from(digits, ([one, units]) => [
    one,
    units === "N.A." ? 2 : Number(units),
  ]);
  expect(Array.from(digits.keys(), (currency) => [currency, minorUnit(currency)])).toEqual(
    expected,
  );
  expect(expected.filter(([, units]) => units !== 2)).toHaveLength(26);
});

describe("an amount is exact in minor units", () => {
  test.each([
    ["12.50", 2, 1250n],
    ["-12.5000", 2, -1250n],
    ["0.0000", 2, 0n],
    ["-0.05", 2, -5n],
    ["1500.0000", 0, 1500n],
    ["0.1230", 3, 123n],
    ["9007199254740993.01", 2, 900719925474099301n],
    ["-9999999999999999999.9999", 4, -99999999999999999999999n],
  ])("%s at scale %i is %s", (decimal, scale, minor) => {
    expect(parseAmount(decimal, scale)).toBe(minor);
  });

  test.each([
    [1250n, 2, "12.50"],
    [-5n, 2, "-0.05"],
    [0n, 2, "0.00"],
    [0n, 0, "0"],
    [-1500n, 0, "-1500"],
    [7n, 3, "0.007"],
    [900719925474099301n, 2, "9007199254740993.01"],
  ])("%s at scale %i reads %s", (minor, scale, decimal) => {
    expect(formatAmount(minor, scale)).toBe(decimal);
  });

  test("every amount a column can hold comes back as it was", () => {
    const amounts = fc.bigInt({ min: -(10n ** 23n), max: 10n ** 23n });
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: 4 }), (minor, scale) => {
        const decimal = formatAmount(minor, scale);
        expect(decimal).toMatch(/^-?(0|[1-9]\d*)(\.\d+)?$/);
        expect(decimal.split(".")[1]?.length ?? 0).toBe(scale);
        expect(parseAmount(decimal, scale)).toBe(minor);
        // The server pads to the column's four decimals.
        const padded = decimal + (scale === 0 ? ".0000" : "0".repeat(4 - scale));
        expect(parseAmount(padded, scale)).toBe(minor);
      }),
    );
  });
});

test.each([
  ["0.001", 2],
  ["-0.5", 0],
  ["12.3456", 3],
  ["1.00001", 4],
])("%s has more decimals than scale %i: it is refused, never rounded", (decimal, scale) => {
  expect(parseAmount(decimal, scale)).toBeUndefined();
});

test.each(["", "-", ".5", "5.", "1e3", "0x10", "1,00", " 1", "1 ", "+1", "--1", "NaN", "1.2.3"])(
  "%j is no amount",
  (text) => {
    expect(parseAmount(text, 2)).toBeUndefined();
  },
);

test("a million amounts are summed to the cent, beyond what a floating-point number holds", () => {
  const totals = new RunningTotals({
    accountId: "a",
    currency: "EUR",
    opening: 0n,
    closing: 0n,
  });
  // Whole units and cents are summed apart, with integers a number holds exactly.
  let state = 12_345;
  const sums = {
    credit: { units: 0, cents: 0, count: 0 },
    debit: { units: 0, cents: 0, count: 0 },
  };
  for (let n = 0; n < 1_000_000; n += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const cents = state % 100;
    const debit = state >= 2 ** 31;
    const sum = debit ? sums.debit : sums.credit;
    sum.units += state;
    sum.cents += cents;
    sum.count += 1;
    const decimal = `${debit ? "-" : ""}${state}.${String(cents).padStart(2, "0")}00`;
    totals.add(parseAmount(decimal, 2) ?? -1n, 0n);
  }
  const exact = ({ units, cents }: { units: number; cents: number }): string =>
    `${units + Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
  const { credits, debits } = totalsEntry(totals);
  expect(credits).toEqual({ count: sums.credit.count, sum: exact(sums.credit) });
  expect(debits).toEqual({ count: sums.debit.count, sum: exact(sums.debit) });
  expect(credits.count + debits.count).toBe(1_000_000);
  // In cents each sum is more than a number can count.
  expect(totals.debitSum).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
});
