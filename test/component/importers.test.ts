/**
 * A statement of several accounts and currencies as importers book it, in the zones of their users, row by row against
 * transactions.jsonl of the same zip. What they make of one file for all is in the README.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Manifest } from "../../functions/domain/manifest.ts";
import {
  IMPORTERS,
  importedBy,
  type ImportedRow,
  type Importer,
} from "../support/programs/importers.ts";
import { JANUARY, snapshotOf } from "../support/statements/sample-statement.ts";
import { unzip, zipOf } from "../support/statements/statement.ts";

const IBAN = "DE89370400440532013000";
const FRENCH = "FR1420041010050500013M02606";
/** From UTC-10 to UTC+13. */
const ZONES = ["Pacific/Honolulu", "UTC", "Pacific/Tongatapu"];

/** First and last days of the month, ids beyond a number of JavaScript, three scales. */
const ROWS = (
  [
    [IBAN, "EUR", "700000000000000001", "2026-01-01", "-20.5000", "79.5000"],
    [IBAN, "USD", "700000000000000002", "2026-01-01", "3.0000", "3.0000"],
    [FRENCH, "JPY", "700000000000000003", "2026-01-15", "1500.0000", "1500.0000"],
    ["own 7/8", "BHD", "0000123", "2026-01-31", "-0.0050", "0.0020"],
    [IBAN, "EUR", "700000000000000005", "2026-01-31", "20.7500", "100.2500"],
  ] as const
).map(([account, currency, id, day, amount, balance]) => [
  ...[account, id, day, `${day} 10:00:00.000000`, day, "BOOK", amount, currency, balance],
  ...["CARD", "Rent", "Acme", "GB29NWBK60161331926819", "000123", null],
]);
const BALANCES = [
  { accountId: IBAN, currency: "EUR", opening: 10_000n, closing: 10_025n },
  { accountId: IBAN, currency: "USD", opening: 0n, closing: 300n },
  { accountId: FRENCH, currency: "JPY", opening: 0n, closing: 1_500n },
  { accountId: "own 7/8", currency: "BHD", opening: 7n, closing: 2n },
  { accountId: "empty", currency: "EUR", opening: 7n, closing: 7n },
];

type Row = Readonly<Record<string, string>>;

interface Unpacked {
  /** By the name in the zip, where it is now. */
  readonly pathOf: (name: string) => string;
  readonly files: Manifest["files"];
  /** Of transactions.jsonl. */
  readonly rows: readonly Row[];
}

let folder = "";
let byAccount: Unpacked;
let combined: Unpacked;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "importers-"));
  byAccount = await unpacked("by-account", false);
  combined = await unpacked("combined", true);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function unpacked(name: string, isCombined: boolean): Promise<Unpacked> {
  const options = { formats: ["csv", "jsonl", "camt.053", "ofx"], combined: isCombined } as const;
  const snapshot = snapshotOf(ROWS, { rows: ROWS.length, balances: BALANCES });
  const texts = await unzip(await buffer(zipOf({ ...JANUARY, options }, snapshot)));
  const pathOf = (file: string): string => join(folder, name, file);
  for (const [file, text] of Object.entries(texts)) {
    await mkdir(dirname(pathOf(file)), { recursive: true });
    await writeFile(pathOf(file), text);
  }
  const { files } = JSON.parse(texts["manifest.json"] ?? "") as Manifest;
  const lines = (texts["transactions.jsonl"] ?? "").trim().split("\n");
  return { pathOf, files, rows: lines.map((line) => JSON.parse(line) as Row) };
}

/** What a row of the statement has to be once it is booked. libofx's program prints two decimals, and a currency for an account alone. */
function asImported(row: Row, isLibofx: boolean): Omit<ImportedRow, "account"> {
  const amount = Number(row["amount"]);
  return {
    currency: isLibofx ? null : (row["currency"] ?? null),
    id: row["transaction_id"] ?? "",
    day: row["booking_date"] ?? "",
    amount: String(isLibofx ? Number(amount.toFixed(2)) : amount),
  };
}

const END = 13;
const withoutAccount = ({ account: _, ...row }: ImportedRow) => row;
const importers = Object.keys(IMPORTERS) as Importer[];

describe.each(importers)("%s", (importer) => {
  test.each(ZONES)(
    "books each account's file where it belongs, in %s",
    async (zone) => {
      const [kind] = IMPORTERS[importer];
      const { files, pathOf, rows } = byAccount;
      const own = files.filter(({ path }) => path.startsWith(`${kind}/`));
      expect(own).toHaveLength(BALANCES.length);
      const found = await importedBy(
        importer,
        zone,
        own.map(({ path }) => pathOf(path)),
      );
      for (const [place, { account_id, currency }] of own.entries()) {
        const expected = rows.filter(
          (row) => row["account_id"] === account_id && row["currency"] === currency,
        );
        const booked = found[place] ?? [];
        // OFX tells the currencies of an account apart by its name, and holds the end of a long one.
        const endsAs = (account: string | null) =>
          account === null
            ? [undefined]
            : [account_id, `${account_id}-${currency}`].map((one) => one?.slice(-END));
        expect(booked.map(withoutAccount)).toEqual(
          expected.map((row) => asImported(row, importer.startsWith("libofx"))),
        );
        for (const { account } of booked) expect(endsAs(account)).toContain(account?.slice(-END));
      }
    },
    300_000,
  );
});

/** Of all accounts in one file: what is right, and what is not. */
async function verdict(importer: Importer): Promise<string> {
  const { rows, pathOf, files } = combined;
  const whole = files.find(
    ({ path }) => path === (IMPORTERS[importer][0] === "ofx" ? "statement.ofx" : "camt.053.xml"),
  );
  const read = importedBy(importer, "UTC", [pathOf(whole?.path ?? "")]);
  const [booked] = await read.catch(() => []);
  if (booked === undefined) return "refused";
  const ids = booked.map(({ id }) => id).toSorted();
  expect(ids).toEqual(rows.map((row) => row["transaction_id"]).toSorted());
  const accounts = new Set(booked.map(({ account, currency }) => `${account} ${currency}`));
  if (booked.some(({ account }) => account === null)) return "no account where there is no IBAN";
  return accounts.size === 1 ? "all on the last account" : "right";
}

test("what each makes of one file for all accounts is what the README says", async () => {
  const readme = new URL("../../functions/statement-builder/formats/README.md", import.meta.url);
  const text = await readFile(readme, "utf8");
  for (const importer of importers) {
    const row = text.split("\n").find((line) => line.startsWith(`| ${importer} `));
    const cells = row
      ?.split("|")
      .map((cell) => cell.trim())
      .slice(1, -1);
    expect(cells).toEqual([
      importer,
      IMPORTERS[importer][0],
      "right",
      await verdict(importer),
      expect.any(String),
    ]);
  }
}, 300_000);
