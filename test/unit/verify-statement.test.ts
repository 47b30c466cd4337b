/** Points 7 and 8 of a correct statement: no zip ends cleanly, and none verifies, unless it is right. */
import fc from "fast-check";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { buffer } from "node:stream/consumers";
import {
  verifyStatement,
  type Verification,
} from "../../functions/verification/verify-statement.ts";
import type { Manifest } from "../../functions/domain/manifest.ts";
import type { TransactionRow } from "../../functions/statement-builder/source/transactions-sql.ts";
import {
  chunks,
  JANUARY,
  ROWS,
  sampleZip,
  snapshotOf,
} from "../support/statements/sample-statement.ts";
import { lentRows } from "../support/bank/text-protocol.ts";
import {
  manifestOf,
  sealed,
  sealedZip,
  sealedWithRows,
  sha256,
  withSums,
  type StatementFiles,
} from "../support/statements/sealed-statement.ts";
import { run, unzip, withZipFile, zipOf } from "../support/statements/statement.ts";
import { zipFiles } from "../support/zips/zip-writer.ts";

const ENTRIES = ["README.txt", "transactions.csv", "balances.csv", "manifest.json", "SHA256SUMS"];

let zip: Buffer;
let files: Record<string, string>;

beforeAll(async () => {
  zip = await sampleZip();
  files = await unzip(zip);
});

async function verify(bytes: Uint8Array): Promise<Verification> {
  return await verifyStatement(chunks(bytes, 4096));
}

describe("a zip is only ended when its rows are proved", () => {
  const [first = [], second = [], third = [], last = []] = ROWS;
  const withAmount = (row: TransactionRow, amount: string) => row.with(6, amount);

  test.each<[string, readonly TransactionRow[], string]>([
    ["the first row lost", [second, third, last], "proof_mismatch"],
    ["the last row lost", [first, second, third], "proof_mismatch"],
    ["all rows lost", [], "proof_mismatch"],
    ["a row doubled", [first, second, second, third, last], "proof_mismatch"],
    ["one lost, another doubled", [first, first, second, last], "balance_mismatch"],
    ["an amount altered", [withAmount(first, "-20.5100"), second, third, last], "balance_mismatch"],
    ["a sign altered", [withAmount(first, "20.5000"), second, third, last], "balance_mismatch"],
    ["two rows swapped", [last, second, third, first], "balance_mismatch"],
    ["the last balance altered", [first, second, third, last.with(8, "0")], "balance_mismatch"],
    ["a row of a stranger", [first, second, third, last.with(0, "other")], "proof_mismatch"],
    ["half a cent", [withAmount(first, "-20.5050"), second, third, last], "invalid_amount"],
  ])("%s", async (_, rows, code) => {
    const out = zipOf(JANUARY, snapshotOf(rows));
    const ended = { cleanly: false };
    out.on("end", () => (ended.cleanly = true));
    await expect(buffer(out)).rejects.toMatchObject({ name: "StatementFailure", code });
    await turn();
    expect(ended.cleanly).toBe(false);
    expect(out.destroyed).toBe(true);
  });

  test("rows that break off: their very error, and never an end", async () => {
    const broken = new Error("connection lost");
    const snapshot = snapshotOf(ROWS, {
      // eslint-disable-next-line @typescript-eslint/require-await -- it has nothing to wait for
      async *batches() {
        yield lentRows(ROWS.slice(0, 2));
        throw broken;
      },
    });
    await expect(buffer(zipOf(JANUARY, snapshot))).rejects.toBe(broken);
  });

  test("an abort: its reason, and never an end", async () => {
    const stop = new AbortController();
    const reason = new Error("the lease is lost");
    const snapshot = snapshotOf(ROWS, {
      async *batches() {
        yield lentRows(ROWS.slice(0, 2));
        await turn();
        stop.abort(reason);
        yield lentRows(ROWS.slice(2));
      },
    });
    const out = zipOf(JANUARY, snapshot, "balanced", stop.signal);
    await expect(buffer(out)).rejects.toBe(reason);
  });
});

