/** `verifyStatement` takes bytes in every form, and gives back what it took. */
import { createReadStream, openAsBlob } from "node:fs";
import {
  parseStatementKey,
  verifyStatement,
  type StatementBytes,
} from "../../infra/clients/consumer/index.ts";
import { chunks, JANUARY, sampleZip } from "../support/statements/sample-statement.ts";
import { withZipFile } from "../support/statements/statement.ts";

const zip = await sampleZip();
const KEY = "statements/acme-42-1767222000-1769814000-1767312000000.zip";

/** In pieces, so that a stream is one. */
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return ReadableStream.from<Uint8Array>(chunks(bytes));
}

const FORMS: readonly (readonly [string, (bytes: Buffer) => StatementBytes])[] = [
  ["bytes", (bytes) => bytes],
  ["an ArrayBuffer", (bytes) => Uint8Array.from(bytes).buffer],
  ["a Blob", (bytes) => new Blob([Uint8Array.from(bytes)])],
  ["a File", (bytes) => new File([Uint8Array.from(bytes)], "statement.zip")],
  ["an asynchronous iterable", (bytes) => chunks(bytes)],
  ["a web stream", streamOf],
  [
    "a web stream that cannot be iterated",
    (bytes) => {
      const stream = streamOf(bytes);
      return { getReader: () => stream.getReader() } as unknown as ReadableStream<Uint8Array>;
    },
  ],
  ["the body of a response", (bytes) => new Response(Uint8Array.from(bytes)).body ?? bytes],
];

describe.each(FORMS)("%s", (_, form) => {
  test("of a statement", async () => {
    expect(await verifyStatement(form(zip), KEY)).toMatchObject({
      ok: true,
      manifest: { customer_id: JANUARY.customerId, rows: 4 },
      bytes: zip.length,
    });
  });

  test("of a damaged one", async () => {
    const damaged = Buffer.from(zip);
    damaged.writeUInt8(damaged.readUInt8(700) ^ 1, 700);
    expect(await verifyStatement(form(damaged))).toMatchObject({ ok: false });
  });
});

test("files of Node: read as a stream and opened as a Blob", async () => {
  await withZipFile(zip, async (_, file) => {
    for (const bytes of [createReadStream(file), await openAsBlob(file)]) {
      expect(await verifyStatement(bytes)).toMatchObject({ ok: true, bytes: zip.length });
    }
  });
});

test.each<[string, unknown, string]>([
  ["the name of a file", "statement.zip", "this is string"],
  ["a body that is missing", undefined, "this is undefined"],
  ["a whole response", new Response(Uint8Array.from(zip)), "this is [object Response]"],
  ["a promise of the bytes", Promise.resolve(zip), "this is [object Promise]"],
  ["the answer of the AWS SDK", { Body: zip }, "this is [object Object]"],
])("%s is told to be no bytes, and no statement that is damaged", async (_, bytes, words) => {
  const tried = verifyStatement(bytes as StatementBytes);
  await expect(tried).rejects.toThrow(TypeError);
  await expect(tried).rejects.toThrow(words);
});

test("the key of another statement is no right name for this one", async () => {
  for (const key of [KEY, KEY.replace("statements/", ""), `a/b/${KEY}`]) {
    expect(await verifyStatement(zip, key)).toMatchObject({ ok: true });
  }
  const other = KEY.replace("acme-42", "acme-43");
  expect(parseStatementKey(other)).toBeDefined();
  expect(await verifyStatement(zip, other)).toMatchObject({
    ok: false,
    problems: ["the object has another statement's name"],
    bytes: zip.length,
  });
});

test("a download that is refused early is cancelled, not left open", async () => {
  let cancelled = false;
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1024)),
    cancel: () => void (cancelled = true),
  });
  const reader = { getReader: () => source.getReader() } as unknown as ReadableStream<Uint8Array>;
  expect(await verifyStatement(reader)).toMatchObject({ ok: false });
  expect(cancelled).toBe(true);
});

test("the error of a download is its own", async () => {
  const broken = new TypeError("terminated");
  const source = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(broken) });
  await expect(verifyStatement(source)).rejects.toBe(broken);
});
