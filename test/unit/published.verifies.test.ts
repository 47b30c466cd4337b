/** What the builder publishes, verifyStatement accepts: at the bounds of a reader too, which both have from one place. */
import { buffer } from "node:stream/consumers";
import { CANONICAL_CSV } from "../../functions/domain/csv/csv-dialect.ts";
import { makeSmallZip } from "../../functions/statement-builder/zip/small-zip.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { readZip } from "../../functions/verification/zip/zip-reader.ts";
import { JANUARY, snapshotOf } from "../support/statements/sample-statement.ts";
import { zipOf } from "../support/statements/statement.ts";
import { lentRows } from "../support/bank/text-protocol.ts";

const MIB = 1024 * 1024;

/** Each with the same description. */
function manyRows(rows: number, description: string, idOf = (n: number) => `t${n}`) {
  const balances = [{ accountId: "acme-1", currency: "EUR", opening: 0n, closing: 0n }];
  const day = "2026-01-15";
  const batches = function* () {
    for (let n = 0; n < rows; n++) {
      const values = [
        "acme-1",
        idOf(n),
        day,
        `${day} 10:00:00.000000`,
        day,
        "BOOK",
        "0",
        "EUR",
        "0",
      ];
      yield lentRows([[...values, "CARD", description, null, null, null, null]]);
    }
  };
  return snapshotOf([], {
    rows,
    balances,
    // eslint-disable-next-line @typescript-eslint/require-await -- rows in memory need no waiting
    async *batches() {
      yield* batches();
    },
  });
}

/** Pieces as small as a network's: each moment counts, not the end alone. */
// eslint-disable-next-line @typescript-eslint/require-await -- bytes in memory need no waiting
async function* inPieces(zip: Buffer, size = 1400): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < zip.length; at += size) yield zip.subarray(at, at + size);
}

test("a hundred rows of the same MiB, by zlib", async () => {
  const zip = await buffer(zipOf(JANUARY, manyRows(100, "x".repeat(MIB)), "small"));
  expect(await verifyStatement(inPieces(zip))).toMatchObject({ ok: true });
  expect(zip.length).toBeLessThan(2 * MIB);
}, 120_000);

test("a table of line ends alone, by the table deflate", async () => {
  const block = Buffer.alloc(MIB, "\n");
  // eslint-disable-next-line @typescript-eslint/require-await -- bytes in memory need no waiting
  const blocks = async function* () {
    for (let n = 0; n < 100; n++) yield block;
  };
  const zip = await buffer(
    makeSmallZip({
      level: 4,
      date: Date.UTC(2026, 1, 1),
      signal: new AbortController().signal,
      write: async (addFile) => {
        await addFile("table.csv", "text/csv", blocks());
      },
    }),
  );
  let bytes = 0;
  const sink = { write: (read: Uint8Array) => (bytes += read.length), end: () => undefined };
  await readZip(
    inPieces(zip),
    () => sink,
    () => undefined,
  );
  expect(bytes).toBe(100 * MIB);
  expect(zip.length).toBeLessThan(2 * MIB);
});

test.each([
  [1_000_000, { ok: true }],
  [1_500_000, undefined],
])("an id of %d quotes, of which text makes four each", async (quotes, expected) => {
  const csv = { ...CANONICAL_CSV, idsAsText: true };
  const snapshot = manyRows(1, "x", () => `t${'"'.repeat(quotes)}`);
  const zip = buffer(zipOf({ ...JANUARY, options: { csv } }, snapshot));
  if (expected) expect(await verifyStatement(inPieces(await zip, MIB))).toMatchObject(expected);
  else await expect(zip).rejects.toMatchObject({ code: "invalid_value", detail: "row 1" });
});

test.each([
  [30_000, { ok: true }],
  [45_000, undefined],
])("%d accounts: verified, or refused before there is a zip", async (accounts, expected) => {
  const balances = Array.from({ length: accounts }, (_, n) => {
    return { accountId: `acme-${n}`, currency: "EUR", opening: 7n, closing: 7n };
  });
  const zip = buffer(zipOf(JANUARY, snapshotOf([], { rows: 0, balances })));
  if (expected) expect(await verifyStatement(inPieces(await zip, MIB))).toMatchObject(expected);
  else {
    await expect(zip).rejects.toMatchObject({ code: "invalid_value", detail: "manifest.json" });
  }
});