describe("the zip", () => {
  test("holds its entries in their order, and verifies", async () => {
    expect(Object.keys(files)).toEqual(ENTRIES);
    const checked = await verify(zip);
    const sha256 = createHash("sha256").update(zip).digest("hex");
    expect(checked).toMatchObject({ ok: true, bytes: zip.length, sha256 });
    expect(checked.ok && checked.manifest).toMatchObject({
      schema: "https://transactions-collector.io/schemas/manifest.v2.json",
      rows: 4,
      customer_id: "acme-42",
      as_of: "2026-02-01T03:04:05.678Z",
      attempt: 1,
      // Midnight in Berlin is 23:00 UTC of the day before.
      statement_id: "acme-42-1767222000-1769814000-1767312000000",
      period: {
        start_date: "2026-01-01",
        end_date: "2026-01-31",
        time_zone: "Europe/Berlin",
        from: "2025-12-31T23:00:00.000Z",
        to: "2026-01-31T23:00:00.000Z",
        from_epoch: 1_767_222_000,
        to_epoch: 1_769_900_400,
        end_inclusive: true,
      },
      totals: [
        {
          account_id: "acme-1",
          currency: "EUR",
          minor_unit: 2,
          opening: "100.00",
          credits: { count: 2, sum: "20.75" },
          debits: { count: 1, sum: "20.50" },
          net: "0.25",
          closing: "100.25",
        },
        {
          account_id: "acme-2",
          currency: "JPY",
          minor_unit: 0,
          opening: "0",
          credits: { count: 1, sum: "1500" },
          debits: { count: 0, sum: "0" },
          net: "1500",
          closing: "1500",
        },
        {
          account_id: "acme-3",
          currency: "BHD",
          minor_unit: 3,
          opening: "0.007",
          credits: { count: 0, sum: "0.000" },
          debits: { count: 0, sum: "0.000" },
          net: "0.000",
          closing: "0.007",
        },
      ],
    });
  });

  test("its content hash is that of the lines behind the header", () => {
    const csv = files["transactions.csv"] ?? "";
    const lines = csv.slice(csv.indexOf("\r\n") + 2);
    expect(manifestOf(files).content_sha256).toBe(sha256(lines));
  });

  test("is the same bytes for the same data, in whatever time zone it is made", async () => {
    const module = new URL("../support/statements/sample-statement.ts", import.meta.url).href;
    const program = `const { sampleZip } = await import(${JSON.stringify(module)});
      process.stdout.write((await sampleZip()).toString("base64"));`;
    for (const TZ of ["America/New_York", "Asia/Tokyo"]) {
      const env = { ...process.env, NODE_OPTIONS: "", TZ };
      const made = await run(process.execPath, ["--input-type=module", "-e", program], { env });
      expect(Buffer.from(made.stdout, "base64").equals(zip)).toBe(true);
    }
  });

  test("without a row is a statement as well", async () => {
    const balances = [{ accountId: "acme-1", currency: "EUR", opening: 7n, closing: 7n }];
    const empty = await verify(await sampleZip(snapshotOf([], { rows: 0, balances })));
    expect(empty).toMatchObject({ ok: true, manifest: { rows: 0 } });
  });
});

