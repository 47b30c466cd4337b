/** The hash a browser computes is the hash Node computes, whatever the bytes and their chunks. */
import fc from "fast-check";
import { createHash } from "node:crypto";
import { makePortableSha256, makeSha256 } from "../../functions/verification/sha256.ts";

function portable(...chunks: readonly Uint8Array[]): string {
  const hash = makePortableSha256();
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
}

function byNode(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

test.each([
  // FIPS 180-4, the examples published with it.
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
])("the published hash of %j", (text, hash) => {
  expect(portable(Buffer.from(text))).toBe(hash);
});

test("every length around the edges of a block", () => {
  for (let length = 0; length <= 200; length += 1) {
    const bytes = Buffer.alloc(length, 0xa5);
    expect(portable(bytes)).toBe(byNode(bytes));
  }
});

test("any bytes in any chunks", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (chunks) => {
      expect(portable(...chunks)).toBe(byNode(Buffer.concat(chunks)));
    }),
  );
});

test("a megabyte in uneven chunks", () => {
  const bytes = Buffer.alloc(1_048_576 + 3, "statement");
  expect(portable(bytes.subarray(0, 7), bytes.subarray(7))).toBe(byNode(bytes));
});

test("where Node's own is there, it is used; where it is missing, the hash stays the same", () => {
  const bytes = Buffer.from("Zoë 🍕");
  const viaNode = makeSha256();
  viaNode.update(bytes);
  expect(viaNode.digest()).toBe(byNode(bytes));

  const { process } = globalThis;
  try {
    Reflect.set(globalThis, "process", undefined);
    const inBrowser = makeSha256();
    inBrowser.update(bytes);
    expect(inBrowser.digest()).toBe(
      "c21024f8454afecbb9b4796623d0716928ca08784f30abb84fe2fac54fa17a30",
    );
  } finally {
    Reflect.set(globalThis, "process", process);
  }
});
