/** A zip whose end does not describe it never ends. */
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { ZipArchive } from "archiver";
import {
  holdEnd,
  problemOfEnd,
  type WrittenFile,
} from "../../functions/statement-builder/zip/zip-end.ts";
import { chunks, sampleZip } from "../support/statements/sample-statement.ts";
import { unzip } from "../support/statements/statement.ts";

const FILES: readonly WrittenFile[] = [
  { path: "a.txt", bytes: 5 },
  { path: "b.txt", bytes: 70_000 },
];

async function archived(forceZip64: boolean): Promise<Buffer> {
  const archive = new ZipArchive({ forceZip64 });
  for (const { path, bytes } of FILES) archive.append(Buffer.alloc(bytes, "x"), { name: path });
  const whole = buffer(archive);
  await archive.finalize();
  return await whole;
}

async function passed(zip: Buffer, files: readonly WrittenFile[], size = 7): Promise<Buffer> {
  const out = holdEnd({ files: [...files], isComplete: true }, 8);
  const [bytes] = await Promise.all([buffer(out), pipeline(chunks(zip, size), out)]);
  return bytes;
}

test.each([false, true])("a whole zip passes as it is, with its seal, zip64 %s", async (zip64) => {
  const zip = await archived(zip64);
  const before = Buffer.from(zip);
  // The length of the comment, the zip's last field.
  before.writeUInt16LE(71, zip.length - 2);
  const seal = `sha256:${createHash("sha256").update(before).digest("hex")}`;
  const sealed = Buffer.concat([before, Buffer.from(seal)]);
  for (const size of [1, 100, 1_000_000]) expect(await passed(zip, FILES, size)).toEqual(sealed);
});

test.each<[string, readonly WrittenFile[]]>([
  ["a file more than was written", FILES.slice(0, 1)],
  ["a file less", [...FILES, { path: "c.txt", bytes: 1 }]],
  ["another name", [{ path: "x.txt", bytes: 5 }, ...FILES.slice(1)]],
  ["another size", [...FILES.slice(0, 1), { path: "b.txt", bytes: 70_001 }]],
  ["another order", FILES.toReversed()],
])("a zip with %s fails", async (_, files) => {
  for (const zip64 of [false, true]) {
    await expect(passed(await archived(zip64), files)).rejects.toThrow("the zip's end is wrong");
  }
});

test("a zip that lost bytes, or the end of them, fails, and its end is never seen", async () => {
  const zip = await archived(false);
  const cuts = [
    zip.subarray(0, -1),
    zip.subarray(0, 200),
    Buffer.concat([zip.subarray(0, 100), zip.subarray(101)]),
    Buffer.concat([zip, Buffer.from("x")]),
    Buffer.alloc(0),
  ];
  for (const cut of cuts) {
    const out = holdEnd({ files: [...FILES], isComplete: true }, 8);
    const seen: Buffer[] = [];
    out.on("data", (chunk: Buffer) => seen.push(chunk));
    await expect(pipeline(chunks(cut, 50), out)).rejects.toThrow("the zip's end is wrong");
    expect(Buffer.concat(seen).includes("PK\u0005\u0006")).toBe(false);
  }
});

test("sizes beyond 4 GiB stand in the zip64 field", async () => {
  const zip = await archived(true);
  const large = 2 ** 32 + 5;
  const at = zip.indexOf("PK\u0001\u0002");
  const nameEnd = at + 46 + zip.readUInt16LE(at + 28);
  const field = Buffer.alloc(28);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(24, 2);
  field.writeBigUInt64LE(BigInt(large), 4);
  const header = Buffer.from(zip.subarray(at, nameEnd));
  header.writeUInt32LE(0xffff_ffff, 24);
  header.writeUInt16LE(field.length, 30);
  const changed = Buffer.concat([zip.subarray(0, at), header, field, zip.subarray(nameEnd)]);
  const end = changed.indexOf("PK\u0006\u0006");
  changed.writeBigUInt64LE(changed.readBigUInt64LE(end + 40) + 28n, end + 40);
  const files = [{ path: "a.txt", bytes: large }, ...FILES.slice(1)];
  expect(problemOfEnd(changed, changed.length, files)).toBeUndefined();
  expect(problemOfEnd(changed, changed.length, FILES)).toBe("a.txt has another size");
});

test("a statement's own end is looked at", async () => {
  const zip = await sampleZip();
  // Before its seal.
  const unsealed = zip.subarray(0, -71);
  const files = Object.entries(await unzip(zip)).map(([path, text]) => ({
    path,
    bytes: Buffer.byteLength(text),
  }));
  expect(problemOfEnd(unsealed, unsealed.length, files)).toBeUndefined();
});