describe("a zip that was changed does not verify", () => {
  test("any bit: every one of a small zip", async () => {
    const balances = [{ accountId: "acme-1", currency: "EUR", opening: 7n, closing: 7n }];
    const small = await sampleZip(snapshotOf([], { rows: 0, balances }));
    expect(await verify(small)).toMatchObject({ ok: true });
    const unnoticed: number[] = [];
    for (let at = 0; at < small.length; at++) {
      const flipped = Array.from({ length: 8 }, async (_, bit) => {
        const damaged = Buffer.from(small);
        damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
        if ((await verify(damaged)).ok) unnoticed.push(at * 8 + bit);
      });
      await Promise.all(flipped);
    }
    expect(unnoticed).toEqual([]);
  }, 600_000);

  test("cut anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: zip.length - 1 }), async (length) => {
        expect(await verify(zip.subarray(0, length))).toMatchObject({ ok: false });
      }),
      { numRuns: 200 },
    );
  });

  test("anything appended, one zip behind another included", async () => {
    for (const more of ["\0", "x".repeat(100), zip]) {
      const longer = Buffer.concat([zip, Buffer.from(more)]);
      expect(await verify(longer)).toMatchObject({ ok: false });
    }
  });
});

describe("a statement that contradicts itself does not verify, although every hash fits", () => {
  test("what the others are changes of does verify", async () => {
    expect(await verify(sealed(files))).toMatchObject({ ok: true });
    expect(await verify(sealedZip(Object.entries(files)))).toMatchObject({ ok: true });
  });

  const replaced = (path: string, from: string, to: string) => () => {
    const text = files[path] ?? "";
    if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
    const changed = { ...files, [path]: text.replace(from, to) };
    return sealedWithRows(changed, changed["transactions.csv"] ?? "");
  };

  test.each([
    ["an amount", replaced("transactions.csv", "DBIT,-20.50", "DBIT,-20.51")],
    ["a sign without its side", replaced("transactions.csv", "DBIT,-20.50", "DBIT,20.50")],
    ["a side without its sign", replaced("transactions.csv", "DBIT,-20.50", "CRDT,-20.50")],
    ["an account", replaced("transactions.csv", "1,acme-1", "1,acme-9")],
    ["a currency", replaced("transactions.csv", ",JPY,", ",EUR,")],
    ["the last balance", replaced("transactions.csv", "100.25", "100.26")],
    ["a line number", replaced("transactions.csv", "2,acme-2", "3,acme-2")],
    [
      "a time before the period",
      replaced("transactions.csv", "2025-12-31T23:00", "2025-12-31T22:59"),
    ],
    [
      "a time after the period",
      replaced("transactions.csv", "22:59:59.999999Z", "23:00:00.000000Z"),
    ],
    ["a time out of order", replaced("transactions.csv", "2026-01-31T22:59", "2026-01-14T22:59")],
    ["a column's name", replaced("transactions.csv", "credit_debit", "debit_credit")],
    ["an amount that is none", replaced("transactions.csv", ",0.25,", ",0.25x,")],
    ["one column less", replaced("transactions.csv", ",INTEREST,", ",")],
    ["a last line without its end", replaced("transactions.csv", "000,,11\r\n", "000,,11")],
    ["a quote that does not close", replaced("transactions.csv", '"line one', "line one")],
    ["a sum in balances.csv", replaced("balances.csv", "20.75", "20.76")],
    ["a balance in balances.csv", replaced("balances.csv", "100.25", "100.26")],
  ])("%s", async (_, make) => {
    expect(await verify(make())).toMatchObject({ ok: false, problems: [expect.any(String)] });
  });

  test("totals that manifest and balances.csv agree on, and the rows do not", async () => {
    const swap = (text: string) =>
      text.replace("20.75", "30.75").replace("0.25", "10.25").replace("100.25", "110.25");
    const manifest = JSON.parse(
      (files["manifest.json"] ?? "")
        .replace('"20.75"', '"30.75"')
        .replace('"0.25"', '"10.25"')
        .replace('"100.25"', '"110.25"'),
    ) as Manifest;
    const changed = { ...files, "balances.csv": swap(files["balances.csv"] ?? "") };
    const { ok, ...rest } = await verify(sealed(changed, manifest));
    expect({ ok, ...rest }).toMatchObject({
      ok: false,
      problems: ["transactions.csv: the totals of an account do not follow from its rows"],
    });
  });

  test.each(ENTRIES)("without %s, and whether or not SHA256SUMS lists it", async (entry) => {
    const rest = Object.entries(files).filter(([path]) => path !== entry);
    expect(await verify(sealedZip(rest))).toMatchObject({
      ok: false,
      details: expect.arrayContaining([
        expect.objectContaining({ kind: "missing", file: entry }),
      ]) as unknown,
    });
    if (entry === "SHA256SUMS" || entry === "manifest.json") return;
    expect(await verify(withSums(Object.fromEntries(rest)))).toMatchObject({
      ok: false,
      details: expect.arrayContaining([
        expect.objectContaining({ kind: "missing", file: entry }),
      ]) as unknown,
    });
  });
});

