/** What a deflate for tables is tried on: tables, what is anything but one, and mixtures. */
import * as fc from "fast-check";
import { TableDeflate } from "../../../functions/statement-builder/zip/table-deflate/table-deflate.ts";
import { seededRandom } from "../../../infra/local/cluster/sample-bank/random.ts";

const shared = new TableDeflate();

/** The whole of `input`, handed over in pieces. */
export function deflated(input: Buffer, pieceBytes = input.length, deflate = shared): Buffer {
  deflate.begin();
  const out: Buffer[] = [];
  for (let at = 0; at < input.length; at += pieceBytes) {
    const piece = input.subarray(at, at + pieceBytes);
    for (let from = 0; from < piece.length;) {
      if (deflate.isFull) out.push(Buffer.from(deflate.deflate(false)));
      from += deflate.take(piece, from);
    }
  }
  out.push(Buffer.from(deflate.deflate(true)));
  return Buffer.concat(out);
}

/** Lines as in transactions.csv. The same `seed` gives the same bytes. */
export function tableOf(bytes: number, seed = 1): Buffer {
  const random = seededRandom(seed);
  const int = (below: number): number => Math.floor(random() * below);
  const out = Buffer.alloc(bytes);
  let at = 0;
  for (let line = 1; at < bytes; line++) {
    const day = `2026-${String(1 + int(12)).padStart(2, "0")}-${String(1 + int(28)).padStart(2, "0")}`;
    const reference = int(2 ** 32).toString(36);
    at += out.write(
      `${line},account-${int(4)},${50_000 + line * 3},${day},${day}T08:15:${10 + int(50)}.${int(1e6)}Z,BOOK,DBIT,` +
        `-${int(1e6) / 100},EUR,${int(1e8) / 100},CARD_PAYMENT,"Miete, Nr. ${int(900)}",Bäckerei ${int(50)},${reference}\r\n`,
      at,
    );
  }
  return out;
}

/** Words in no order, without a number. */
export function proseOf(bytes: number, seed = 1): Buffer {
  const random = seededRandom(seed);
  const words = Array.from({ length: 800 }, () => Math.floor(random() * 36 ** 6).toString(26));
  const out = Buffer.alloc(bytes);
  for (let at = 0; at < bytes;) {
    at += out.write(`${words[Math.floor(words.length * random() ** 3)] ?? ""} `, at);
  }
  return out;
}

export function noiseOf(bytes: number, seed = 1): Buffer {
  const random = seededRandom(seed);
  const out = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at++) out[at] = random() * 256;
  return out;
}

export function repeated(text: string, bytes: number): Buffer {
  return Buffer.alloc(bytes, text);
}

const sizes = fc.oneof(
  fc.integer({ min: 0, max: 20 }),
  fc.integer({ min: 21, max: 5_000 }),
  fc.integer({ min: 5_001, max: 200_000 }),
);
const piece = fc.oneof(
  fc.tuple(sizes, fc.nat()).map(([bytes, seed]) => tableOf(bytes, seed)),
  fc.tuple(sizes, fc.nat()).map(([bytes, seed]) => proseOf(bytes, seed)),
  fc.tuple(sizes, fc.nat()).map(([bytes, seed]) => noiseOf(bytes, seed)),
  fc
    .tuple(sizes, fc.string({ unit: "binary", minLength: 1, maxLength: 40 }))
    .map(([bytes, text]) => repeated(text, bytes)),
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  // Nothing but what the finder takes for a separator, a digit or a letter.
  fc
    .string({
      unit: fc.constantFrom("0", "1", "7", "9", ",", "\n", "a", "b", '"'),
      maxLength: 4_000,
    })
    .map((text) => Buffer.from(text)),
);

/** Pieces of every kind one behind the other, some of them a second time from further back. */
export const anyInput = fc
  .array(fc.tuple(piece, fc.integer({ min: 0, max: 40_000 })), { maxLength: 6 })
  .map((pieces) => {
    let all = Buffer.alloc(0);
    for (const [bytes, back] of pieces) {
      const again = all.subarray(Math.max(0, all.length - back), all.length - (back >> 1));
      all = Buffer.concat([all, bytes, again]);
    }
    return all;
  });
