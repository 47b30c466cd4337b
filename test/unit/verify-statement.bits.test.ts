/** A finished zip is noticed to have changed, whichever bit it is. */
import { buffer } from "node:stream/consumers";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { chunks, JANUARY, ROWS, snapshotOf } from "../support/sample-statement.ts";
import { zipOf } from "../support/statement.ts";

test("every single bit", async () => {
  const zip = await buffer(zipOf(JANUARY, snapshotOf(ROWS)));
  expect((await verifyStatement(chunks(zip))).ok).toBe(true);
  const unnoticed: string[] = [];
  for (let bit = 0; bit < zip.length * 8; bit++) {
    const [byte, mask] = [bit >> 3, 1 << (bit & 7)];
    zip.writeUInt8(zip.readUInt8(byte) ^ mask, byte);
    if ((await verifyStatement(chunks(zip))).ok) unnoticed.push(`${byte}.${bit & 7}`);
    zip.writeUInt8(zip.readUInt8(byte) ^ mask, byte);
  }
  expect(unnoticed).toEqual([]);
}, 600_000);