describe("what is wrong is named, file by file, and all of it", () => {
  type Entries = [path: string, text: string][];
  const changes: [string, (entries: Entries) => Entries, object[]][] = [
    [
      "a file that has changed",
      (entries) => entries.map(([path, text]) => [path, path === "README.txt" ? `${text} ` : text]),
      [{ kind: "changed", file: "README.txt" }],
    ],
    [
      "a file added",
      (entries) => [["more.txt", "x"], ...entries],
      [{ kind: "added", file: "more.txt" }],
    ],
    [
      "a file that is there twice",
      (entries) => [...entries.slice(0, 1), ...entries],
      [{ kind: "doubled", file: "README.txt" }],
    ],
    [
      "the first file moved behind the second and third",
      (entries) => [...entries.slice(1, 3), ...entries.slice(0, 1), ...entries.slice(3)],
      [{ kind: "moved", file: "README.txt" }],
    ],
    [
      "SHA256SUMS in front",
      (entries) => [...entries.slice(-1), ...entries.slice(0, -1)],
      [{ kind: "moved", file: "SHA256SUMS" }],
    ],
    [
      "one changed, one missing, one added and one twice",
      (entries) => [
        ["README.txt", "x"],
        ["more\u202e\n.txt", "x"],
        ...entries.slice(1).filter(([path]) => path !== "balances.csv"),
        ...entries.slice(1, 2),
      ],
      [
        { kind: "doubled", file: "transactions.csv" },
        { kind: "changed", file: "README.txt" },
        { kind: "missing", file: "balances.csv" },
        { kind: "added", file: "more\u202e\n.txt" },
      ],
    ],
  ];

  test.each(changes)("%s", async (_, change, expected) => {
    const found = await verify(sealedZip(change(Object.entries(files))));
    if (found.ok) throw new Error("it verifies");
    expect(found.details).toEqual(expected.map((one) => expect.objectContaining(one) as unknown));
    expect(found.problems).toEqual(found.details.map(({ message }) => message));
    // Whoever wrote the zip chose the names, and a terminal shows them.
    for (const problem of found.problems) expect(problem).toMatch(/^[\x20-\x7e]+$/);
  });

  test("two files whose bytes changed in the zip, by their names", async () => {
    const damaged = Buffer.from(zip);
    for (const name of ["README.txt", "balances.csv"]) {
      const at = zip.indexOf(name) + name.length + 3;
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
    }
    expect(await verify(damaged)).toMatchObject({
      ok: false,
      details: [
        { kind: "changed", file: "README.txt" },
        { kind: "changed", file: "balances.csv" },
        { kind: "damaged", file: null },
      ],
    });
  });
});

