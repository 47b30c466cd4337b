import fc from "fast-check";
import { crc32, portableCrc32 } from "../../functions/verification/zip/crc32.ts";

test.each([crc32, portableCrc32])("the check value of the algorithm's catalogue", (checksum) => {
  expect(checksum(Buffer.from("123456789"))).toBe(0xcbf43926);
  expect(checksum(new Uint8Array(0))).toBe(0);
});

test("both give the same, whole or in pieces", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      const whole = crc32(Buffer.concat([a, b]));
      expect(crc32(b, crc32(a))).toBe(whole);
      expect(portableCrc32(b, portableCrc32(a))).toBe(whole);
    }),
  );
});
