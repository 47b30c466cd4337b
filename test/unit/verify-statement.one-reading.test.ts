/** A zip that verifies is to every other reader the same zip: no second one hides where those look. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  verifyStatement,
  type Verification,
} from "../../functions/verification/verify-statement.ts";
import { keptVersions, readKept } from "../support/kept/kept-versions.ts";
import { chunks, sampleZip } from "../support/statements/sample-statement.ts";
import { manifestOf, sealedZip } from "../support/statements/sealed-statement.ts";
import { run, unzip, withZipFile } from "../support/statements/statement.ts";
import { zipFiles } from "../support/zips/zip-writer.ts";

const CENTRAL = "PK\u0001\u0002";
const LOCAL = "PK\u0003\u0004";
const END = "PK\u0005\u0006";
const OTHER = zipFiles([["transactions.csv", "of somebody else"]]);

/** The zip of version 1, signed: it has no seal. */
let first: Buffer;
let second: Buffer;
let keys: Awaited<ReturnType<typeof readKept>>["keys"];
beforeAll(async () => {
  const [version = ""] = await keptVersions();
  const kept = await readKept(version);
  keys = kept.keys;
  first = await readFile(`${kept.folder}/signed-ES256.zip`);
  second = await sampleZip();
});

async function verify(zip: Uint8Array): Promise<Verification> {
  return await verifyStatement(chunks(zip, 4096));
}

async function pythonReads(zip: Buffer): Promise<string> {
  return await withZipFile(zip, async (_folder, file) => {
    const program =
      "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read('transactions.csv').decode())";
    return (await run("python3", ["-c", program, file])).stdout;
  });
}

/** With other bytes at this place of each header. */
function withHeaders(
  zip: Buffer,
  change: (zip: Buffer, local: number | undefined, central: number | undefined) => void,
): Buffer {
  const changed = Buffer.from(zip);
  for (let at = changed.indexOf(LOCAL); at >= 0; at = changed.indexOf(LOCAL, at + 4))
    change(changed, at, undefined);
  for (let at = changed.indexOf(CENTRAL); at >= 0; at = changed.indexOf(CENTRAL, at + 4))
    change(changed, undefined, at);
  return changed;
}

function withSeal(zip: Buffer): Buffer {
  const before = zip.subarray(0, zip.lastIndexOf(END) + 22);
  const sha256 = createHash("sha256").update(before).digest("hex");
  return Buffer.concat([before, Buffer.from(`sha256:${sha256}`)]);
}

/** With an extra field behind the last name of the list. */
function withLastExtra(zip: Buffer, extra: Buffer): Buffer {
  const header = zip.lastIndexOf(CENTRAL);
  const at = header + 46 + zip.readUInt16LE(header + 28);
  const changed = Buffer.concat([zip.subarray(0, at), extra, zip.subarray(at)]);
  changed.writeUInt16LE(extra.length, header + 30);
  const end = changed.lastIndexOf(END);
  changed.writeUInt32LE(changed.readUInt32LE(end + 12) + extra.length, end + 12);
  return changed;
}

function field(id: number, content: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(content.length, 2);
  return Buffer.concat([head, content]);
}

/** A zip64 end record and its locator. */
function zip64End(entries: number, size: number, offset: number, at: number): Buffer {
  const end = Buffer.alloc(76);
  end.write("PK\u0006\u0006");
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(45, 12);
  end.writeUInt16LE(45, 14);
  end.writeBigUInt64LE(BigInt(entries), 24);
  end.writeBigUInt64LE(BigInt(entries), 32);
  end.writeBigUInt64LE(BigInt(size), 40);
  end.writeBigUInt64LE(BigInt(offset), 48);
  end.write("PK\u0006\u0007", 56);
  end.writeBigUInt64LE(BigInt(at), 64);
  end.writeUInt32LE(1, 72);
  return end;
}

test("both are right as they are", async () => {
  expect(await verifyStatement(chunks(first), { keys })).toMatchObject({ authentic: true });
  expect(await verify(second)).toMatchObject({ ok: true });
});