describe("files of single accounts", () => {
  const NAMES = ["acme-1-EUR", "acme-2-JPY", "acme-3-BHD"].map((name) => `camt.053/${name}.xml`);
  const [first = "", second = "", third = ""] = NAMES;
  let byAccount: Record<string, string>;
  let manifest: Manifest;
  beforeAll(async () => {
    const options = { formats: ["csv", "camt.053", "ofx"] } as const;
    const made = await buffer(zipOf({ ...JANUARY, options }, snapshotOf(ROWS)));
    expect(await verify(made)).toMatchObject({ ok: true });
    byAccount = await unzip(made);
    manifest = manifestOf(byAccount);
  });

  type Entries = [path: string, text: string][];
  const zipped = (change: (entries: Entries) => Entries): Buffer =>
    sealedZip(change(Object.entries(byAccount)));
  const renamed = (from: string, to: string) => (entries: Entries) =>
    entries.map(([path, text]): [string, string] => [path === from ? to : path, text]);

  test("are listed with their accounts, one of each, in both formats", () => {
    const listed = manifest.files.map((one) => [one.path, one.account_id, one.currency]);
    expect(listed.slice(3)).toEqual([
      [first, "acme-1", "EUR"],
      [second, "acme-2", "JPY"],
      [third, "acme-3", "BHD"],
      ["ofx/acme-1-EUR.ofx", "acme-1", "EUR"],
      ["ofx/acme-2-JPY.ofx", "acme-2", "JPY"],
      ["ofx/acme-3-BHD.ofx", "acme-3", "BHD"],
    ]);
    expect(Object.keys(byAccount)).toEqual([
      ...manifest.files.map(({ path }) => path),
      "manifest.json",
      "SHA256SUMS",
    ]);
  });

  test.each<[string, (entries: Entries) => Entries, object[]]>([
    [
      "one has changed",
      (entries) => entries.map(([path, text]) => [path, path === second ? `${text} ` : text]),
      [{ kind: "changed", file: second }],
    ],
    [
      "one is missing",
      (entries) => entries.filter(([path]) => path !== second),
      [{ kind: "missing", file: second }],
    ],
    [
      "one was added",
      (entries) => [["camt.053/acme-9-EUR.xml", "<a/>"], ...entries],
      [{ kind: "added", file: "camt.053/acme-9-EUR.xml" }],
    ],
    [
      "two changed places",
      (entries) => entries.toSpliced(3, 2, ...entries.slice(3, 5).toReversed()),
      [{ kind: "moved", file: second }],
    ],
    [
      "one is there twice",
      (entries) => [...entries.slice(3, 4), ...entries],
      [
        { kind: "doubled", file: first },
        { kind: "moved", file: first },
      ],
    ],
    [
      "one is there again in capitals",
      (entries) => entries.toSpliced(4, 0, [first.replace("acme", "Acme"), "<a/>"]),
      [{ kind: "doubled", file: first.replace("acme", "Acme") }],
    ],
    [
      "one lies outside of the folder",
      renamed(first, "../acme-1-EUR.xml"),
      [
        { kind: "missing", file: first },
        { kind: "added", file: "../acme-1-EUR.xml" },
      ],
    ],
  ])("%s: named", async (_, change, expected) => {
    const found = await verify(zipped(change));
    if (found.ok) throw new Error("it verifies");
    const kinds = found.details.map(({ kind, file }) => ({ kind, file }));
    expect(kinds).toEqual(expected.slice(0, kinds.length));
    expect(kinds.length).toBeGreaterThan(0);
  });

  test.each([
    "camt.053/acme 1.xml",
    "camt.053/con.xml",
    "camt.053/a/b.xml",
    "camt.053/acme-1-EUR.exe",
    "camt.053/../x.xml",
    "more/acme-1-EUR.xml",
  ])("one called %s, in every list: no statement has such a file", async (name) => {
    const entries = renamed(first, name)(Object.entries(byAccount));
    const files = manifest.files.map((one) => (one.path === first ? { ...one, path: name } : one));
    const found = await verify(sealed(Object.fromEntries(entries), { ...manifest, files }));
    if (found.ok) throw new Error("it verifies");
    expect(found.details).toContainEqual(expect.objectContaining({ kind: "added", file: name }));
  });

  test.each<[string, (files: Manifest["files"]) => Manifest["files"]]>([
    ["no account", (all) => all.with(3, { ...atPlace(all, 3), account_id: undefined } as never)],
    ["another account", (all) => all.with(3, { ...atPlace(all, 3), account_id: "acme-9" })],
    ["another currency", (all) => all.with(3, { ...atPlace(all, 3), currency: "USD" })],
    [
      "the account of its neighbour",
      (all) => all.with(3, { ...atPlace(all, 3), account_id: "acme-2", currency: "JPY" }),
    ],
    [
      "an account of a file of all",
      (all) => all.with(0, { ...atPlace(all, 0), account_id: "acme-1" }),
    ],
  ])("listed with %s: contradictory", async (_, change) => {
    const found = await verify(sealed(byAccount, { ...manifest, files: change(manifest.files) }));
    expect(found).toMatchObject({
      ok: false,
      details: [{ kind: "contradictory", file: "manifest.json" }],
    });
  });

  test("of hundreds of accounts: verified, each with its file", async () => {
    const balances = Array.from({ length: 300 }, (_, n) => {
      return { accountId: `acme-${n}`, currency: "EUR", opening: 7n, closing: 7n };
    });
    const options = { formats: ["csv", "camt.053", "ofx"] } as const;
    const made = await buffer(
      zipOf({ ...JANUARY, options }, snapshotOf([], { rows: 0, balances })),
    );
    const found = await verify(made);
    if (!found.ok) throw new Error(found.problems[0]);
    const owners = found.manifest.files.flatMap(({ account_id }) => account_id ?? []);
    expect(owners).toEqual([...balances, ...balances].map(({ accountId }) => accountId));
  });

  test("of some accounts alone, or beside the file of all: contradictory", async () => {
    const { [third]: _, ...some } = byAccount;
    const files = manifest.files.filter(({ path }) => path !== third);
    const more = { ...byAccount };
    delete more["manifest.json"];
    delete more["SHA256SUMS"];
    const beside = {
      ...more,
      "camt.053.xml": "<a/>",
      "manifest.json": byAccount["manifest.json"] ?? "",
    };
    const listed = [...manifest.files, { ...atPlace(files, 0), path: "camt.053.xml" }];
    for (const changed of [
      sealed(some, { ...manifest, files }),
      sealed(beside, { ...manifest, files: listed }),
    ]) {
      expect(await verify(changed)).toMatchObject({
        ok: false,
        details: [{ kind: "contradictory", file: "manifest.json" }],
      });
    }
  });
});

