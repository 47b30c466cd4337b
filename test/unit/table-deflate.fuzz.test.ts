/**
 * The deflate for tables over inputs that nobody chose. `FUZZ_RUNS` and `SEED` ask for more, or for the same
 * again; `LARGE_ZIPS=1` for a stream of more than 4 GiB, which takes a minute.
 */
import { once } from "node:events";
import { createInflateRaw, crc32, inflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { TableDeflate } from "../../functions/statement-builder/zip/table-deflate/table-deflate.ts";
import { anyInput, deflated, tableOf } from "../support/zips/deflate-inputs.ts";
import { chosenNumber } from "../support/chosen-number.ts";

const RUNS = chosenNumber("FUZZ_RUNS", 100, 1);
const SEED = chosenNumber("SEED", Date.now() % 2 ** 31);
const MINUTES = 60_000;

test(
  "anything comes back, however it is cut and whatever was deflated before",
  () => {
    const other = new TableDeflate();
    const cut = fc.integer({ min: 1, max: 300_000 });
    fc.assert(
      fc.property(anyInput, cut, anyInput, (input, piece, before) => {
        const output = deflated(input);
        expect(inflateRawSync(output).equals(input)).toBe(true);
        deflated(before, undefined, other);
        // A stream that was left in the middle leaves no trace either.
        other.begin();
        other.take(before, 0);
        expect(deflated(input, piece, other).equals(output)).toBe(true);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  },
  60 * MINUTES,
);

if (process.env["LARGE_ZIPS"] === "1") {
  test(
    "a stream of more than 4 GiB comes back: positions in it begin again at 0",
    async () => {
      // Of a length that shares no factor with a block's: each block begins elsewhere in it.
      const piece = tableOf(5_000_011);
      const pieces = Math.ceil((2 ** 32 + 2 ** 27) / piece.length);
      const deflate = new TableDeflate();
      const inflate = createInflateRaw({ chunkSize: 1024 * 1024 });
      let [crcIn, crcOut, bytesOut] = [0, 0, 0];
      inflate.on("data", (bytes: Buffer) => {
        crcOut = crc32(bytes, crcOut);
        bytesOut += bytes.length;
      });
      for (let n = 0; n < pieces; n++) {
        crcIn = crc32(piece, crcIn);
        for (let from = 0; from < piece.length;) {
          if (deflate.isFull && !inflate.write(Buffer.from(deflate.deflate(false)))) {
            await once(inflate, "drain");
          }
          from += deflate.take(piece, from);
        }
      }
      inflate.end(Buffer.from(deflate.deflate(true)));
      await once(inflate, "end");
      expect([bytesOut, crcOut]).toEqual([pieces * piece.length, crcIn]);
    },
    10 * MINUTES,
  );
}
