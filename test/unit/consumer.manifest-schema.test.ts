/** The published JSON Schema of manifest.json says what `verifyStatement` checks. */
import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { isManifest } from "../../functions/verification/manifest-shape.ts";
import { sampleZip, snapshotOf } from "../support/statements/sample-statement.ts";
import { unzip } from "../support/statements/statement.ts";

const FILE = new URL("../../eventing/schemas/manifest.v2.json", import.meta.url);
const schema = JSON.parse(await readFile(FILE, "utf8")) as { readonly $id: string };
const accepts = new Ajv2020({ strict: true, strictTypes: false }).compile(schema);
const read = async (zip: Uint8Array): Promise<Readonly<Record<string, unknown>>> =>
  JSON.parse((await unzip(zip))["manifest.json"] ?? "") as Readonly<Record<string, unknown>>;
const manifest = await read(await sampleZip());

test("a built statement's manifest is valid, with rows and without, and names the schema", async () => {
  accepts(manifest);
  expect(accepts.errors ?? []).toEqual([]);
  expect(manifest["schema"]).toBe(schema.$id);
  const balances = [{ accountId: "acme-1", currency: "EUR", opening: 7n, closing: 7n }];
  accepts(await read(await sampleZip(snapshotOf([], { rows: 0, balances }))));
  expect(accepts.errors ?? []).toEqual([]);
});

/** Every place in a value, as a path of keys. */
function places(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, one]) => places(one, [...path, key]))];
}

/** The manifest with another value at the place; `undefined` takes it away. */
function changed(path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return value;
  const copy: unknown = structuredClone(manifest);
  const at = path.slice(0, -1).reduce<unknown>((one, key) => Reflect.get(one as object, key), copy);
  Reflect.set(at as object, path.at(-1) ?? "", value);
  return JSON.parse(JSON.stringify(copy));
}

test("says of every changed place what the check says", () => {
  const values = [undefined, null, true, false, -1, 0, 1.5, "", "x", "2026-01-01T00:00:00.000Z"];
  const found = { valid: 0, invalid: 0 };
  for (const path of places(manifest)) {
    for (const value of [...values, [], {}, [{}], "0".repeat(64)]) {
      const candidate = changed(path, value);
      const ok = isManifest(candidate);
      expect({ path, value, ok: accepts(candidate) }).toEqual({ path, value, ok });
      found[ok ? "valid" : "invalid"] += 1;
    }
  }
  expect(found.valid).toBeGreaterThan(100);
  expect(found.invalid).toBeGreaterThan(500);
});

test("a later release may add a field, in the lists too", () => {
  for (const path of [[], ["totals", "0"], ["accounts", "0"]]) {
    const candidate = changed([...path, "more"], 1);
    expect([accepts(candidate), isManifest(candidate)]).toEqual([true, true]);
  }
});

test("of the first version nothing hides in the totals, nor in an account", async () => {
  const file = new URL("../../eventing/schemas/manifest.v1.json", import.meta.url);
  const first = new Ajv2020({ strict: true, strictTypes: false }).compile(
    JSON.parse(await readFile(file, "utf8")) as object,
  );
  const kept = await read(await readFile(new URL("../kept/0.1.0/plain.zip", import.meta.url)));
  expect([first(kept), isManifest(kept)]).toEqual([true, true]);
  expect([first({ ...kept, more: 1 }), isManifest({ ...kept, more: 1 })]).toEqual([true, true]);
  for (const list of ["totals", "accounts"] as const) {
    const wider = { ...kept, [list]: (kept[list] as object[]).map((one) => ({ ...one, more: 1 })) };
    expect([first(wider), isManifest(wider)]).toEqual([false, false]);
  }
});