describe("ids that are written as text", () => {
  const written = async (idsAsText: boolean, delimiter: "," | ";" = ",") => {
    const csv = { bom: false, delimiter, decimalComma: false, idsAsText };
    return await buffer(zipOf({ ...JANUARY, options: { csv } }, snapshotOf(ROWS)));
  };

  test.each([",", ";"] as const)(
    "verify, however few bytes come at a time, with %j",
    async (one) => {
      const made = await written(true, one);
      const plain = await verify(await written(false, one));
      for (const size of [1, 7, 1000, 100_000]) {
        const found = await verifyStatement(chunks(made, size));
        if (!found.ok || !plain.ok) throw new Error("it does not verify");
        expect(found.manifest.content_sha256).toBe(plain.manifest.content_sha256);
      }
    },
  );

  test.each([
    ["a table of ids as they are under a manifest that says text", false],
    ["ids as text under a manifest that says they are not", true],
  ])("%s: contradictory", async (_, idsAsText) => {
    const made = await unzip(await written(idsAsText));
    const manifest = manifestOf(made);
    const csv = { ...manifest.csv, ids_as_text: !idsAsText };
    const found = await verify(sealed(made, { ...manifest, csv }));
    expect(found).toMatchObject({
      ok: false,
      details: [
        { kind: "contradictory", file: "transactions.csv" },
        { kind: "contradictory", file: "balances.csv" },
      ],
    });
  });

  test("of one line alone are of no dialect", async () => {
    const made = await unzip(await written(true));
    const lines = (made["transactions.csv"] ?? "").split("\r\n");
    for (const place of [1, 2]) {
      const line = (lines[place] ?? "").replaceAll(/"=""(.*?)"""/g, "$1");
      const csv = lines.with(place, line).join("\r\n");
      expect(csv).not.toBe(made["transactions.csv"]);
      const { content_sha256 } = manifestOf(made);
      const found = await verify(
        sealed({ ...made, "transactions.csv": csv }, { ...manifestOf(made), content_sha256 }),
      );
      expect(found).toMatchObject({ ok: false, details: [{ file: "transactions.csv" }] });
    }
  });
});

