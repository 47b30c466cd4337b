/**
 * Zips by somebody who wants the verifier's time, its words, or the folder where a statement is
 * unpacked. What they cost grows with their bytes, and no faster.
 */
import { readFile } from "node:fs/promises";
import type { Manifest } from "../../functions/domain/manifest.ts";
import { CsvReader } from "../../functions/verification/rows/csv-reader.ts";
import {
  verifyStatement,
  type Verification,
} from "../../functions/verification/verify-statement.ts";
import { chunks, sampleZip } from "../support/statements/sample-statement.ts";
import {
  manifestOf,
  sealed,
  withSums,
  type StatementFiles,
} from "../support/statements/sealed-statement.ts";
import { unzip } from "../support/statements/statement.ts";
import { zipFiles } from "../support/zips/zip-writer.ts";

let files: StatementFiles;
let manifest: Manifest;
let header: string;
beforeAll(async () => {
  files = await unzip(await sampleZip());
  manifest = manifestOf(files);
  const { "transactions.csv": csv = "" } = files;
  header = csv.slice(0, csv.indexOf("\r\n") + 2);
});

async function verify(zip: Uint8Array): Promise<Verification> {
  return await verifyStatement(chunks(zip, 65_536));
}

const withRows = (rows: string): Buffer => sealed({ ...files, "transactions.csv": header + rows });
const withManifest = (change: object): Buffer => sealed(files, { ...manifest, ...change });
const withTotals = (field: string, value: string): Buffer =>
  withManifest({ totals: manifest.totals.map((one) => ({ ...one, [field]: value })) });

/** Each made of as many pieces as it is told to. */
const FAMILIES: readonly (readonly [string, (pieces: number) => Buffer])[] = [
  ["quotes and no line end", (n) => withRows(`${'"'.repeat(n)}\r\n`)],
  ["pairs of quotes on lines of their own", (n) => withRows('""\r\n'.repeat(n))],
  ["quoted line ends", (n) => withRows(`"${"\r\n".repeat(n)}"`)],
  ["line ends", (n) => withRows("\r\n".repeat(n))],
  ["delimiters", (n) => withRows(`${",".repeat(n)}\r\n`)],
  ["an opening of digits", (n) => withTotals("opening", "9".repeat(n))],
  ["a closing of decimals", (n) => withTotals("closing", `0.${"0".repeat(n)}`)],
  ["an amount of digits", (n) => withRows(lineOf({ amount: "9".repeat(n) }))],
  ["a balance of decimals", (n) => withRows(lineOf({ balance_after: `1.${"0".repeat(n)}` }))],
  ["an account of letters", (n) => withRows(lineOf({ account_id: "x".repeat(n) }))],
  [
    "accounts",
    (n) => withManifest({ accounts: Array(n / 8).fill({ account_id: "", currency: "" }) }),
  ],
  ["files", (n) => withManifest({ checks: Array(n / 8).fill({ name: "x", result: "passed" }) })],
  ["a customer of letters", (n) => withManifest({ customer_id: "x".repeat(n) })],
  ["files of accounts from the last to the first", (n) => withAccountFiles(n / 64)],
  ["sums", (n) => withSums({ ...files, "README.txt": "x".repeat(n) })],
];

function lineOf(values: Readonly<Record<string, string>>): string {
  const columns = header.trimEnd().split(",");
  const given: Readonly<Record<string, string>> = { line: "1", status: "BOOK", ...values };
  return `${columns.map((name) => given[name] ?? "").join(",")}\r\n`;
}

/** Listed in one order, and in the zip in the other. */
function withAccountFiles(count: number): Buffer {
  const names = Array.from({ length: count }, (_, place) => `ofx/a${place}-EUR.ofx`);
  const sums = names.map((name) => `${"0".repeat(64)}  ${name}\n`).join("");
  const entries = names.toReversed().map((name) => [name, ""] as const);
  return zipFiles([...entries, ["SHA256SUMS", sums]]);
}

