/** A verifier outlives its version: it takes statements of later ones, and proves in them what it knows. */
import { readFile } from "node:fs/promises";
import type { Manifest } from "../../functions/domain/manifest.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { chunks } from "../support/statements/sample-statement.ts";
import {
  manifestOf,
  sealedWithRows,
  withSums,
  type StatementFiles,
} from "../support/statements/sealed-statement.ts";
import { unzip } from "../support/statements/statement.ts";

const V1 = "https://transactions-collector.io/schemas/manifest.v1.json";
const V2 = "https://transactions-collector.io/schemas/manifest.v2.json";

/** A statement of version 0.1.0 with its entries as texts. */
async function kept(name: string): Promise<StatementFiles> {
  return await unzip(await readFile(new URL(`../kept/0.1.0/${name}.zip`, import.meta.url)));
}

/** What `verifyStatement` has against it; nothing when it is right. */
async function problemsOf(files: StatementFiles, manifest: object): Promise<readonly string[]> {
  const whole = { ...files, "manifest.json": JSON.stringify(manifest) };
  const found = await verifyStatement(
    chunks(sealedWithRows(whole, files["transactions.csv"] ?? "")),
  );
  return found.ok ? [] : found.problems;
}

/** Every record of a canonical table with more fields at its end. */
function widened(csv: string | undefined, ...fields: readonly string[]): string {
  const [header = "", ...records] = (csv ?? "").split(/\r\n(?=\d+,|$)/);
  const added = [["channel", "fee_amount"], ...records.map(() => fields)];
  return [header, ...records]
    .map((record, i) => (record === "" ? "" : [record, ...(added[i] ?? [])].join(",")))
    .join("\r\n");
}

const files = await kept("pending");
const manifest = manifestOf(files);
const columns = (files["transactions.csv"] ?? "")
  .slice(0, (files["transactions.csv"] ?? "").indexOf("\r\n"))
  .split(",")
  .map((name) => ({ name, kind: /^(amount|balance_after)$/.test(name) ? "amount" : "text" }));

const inV2 = { ...manifest.period, basis: "posted_at" };

/** As a later version writes it. */
const laterFiles = {
  ...files,
  "transactions.csv": widened(files["transactions.csv"], '"web, app"', "0.50"),
  "pending.csv": widened(files["pending.csv"], "", ""),
};
const laterManifest = {
  ...manifest,
  schema: V2,
  period: inV2,
  columns: [...columns, { name: "channel", kind: "text" }, { name: "fee_amount", kind: "amount" }],
  branch: "Köln",
};

test("columns and fields that are not known are taken", async () => {
  expect(await problemsOf(laterFiles, laterManifest)).toEqual([]);
});

test("what every entry of a list says more is taken as well", async () => {
  const more = (one: object): object => ({ ...one, more: { deep: 1 } });
  const { accounts, totals, files: described, checks } = manifest;
  const wider = {
    ...laterManifest,
    accounts: accounts.map(more),
    totals: totals.map((one) => ({ ...more(one), credits: more(one.credits) })),
    files: described.map(more),
    checks: checks.map(more),
    period: more(inV2),
    columns: laterManifest.columns.map(more),
  };
  expect(await problemsOf(laterFiles, wider)).toEqual([]);
});

test("what is known is proved as ever", async () => {
  const csv = laterFiles["transactions.csv"];
  expect(csv).toContain(",DBIT,-20.50,");
  const wrong = { ...laterFiles, "transactions.csv": csv.replace("DBIT,-20.50", "DBIT,-20.51") };
  expect(await problemsOf(wrong, laterManifest)).toHaveLength(1);
});

/** A table with another value in a column of its first line. */
function withValue(csv: string | undefined, column: string, value: string): string {
  const [header = "", line = "", ...rest] = (csv ?? "").split("\r\n");
  const place = header.split(",").indexOf(column);
  const fields: readonly string[] = line.match(/(?<=^|,)("([^"]|"")*"|[^,"]*)(?=,|$)/g) ?? [];
  return [header, fields.with(place, value).join(","), ...rest].join("\r\n");
}