function atPlace<T>(all: readonly T[], place: number): T {
  const found = all[place];
  if (found === undefined) throw new Error(`there are ${all.length}`);
  return found;
}

describe("a zip is the builder's own, as it left it", () => {
  test("written again by another program it has no seal, and other rights and times", async () => {
    const found = await verify(zipFiles(Object.entries(files)));
    expect(found).toMatchObject({
      ok: false,
      details: [
        ...ENTRIES.map((file) => ({ kind: "changed", file })),
        { kind: "damaged", file: null, message: expect.stringContaining("no seal") as unknown },
      ],
    });
  });

  test.each([
    ["an hour later", 3_600_000, 0],
    ["with the rights of a link", 0, 0o120777],
    ["with the rights of a program", 0, 0o100755],
  ])("entries %s, under a seal that fits", async (_, later, rights) => {
    const at = Date.parse(manifestOf(files).generated_at);
    const changed = sealedZip(Object.entries(files), at + later);
    if (rights > 0) {
      const header = changed.indexOf("PK\u0001\u0002");
      changed.writeUInt16LE(rights, header + 40);
    }
    const found = await verify(resealed(changed));
    if (found.ok) throw new Error("it verifies");
    expect(found.details).toMatchObject(
      (rights > 0 ? ENTRIES.slice(0, 1) : ENTRIES).map((file) => ({ kind: "changed", file })),
    );
    expect(found.problems.join()).not.toContain("seal");
  });

  test("its entries have the time of the ledger, in UTC, in whatever zone it is unpacked", async () => {
    await withZipFile(zip, async (_folder, file) => {
      const { stdout } = await run("unzip", ["-Z", "-T", file]);
      const lines = stdout.split("\n").filter((line) => line.startsWith("-"));
      expect(lines).toHaveLength(ENTRIES.length);
      for (const line of lines) expect(line).toMatch(/^-rw-r--r-- .* 20260102\.000000 /);
    });
  });
});

/** The seal that fits the bytes, written anew. */
function resealed(bytes: Buffer): Buffer {
  const before = bytes.subarray(0, -("sha256:".length + 64));
  return Buffer.concat([
    before,
    Buffer.from(`sha256:${createHash("sha256").update(before).digest("hex")}`),
  ]);
}