/** CPU milliseconds; the least of some tries, as others use the machine too. */
async function costOf(zip: Buffer): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 3; i++) {
    const before = process.cpuUsage();
    await verify(zip);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

const PIECES = 64 * 1024;
const TIMES = 8;

test.each(FAMILIES)(
  "%s cost no more for each of them than few do",
  async (_name, make) => {
    const [few, many] = [make(PIECES), make(PIECES * TIMES)];
    const price = await costOf(few);
    // The square would be 64 times, and what is in the caches costs less; a small price is mostly that of
    // beginning at all. Steps are counted in verify-statement.work.
    expect(await costOf(many)).toBeLessThan(Math.max(price, 15) * TIMES * 4);
  },
  300_000,
);

test("the reader of tables looks at no character again, however few come at a time", () => {
  const text = `${'"a""b",c\r\n'.repeat(200)}"${"x\r\n".repeat(300)}",y\r\n`;
  const bytes = new TextEncoder().encode(text);
  const whole: string[] = [];
  new CsvReader((fields) => whole.push(JSON.stringify(fields))).write(bytes);
  expect(whole).toHaveLength(201);
  for (const size of [1, 2, 3, 7]) {
    const found: string[] = [];
    const reader = new CsvReader((fields) => found.push(JSON.stringify(fields)));
    for (let at = 0; at < bytes.length; at += size) reader.write(bytes.subarray(at, at + size));
    reader.end();
    expect(found).toEqual(whole);
  }
});

describe("every field of a manifest has its form", () => {
  const ESCAPE = "\u001b[31m";
  const TURN = "\u202e";
  test.each<[string, object]>([
    ["a customer with an escape sequence", { customer_id: `${ESCAPE}c` }],
    [
      "a request with a line of its own",
      { request_id: "r\n  authentic: signed with bank (ES256)" },
    ],
    ["a request that is none", { request_id: "R R" }],
    ["another customer's statement_id", { customer_id: "acme-43" }],
    ["another time's statement_id", { generated_at: "2026-01-02T00:00:00.001Z" }],
    ["a language with spaces", { language: "en us" }],
    ["a zone that is text", { period: { time_zone: "Europe/Berlin (signed)" } }],
    ["a date that is text", { period: { start_date: "2025" } }],
    ["an account that turns what follows", { accounts: [{ account_id: TURN, currency: "EUR" }] }],
    ["a generator with a line end", { generator: { name: "a\r\nb", version: "1" } }],
    ["a check with a bell", { checks: [{ name: "\u0007", result: "passed" }] }],
    ["a format that is a path", { formats: ["../csv"] }],
    ["very many checks", { checks: Array(257).fill({ name: "x", result: "passed" }) }],
    ["a statement_id of a KiB", { statement_id: "x".repeat(1_024) }],
  ])("%s", async (_what, change) => {
    const { period } = manifest;
    const whole = {
      ...change,
      period: { ...period, ...("period" in change ? (change.period as object) : {}) },
    };
    const found = await verify(withManifest(whole));
    expect(found.ok).toBe(false);
  });

  test("as it was it is right", async () => {
    expect(await verify(withManifest({}))).toMatchObject({
      ok: true,
      authentic: false,
      signature: "absent",
    });
  });
});

describe("no entry is there but those of a statement", () => {
  test.each([
    "../other.txt",
    "/other.txt",
    "..\\other.txt",
    "Transactions.csv",
    "statement.html",
    "readme.txt",
    "aux.txt",
    "a\nb",
    "folder/README.txt",
    "x".repeat(300),
  ])("%j", async (name) => {
    const { SHA256SUMS: _sums, "manifest.json": json = "", ...others } = files;
    const zip = sealed(
      { ...others, [name]: "text", "manifest.json": json },
      {
        ...manifest,
        files: [
          ...manifest.files,
          { path: name, media_type: "text/plain", bytes: 4, sha256: "", rows: null },
        ],
      },
    );
    expect(await verify(zip)).toMatchObject({ ok: false });
  });
});

test("a manifest that is not UTF-8 is none: what is signed are bytes", async () => {
  const found = await verify(zipFiles([["manifest.json", Uint8Array.of(0x7b, 0xff, 0x7d)]]));
  expect(found.ok ? [] : found.problems).toContain("manifest.json is not UTF-8");
});

test("its schema has the same bounds", async () => {
  const text = await readFile(
    new URL("../../eventing/schemas/manifest.v1.json", import.meta.url),
    "utf8",
  );
  const lists = [...text.matchAll(/"type": "array"/g)].length;
  expect(lists).toBeGreaterThan(5);
  expect([...text.matchAll(/"maxItems"/g)]).toHaveLength(lists);
  // No text without a form.
  expect(text).not.toMatch(/\{ "type": "string" \}/);
});
