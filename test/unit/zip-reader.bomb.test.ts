/** A small file that unpacks to a very large one is refused before it has cost much. */
import { Readable } from "node:stream";
import { createDeflateRaw } from "node:zlib";
import { readZip } from "../../functions/verification/zip/zip-reader.ts";

const MIB = 1024 * 1024;

/** An entry without an end: a local header, and zeros as deflate likes them best. */
async function* bomb(): AsyncGenerator<Uint8Array> {
  const header = Buffer.alloc(30);
  header.write("PK\u0003\u0004", "latin1");
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(8, 6);
  header.writeUInt16LE(8, 8);
  header.writeUInt16LE(1, 26);
  yield Buffer.concat([header, Buffer.from("a")]);
  const zeros = Readable.from(endless(), { objectMode: false });
  for await (const chunk of zeros.pipe(createDeflateRaw())) yield chunk as Uint8Array;
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(MIB);
}

test("it is left alone long before it has unpacked a gibibyte", async () => {
  let unpacked = 0;
  const sink = { write: (bytes: Uint8Array) => (unpacked += bytes.length), end: () => undefined };
  const reading = readZip(
    bomb(),
    () => sink,
    () => undefined,
  );
  await expect(reading).rejects.toThrow("a: more data than a statement can hold");
  expect(unpacked).toBeLessThan(128 * MIB);
});