describe("each value has the form of its column, from the second version on", () => {
  const inV2Alone = { ...laterManifest, columns };

  test.each([
    ["transactions.csv", "value_date", "2026-02-31"],
    ["transactions.csv", "value_date", "2026-1-02"],
    ["transactions.csv", "value_date", ""],
    ["transactions.csv", "booking_date", "0000-01-01"],
    ["transactions.csv", "posted_at", "2026-01-15T25:00:00.000000Z"],
    ["transactions.csv", "posted_at", "2025-12-31T23:00:00Z"],
    ["transactions.csv", "type", ""],
    ["transactions.csv", "transaction_id", ""],
    ["transactions.csv", "transaction_id", "=1+1"],
    ["transactions.csv", "reversal_of", "@x"],
    ["pending.csv", "currency", "eur"],
    ["pending.csv", "value_date", "2026-04-31"],
  ])("in %s: %s of %j", async (path, column, value) => {
    const csv = withValue(files[path], column, value);
    const found = await problemsOf({ ...files, [path]: csv }, inV2Alone);
    expect(found).toEqual([`${path}: line 1 has a ${column} of another form`]);
  });

  test("what has none is as it was, and so is the first version", async () => {
    expect(await problemsOf(files, inV2Alone)).toEqual([]);
    const empty = withValue(files["transactions.csv"], "reversal_of", "");
    expect(await problemsOf({ ...files, "transactions.csv": empty }, inV2Alone)).toEqual([]);
    const csv = withValue(files["transactions.csv"], "value_date", "2026-02-31");
    expect(await problemsOf({ ...files, "transactions.csv": csv }, manifest)).toEqual([]);
  });
});

test("what is not known is hashed", async () => {
  const whole = { ...laterFiles, "manifest.json": JSON.stringify(laterManifest) };
  const zip = sealedWithRows(whole, laterFiles["transactions.csv"]);
  const { content_sha256 } = manifestOf(await unzip(zip));
  const other = laterFiles["transactions.csv"].replace("web, app", "web, box");
  const sealed = await unzip(sealedWithRows(whole, other));
  const forged = { ...manifestOf(sealed), content_sha256 };
  const found = await verifyStatement(
    chunks(withSums({ ...sealed, "manifest.json": JSON.stringify(forged) })),
  );
  expect(found).toMatchObject({
    ok: false,
    problems: ["transactions.csv: the hash of the rows differs"],
  });
});

describe("columns are those that the manifest names", () => {
  const named = (change: (columns: Manifest["columns"] & {}) => Manifest["columns"]) => ({
    ...laterManifest,
    columns: change(laterManifest.columns),
  });

  test.each<[string, object]>([
    ["one is not named", named((all) => all.slice(0, -1))],
    ["one is named that is not there", named((all) => [...all, { name: "more", kind: "text" }])],
    ["in another order", named((all) => all.toReversed())],
    ["an amount is no amount", named((all) => all.with(-1, { name: "fee_amount", kind: "text" }))],
    ["what is no amount is one", named((all) => all.with(-2, { name: "channel", kind: "amount" }))],
    ["none is named", { ...laterManifest, columns: undefined }],
    ["those of a later version under the first", { ...laterManifest, schema: V1 }],
    ["a version of nobody", { ...laterManifest, schema: V2.replace("v2", "v3") }],
  ])("%s: it does not verify", async (_, changed) => {
    expect(await problemsOf(laterFiles, changed)).not.toEqual([]);
  });

  test("the first version's own may be named under it, or not", async () => {
    expect(await problemsOf(files, manifest)).toEqual([]);
    expect(await problemsOf(files, { ...manifest, columns })).toEqual([]);
    const reordered = { ...manifest, columns: columns.toReversed() };
    expect(await problemsOf(files, reordered)).not.toEqual([]);
  });

  test("pending.csv may lack some, from the second version on", async () => {
    const csv = files["pending.csv"] ?? "";
    expect(csv).toContain("EUR,79.50,");
    const narrower = csv.replace(",balance_after", "").replace("EUR,79.50,", "EUR,");
    const without = { ...files, "pending.csv": narrower };
    expect(await problemsOf(without, { ...manifest, schema: V2, period: inV2, columns })).toEqual(
      [],
    );
    expect(await problemsOf(without, manifest)).toEqual(["pending.csv: has other columns"]);
  });
});

describe("the digits of a currency are the manifest's", () => {
  /** The statement of an account in gold, with amounts of so many digits. */
  async function gold(digits: number, scale = digits) {
    const written = await kept("gold");
    const padded = (text: string): string =>
      text.replace(/\b(\d+)\.(\d\d)\b(?=[,"\r])/g, (_, whole: string, fraction: string) =>
        digits === 0 ? whole : `${whole}.${fraction.padEnd(digits, "0").slice(0, digits)}`,
      );
    const changed = Object.fromEntries(
      Object.entries(written).map(([name, text]) => [
        name,
        /\.csv$|manifest/.test(name) ? padded(text) : text,
      ]),
    );
    const totals = manifestOf(changed).totals.map((one) => ({ ...one, minor_unit: scale }));
    return await problemsOf(changed, { ...manifestOf(changed), totals });
  }

  test.each([2, 3, 4, 5])("%i", async (digits) => {
    expect(await gold(digits)).toEqual([]);
  });

  test.each([
    [6, 6],
    [4, 2],
    [2, 4],
    [2, 6],
  ])("never amounts of %i digits where it says %i", async (digits, scale) => {
    expect(await gold(digits, scale)).not.toEqual([]);
  });
});
