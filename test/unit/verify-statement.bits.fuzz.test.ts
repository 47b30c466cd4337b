/** A finished zip is noticed to have changed, whichever bit it is. */
import process from "node:process";
import { buffer } from "node:stream/consumers";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { chunks, JANUARY, ROWS, snapshotOf } from "../support/statements/sample-statement.ts";
import { zipOf } from "../support/statements/statement.ts";

/** All of them take a minute and a half of CPU. With 9, each of a byte's eight comes up as often as the others. */
const STEP = process.env["LARGE_ZIPS"] === undefined ? 9 : 1;

test(
  STEP === 1 ? "every single bit" : "every ninth bit",
  async () => {
    const zip = await buffer(zipOf(JANUARY, snapshotOf(ROWS)));
    expect((await verifyStatement(chunks(zip))).ok).toBe(true);
    const unnoticed: string[] = [];
    for (let bit = 0; bit < zip.length * 8; bit += STEP) {
      const [byte, mask] = [bit >> 3, 1 << (bit & 7)];
      zip.writeUInt8(zip.readUInt8(byte) ^ mask, byte);
      if ((await verifyStatement(chunks(zip))).ok) unnoticed.push(`${byte}.${bit & 7}`);
      zip.writeUInt8(zip.readUInt8(byte) ^ mask, byte);
    }
    expect(unnoticed).toEqual([]);
  },
  600_000,
);