test("the comment of a zip without a seal holds no other zip", async () => {
  const both = Buffer.concat([first, OTHER]);
  both.writeUInt16LE(OTHER.length, first.length - 2);
  expect(await pythonReads(both)).toBe("of somebody else\n");
  expect(await verifyStatement(chunks(both), { keys })).toMatchObject({
    ok: false,
    problems: ["the zip has changed since it was made: it has a comment"],
  });
});

test("no extra field in front of the end is the end of another zip", async () => {
  const start = first.lastIndexOf(END) + 4;
  const listedAt = OTHER.indexOf(CENTRAL);
  const files = Buffer.from(OTHER.subarray(0, OTHER.lastIndexOf(END)));
  files.writeUInt32LE(start, listedAt + 42);
  const end = zip64End(1, files.length - listedAt, start + listedAt, start + files.length);
  const inside = Buffer.concat([files, end]);
  const both = withLastExtra(first, field(0x7878, inside));
  expect(await pythonReads(both)).toBe("of somebody else\n");
  expect(await verify(both)).toMatchObject({
    ok: false,
    problems: ["SHA256SUMS: what the zip's list of its files says of it is an end of a zip"],
  });
});

test("no entry is encrypted to others", async () => {
  const zip = withHeaders(first, (bytes, local, central) => {
    const at = local === undefined ? (central ?? 0) + 8 : local + 6;
    bytes.writeUInt8(bytes.readUInt8(at) | 1, at);
  });
  await expect(pythonReads(zip)).rejects.toThrow("encrypted");
  expect(await verify(zip)).toMatchObject({
    ok: false,
    problems: ["README.txt: encrypted, or in a form that no statement has"],
  });
});

test.each([
  ["a link", 0o120777 * 0x1_0000],
  ["a folder", 0o040755 * 0x1_0000],
  ["a device", 0o060600 * 0x1_0000],
  ["a folder of MS-DOS", 0o100644 * 0x1_0000 + 0x10],
])("no entry of a zip without a seal is %s", async (_what, rights) => {
  const zip = withHeaders(first, (bytes, _local, central) => {
    if (central !== undefined) bytes.writeUInt32LE(rights, central + 38);
  });
  const found = await verify(zip);
  expect(found.ok ? [] : found.problems).toContain(
    "README.txt: in the zip it is a link, a folder or a device, and no plain file",
  );
});

test("a byte order mark in front of a name is a part of it", async () => {
  const files = await unzip(second);
  const at = Date.parse(manifestOf(files).generated_at);
  const marked = Object.entries(files).map(
    ([name, text]) => [name === "README.txt" ? `\uFEFF${name}` : name, text] as const,
  );
  expect(await verify(sealedZip(marked, at))).toMatchObject({
    ok: false,
    details: [
      { kind: "missing", file: "README.txt" },
      { kind: "added", file: "\uFEFFREADME.txt" },
    ],
  });
});

test("a field of zip64 holds nothing but the values it stands for", async () => {
  const found = await verify(withSeal(withLastExtra(second, field(1, Buffer.alloc(5_000, "x")))));
  expect(found).toMatchObject({ ok: false, details: [{ kind: "changed", file: "SHA256SUMS" }] });
});

test.each<[string, (end: Buffer) => unknown]>([
  ["it says that it is longer", (end) => end.writeBigUInt64LE(99_999n, 4)],
  ["it is on another disk", (end) => end.writeUInt32LE(5, 16)],
  ["its list is on another disk", (end) => end.writeUInt32LE(5, 20)],
  ["its locator leads to another disk", (end) => end.writeUInt32LE(7, 60)],
  ["its locator counts more disks", (end) => end.writeUInt32LE(9, 72)],
])("a zip64 end record is right in every field: %s", async (_what, change) => {
  const at = second.lastIndexOf(END);
  const record = zip64End(
    second.readUInt16LE(at + 10),
    second.readUInt32LE(at + 12),
    second.readUInt32LE(at + 16),
    at,
  );
  const zip = (): Buffer =>
    withSeal(Buffer.concat([second.subarray(0, at), record, second.subarray(at)]));
  expect(await verify(zip())).toMatchObject({ ok: true });
  change(record);
  expect(await verify(zip())).toMatchObject({
    ok: false,
    problems: ["the zip64 end record does not describe the zip"],
  });
});
