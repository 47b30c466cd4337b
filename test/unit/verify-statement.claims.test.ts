/** What a manifest says of itself, and a pending row of its amount: nothing else in the zip proves it. */
import type { Manifest } from "../../functions/domain/manifest.ts";
import {
  verifyStatement,
  type Verification,
} from "../../functions/verification/verify-statement.ts";
import { lentRows } from "../support/bank/text-protocol.ts";
import { chunks, JANUARY, ROWS, snapshotOf } from "../support/statements/sample-statement.ts";
import {
  manifestOf,
  sealed,
  sealedWithRows,
  withSums,
  type StatementFiles,
} from "../support/statements/sealed-statement.ts";
import { unzip, zipOf } from "../support/statements/statement.ts";
import { buffer } from "node:stream/consumers";

let files: StatementFiles;
let manifest: Manifest;
beforeAll(async () => {
  const pending = [(ROWS[0] ?? []).with(5, "PDNG"), (ROWS[2] ?? []).with(5, "PDNG")];
  const snapshot = snapshotOf(ROWS, {
    pending: () =>
      Promise.resolve({
        rows: pending.length,
        // eslint-disable-next-line @typescript-eslint/require-await -- rows in memory need no waiting
        async *batches() {
          yield lentRows(pending);
        },
      }),
  });
  const options = { includePending: true, formats: ["csv", "jsonl"] } as const;
  files = await unzip(await buffer(zipOf({ ...JANUARY, options }, snapshot)));
  manifest = manifestOf(files);
});

async function verify(zip: Uint8Array): Promise<Verification> {
  return await verifyStatement(chunks(zip, 4096));
}

async function problemsOf(zip: Uint8Array): Promise<readonly string[]> {
  const found = await verify(zip);
  return found.ok ? [] : found.problems;
}

test("as it was made it is right", async () => {
  expect(await problemsOf(sealed(files))).toEqual([]);
});

const DATES = "manifest.json: the manifest has a period whose dates are not those of its instants";
const AS_OF =
  "manifest.json: the manifest has an as_of that is no instant, or too late for a part of the period";
const FORMATS = "manifest.json: the manifest names other formats than there are files of";
const FILE_ROWS = "manifest.json: the manifest gives a file other rows than it can have";

test.each<[string, (manifest: Manifest) => object, string]>([
  [
    "a start years before",
    ({ period }) => ({ period: { ...period, start_date: "1999-01-01" } }),
    DATES,
  ],
  [
    "an end years behind",
    ({ period }) => ({ period: { ...period, end_date: "2099-01-01" } }),
    DATES,
  ],
  [
    "dates that are none",
    ({ period }) => ({ period: { ...period, end_date: "9999-99-99" } }),
    DATES,
  ],
  [
    "a name with another end",
    ({ statement_id: id }) => ({ statement_id: id.replace(/-\d+-(\d{13})$/, "-1767222001-$1") }),
    DATES,
  ],
  ["an instant that is none", () => ({ as_of: "2025-99-99T99:99:99.999Z" }), AS_OF],
  ["a part of a period that was over", () => ({ partial: true }), AS_OF],
  ["a format that is not there", () => ({ formats: ["csv", "jsonl", "pdf"] }), FORMATS],
  ["a format less than there is", () => ({ formats: ["csv"] }), FORMATS],
  [
    "rows of a text",
    ({ files: all }) => ({ files: all.map((one) => ({ ...one, rows: one.rows ?? 7 })) }),
    FILE_ROWS,
  ],
  [
    "other rows in another format",
    ({ files: all }) => ({
      files: all.map((one) => (one.path === "transactions.jsonl" ? { ...one, rows: 3 } : one)),
    }),
    FILE_ROWS,
  ],
  [
    "a table as a page",
    ({ files: all }) => ({
      files: all.map((one) =>
        one.path === "pending.csv" ? { ...one, media_type: "text/html" } : one,
      ),
    }),
    "manifest.json: the manifest gives a file another media type than it has",
  ],
])("%s", async (_what, change, problem) => {
  expect(await problemsOf(sealed(files, { ...manifest, ...change(manifest) }))).toEqual([problem]);
});

test.each<[string, (json: string) => string]>([
  ["a name twice", (json) => json.replace('"rows":4', '"rows":5,"rows":4')],
  [
    "a name twice, further in",
    (json) => json.replace('"minor_unit":2', '"minor_unit":3,"minor_unit":2'),
  ],
  ["an integer with a point", (json) => json.replace('"rows":4', '"rows":4.0')],
  ["an integer with an exponent", (json) => json.replace('"rows":4', '"rows":4e0')],
  ["a letter as its number", (json) => json.replace('"schema"', '"s\\u0063hema"')],
  [
    "more digits than a number has",
    (json) => json.replace('"rows":4', '"x":1.00000000000000001,"rows":4'),
  ],
])("a manifest that readers may read differently: %s", async (_what, change) => {
  const before = JSON.stringify(manifest);
  const json = change(before);
  expect(json).not.toBe(before);
  expect(JSON.parse(json)).toMatchObject({ rows: manifest.rows, totals: manifest.totals });
  expect(await problemsOf(withSums({ ...files, "manifest.json": json }))).toEqual([
    "manifest.json has a name twice, or a value in another spelling: readers may not read the same",
  ]);
});

test.each<[string, readonly [string | RegExp, string], string]>([
  ["on the other side", [",DBIT,", ",CRDT,"], "line 1 has a wrong sign"],
  ["of nobody's account", [/,acme-1,/g, ",acme-9,"], "rows of an account without totals"],
  ["of another currency", [/,EUR,/, ",USD,"], "rows of an account without totals"],
  ["of another scale", [/(-20\.50|0\.25),/g, "$10,"], "another scale"],
  ["of another month", ["2026-01-15T10", "2026-02-15T10"], "a row lies outside of the period"],
])("a pending row %s", async (_what, [from, to], problem) => {
  const before = files["pending.csv"] ?? "";
  const text = before.replace(from, to);
  expect(text).not.toBe(before);
  const [found = "", ...more] = await problemsOf(sealed({ ...files, "pending.csv": text }));
  expect(found).toContain("pending.csv: ");
  expect(found).toContain(problem);
  expect(more).toEqual([]);
});

test("pending rows out of order", async () => {
  const [header = "", one = "", two = ""] = (files["pending.csv"] ?? "").split("\r\n");
  const text = [header, two.replace(/^2/, "1"), one.replace(/^1/, "2"), ""].join("\r\n");
  expect(await problemsOf(sealed({ ...files, "pending.csv": text }))).toEqual([
    "pending.csv: line 2 is out of order",
  ]);
});

describe.each(["transactions.csv", "pending.csv"])("an amount in %s", (path) => {
  test.each(["abc", "1e5", "=1+1", "", "-020.50", "+20.50", "-0.00", "-.50"])(
    "is not %j",
    async (amount) => {
      const text = (files[path] ?? "").replace(",-20.50,", `,${amount},`);
      const zip =
        path === "pending.csv" ? sealed({ ...files, [path]: text }) : sealedWithRows(files, text);
      const [problem = "", ...more] = await problemsOf(zip);
      expect(problem).toContain(`${path}: line 1 has a`);
      expect(more).toEqual([]);
    },
  );
});
