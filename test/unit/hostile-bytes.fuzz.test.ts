/**
 * What a receiver reads from a bucket or a queue, as somebody made it who wants it to fail: never an exception,
 * never a right statement, never an answer that grows. `FUZZ_INPUTS` and `SEED` ask for more, or for the same again.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import type { Manifest } from "../../functions/domain/manifest.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { parseS3Event } from "../../infra/clients/consumer/index.ts";
import { collectGarbage } from "../support/collect-garbage.ts";
import { fuzzing } from "../support/fuzzing.ts";
import { chunks, sampleZip } from "../support/statements/sample-statement.ts";
import {
  manifestOf,
  sealed,
  withSums,
  type StatementFiles,
} from "../support/statements/sealed-statement.ts";
import { unzip } from "../support/statements/statement.ts";

const SAMPLES = new URL("../../infra/clients/consumer/samples/", import.meta.url).pathname;

let zip: Buffer;
let files: StatementFiles;
let manifest: Manifest;
let messages: readonly unknown[];
beforeAll(async () => {
  zip = Buffer.from(await sampleZip());
  files = await unzip(zip);
  manifest = manifestOf(files);
  const names = (await readdir(SAMPLES)).filter((name) => name.endsWith(".json"));
  messages = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(SAMPLES, name), "utf8")) as unknown),
  );
});

/** Bytes that are kept of what was read before would show. */
async function expectNoGrowth(run: () => Promise<void>): Promise<void> {
  collectGarbage();
  const before = process.memoryUsage();
  await run();
  collectGarbage();
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.external - before.heapUsed - before.external;
  expect(grown).toBeLessThan(32 * 1024 * 1024);
}

/** Where, and what is done there; as parts of the whole, so that it is the same for a zip of any length. */
const change = fc.record({
  at: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
  length: fc.nat({ max: 64 }),
  how: fc.constantFrom("flip", "cut", "drop", "double", "fill", "insert"),
  byte: fc.nat({ max: 255 }),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(bytes: Buffer, { at, length, how, byte }: Change): Buffer {
  const from = Math.floor(at * bytes.length);
  const [before, part, after] = [
    bytes.subarray(0, from),
    bytes.subarray(from, from + length + 1),
    bytes.subarray(from + length + 1),
  ];
  switch (how) {
    case "flip":
      return Buffer.concat([before, part.map((one) => one ^ (byte || 1)), after]);
    case "cut":
      return before;
    case "drop":
      return Buffer.concat([before, after]);
    case "double":
      return Buffer.concat([before, part, part, after]);
    case "fill":
      return Buffer.concat([before, Buffer.alloc(part.length, byte), after]);
    case "insert":
      return Buffer.concat([before, Buffer.alloc(length + 1, byte), part, after]);
  }
}

test("a zip of changed bytes is no statement", async () => {
  const property = fc.asyncProperty(
    fc.array(change, { minLength: 1, maxLength: 4 }),
    fc.nat({ max: 4_096 }),
    async (changes, size) => {
      const bytes = changes.reduce(changed, zip);
      const found = await verifyStatement(chunks(bytes, size + 1));
      expect(found.ok).toBe(bytes.equals(zip));
      if (found.ok) return;
      expect(found.problems.length).toBeGreaterThan(0);
      expect(found.problems.length).toBeLessThan(100);
    },
  );
  await expectNoGrowth(() => fc.assert(property, fuzzing(0.12)));
}, 1_800_000);

const FIELDS = ["schema", "period", "totals", "accounts", "files", "columns", "rows", "csv", "x"];

test("a zip with anything at all in its manifest and tables is read to its end", async () => {
  const property = fc.asyncProperty(
    fc.dictionary(fc.constantFrom(...FIELDS, "__proto__"), fc.jsonValue({ maxDepth: 3 }), {
      maxKeys: 3,
    }),
    fc.constantFrom(...Object.keys(files), "../x", "transactions.csv"),
    fc.oneof(fc.constant(undefined), fc.string({ unit: "binary", maxLength: 60 })),
    async (fields, name, text) => {
      const put = text === undefined ? files : { ...files, [name]: text };
      const told = { ...manifest, ...fields };
      const bytes =
        "files" in fields
          ? withSums({ ...put, "manifest.json": JSON.stringify(told) })
          : sealed(put, told);
      const found = await verifyStatement(chunks(bytes, 1_024));
      expect(typeof found.ok).toBe("boolean");
      if (!found.ok) for (const one of found.problems) expect(one.length).toBeLessThan(1_024);
    },
  );
  await expectNoGrowth(() => fc.assert(property, fuzzing(0.03)));
}, 1_800_000);

/** Another value in the place of any part of a message, however deep. */
function withPart(value: unknown, path: readonly number[], part: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return part;
  // Messages are wrapped as text in others.
  if (typeof value === "string" && /^[[{]/.test(value)) {
    return JSON.stringify(withPart(JSON.parse(value), path, part));
  }
  if (typeof value !== "object" || value === null) return part;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(keys.length, 1)];
  if (key === undefined) return part;
  const inner: unknown = withPart((value as Record<string, unknown>)[key], rest, part);
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...value, [key]: inner };
}

test("a message of a queue is read, and never throws", async () => {
  const part = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.anything(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("%", "a%zz", "+".repeat(2_000), "statements/a-1-2-1770000000000.zip", null),
  );
  const property = fc.property(
    fc.nat(),
    fc.array(fc.nat({ max: 12 }), { maxLength: 9 }),
    part,
    fc.boolean(),
    (which, path, put, asText) => {
      const message = withPart(messages[which % messages.length], path, put);
      const events = parseS3Event(asText ? textOf(message) : message);
      for (const { kind } of events) expect(["statement", "ignored", "unreadable"]).toContain(kind);
      expect(events.length).toBeLessThan(1_000);
    },
  );
  await expectNoGrowth(async () => {
    fc.assert(property, fuzzing(0.46));
    await Promise.resolve();
  });
}, 1_800_000);

function textOf(message: unknown): string {
  try {
    return JSON.stringify(message);
  } catch {
    // A BigInt, or what holds itself.
    return "{";
  }
}
