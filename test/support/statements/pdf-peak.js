/**
 * Two statements of 10,000 rows in every script, one behind the other, by the bundled builder, whole: its folder and
 * the file of statement.pdf in, the peak of this process in MB behind each of them out.
 */
import { readFileSync } from "node:fs";
import process from "node:process";

const [index, pdfFile] = process.argv.slice(2);
await import(index);
const { pdf } = await import(pdfFile);

const ROWS = 10_000;
const at = (day) => Date.parse(`${day}T00:00:00Z`);
const some = (first, count, n) => {
  const letters = Array.from({ length: 6 }, (_, i) => first + ((n * 6 + i) % count));
  return String.fromCodePoint(...letters);
};
/** Letters that join, marks, 5,000 ideographs and 2,000 syllables among them. */
const name = (n) =>
  [
    ...["محمد بن راشد", "שלום עולם", "สวัสดีครับ", "राम कुमार"].map((text) => `${text} ${n % 500}`),
    ...[some(0x4e00, 5_000, n), some(0xac00, 2_000, n), some(0x3041, 80, n)],
  ][n % 7];

const account = {
  ...{ accountId: "acme-1", currency: "EUR", minorUnit: 2, opening: 0n, closing: 10_000n },
  ...{ creditCount: ROWS, creditSum: 10_000n, debitCount: 0, debitSum: 0n, lastBalance: 10_000n },
};
const period = {
  ...{ startDate: "2026-01-01", endDate: "2026-01-31", timeZone: "UTC", basis: "booking_date" },
  ...{ from: at("2026-01-01"), lastDayFrom: at("2026-01-31"), to: at("2026-02-01") },
};
const content = {
  facts: {
    ...{ requestId: "r", attempt: 1, customerId: "acme", generatedAt: at("2026-02-01") },
    ...{ masked: true, period, options: { partial: false, supersedes: null } },
  },
  ...{ language: "en", asOf: at("2026-02-01"), rows: ROWS, totals: [account] },
  async *rowsOf() {
    for (let n = 0; n < ROWS; n += 100) yield Array.from({ length: 100 }, (_, i) => row(n + i));
  },
};
const row = (n) => ({
  ...{ line: n + 1, accountId: "acme-1", transactionId: `70000000${n}`, type: "CREDIT_TRANSFER" },
  ...{
    bookingDate: "2026-01-05",
    valueDate: "2026-01-05",
    postedAt: "2026-01-05T10:00:00.000000Z",
  },
  ...{ amount: 1n, currency: "EUR", minorUnit: 2, balanceAfter: BigInt(n + 1), reversalOf: null },
  ...{ counterpartyName: name(n), counterpartyAccount: "****6819", reference: `R-${n}` },
  description: `${name(n + 1)} · ${name(n + 2)}`,
});

const peaks = [];
for (let statement = 0; statement < 2; statement += 1) {
  let bytes = 0;
  for await (const block of pdf.write(content)) bytes += block.length;
  if (bytes === 0) throw new Error("there is no PDF");
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
  peaks.push(Math.round(Number(kilobytes) / 1024));
}
process.stdout.write(JSON.stringify(peaks));