describe("a manifest of any form is judged, never tripped over", () => {
  test.each(["null", "true", "7", '""', "[]", "{}", "{", "", "\u0000", "[".repeat(200_000)])(
    "text %#",
    async (json) => {
      expect(await verify(withSums({ ...files, "manifest.json": json }))).toMatchObject({
        ok: false,
      });
    },
  );

  /** Every place in a value, as a path of keys. */
  function places(value: unknown, path: readonly string[] = []): (readonly string[])[] {
    if (typeof value !== "object" || value === null) return [path];
    const below = Object.entries(value).flatMap(([key, one]) => places(one, [...path, key]));
    return path.length > 0 ? [path, ...below] : below;
  }

  function changedAt(path: readonly string[], change: (holder: object, key: string) => void) {
    const manifest = manifestOf(files);
    const key = path.at(-1) ?? "";
    const holder = path
      .slice(0, -1)
      .reduce<unknown>((at, k) => Reflect.get(at as object, k), manifest);
    change(holder as object, key);
    return manifest;
  }

  test("every field missing, null or of another type", async () => {
    const changes: ((holder: object, key: string) => void)[] = [
      (holder, key) =>
        Array.isArray(holder) ? holder.splice(Number(key), 1) : Reflect.deleteProperty(holder, key),
      (holder, key) => Reflect.set(holder, key, { toString: "no text" }),
      (holder, key) => Reflect.set(holder, key, -1.5),
      (holder, key) => {
        if (Reflect.get(holder, key) !== null) Reflect.set(holder, key, null);
        else Reflect.set(holder, key, []);
      },
    ];
    // Whoever reads a list finds fewer of these, and nothing else in the zip speaks of them. The
    // first statements did not name their columns, and had no ids written as text.
    const optional = /^(columns|csv\.ids_as_text|(checks|formats)\.\d+)$/;
    for (const path of places(manifestOf(files))) {
      for (const [n, change] of changes.entries()) {
        if (n === 0 && optional.test(path.join("."))) continue;
        const json = JSON.stringify(changedAt(path, change));
        const checked = await verify(withSums({ ...files, "manifest.json": json }));
        expect({ path, n, ok: checked.ok }).toEqual({ path, n, ok: false });
      }
    }
  });

  test("numbers as large and lists as deep as a forger likes", async () => {
    const totals = (change: object) => ({
      ...manifestOf(files),
      totals: manifestOf(files).totals.map((entry) => ({ ...entry, ...change })),
    });
    for (const manifest of [totals({ minor_unit: 1e9 }), totals({ minor_unit: 2 ** 28 })]) {
      expect(await verify(sealed(files, manifest))).toMatchObject({ ok: false });
    }
    // The second version takes what it does not know, and does not look into it; no reader follows it without end.
    const json = JSON.stringify(totals({ more: 0 }));
    const nested = (depth: number): StatementFiles => {
      const deep = `${"[".repeat(depth)}${"]".repeat(depth)}`;
      return { ...files, "manifest.json": json.replaceAll('"more":0', `"more":${deep}`) };
    };
    expect(await verify(withSums(nested(60)))).toMatchObject({ ok: true });
    for (const depth of [65, 10_000, 100_000]) {
      expect(await verify(withSums(nested(depth)))).toMatchObject({
        ok: false,
        details: [{ kind: "unknown", file: "manifest.json" }],
      });
    }
  });
});

test("a source that throws: that very error, wherever it does", async () => {
  const broken = new TypeError("terminated");
  for (let whole = 0; whole <= zip.length; whole += 211) {
    const source = async function* () {
      yield* chunks(zip.subarray(0, whole), 100);
      throw broken;
    };
    await expect(verifyStatement(source())).rejects.toBe(broken);
  }
});

test.each([
  ["seekable", "zipfile.ZipFile(target, 'w', zipfile.ZIP_DEFLATED)"],
  ["stored", "zipfile.ZipFile(target, 'w')"],
  ["a stream", "zipfile.ZipFile(Pipe(target), 'w', zipfile.ZIP_DEFLATED)"],
])(
  "the files of a statement of the first version, zipped again by Python, verify: %s",
  async (_, open) => {
    const first = await readFile(new URL("../kept/0.1.0/plain.zip", import.meta.url));
    await withZipFile(first, async (folder, file) => {
      const target = `${folder}/python.zip`;
      const program = `
import sys, zipfile
class Pipe:
    def __init__(self, path): self.file = open(path, 'wb')
    def write(self, data): return self.file.write(data)
    def flush(self): self.file.flush()
source, target = sys.argv[1:]
with zipfile.ZipFile(source) as old, ${open} as new:
    for name in old.namelist(): new.writestr(name, old.read(name))
`;
      await run("python3", ["-c", program, file, target]);
      expect(await verify(await readFile(target))).toMatchObject({ ok: true });
    });
  },
);
