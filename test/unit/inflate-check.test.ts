/** What is read back is only counted: it goes into the same memory again and again. */
import { jest } from "@jest/globals";
import { crc32 } from "node:zlib";
import {
  InflateCheck,
  requireKnownZlib,
} from "../../functions/statement-builder/zip/inflate-check.ts";
import { TableDeflate } from "../../functions/statement-builder/zip/table-deflate/table-deflate.ts";
import { tableOf } from "../support/zips/deflate-inputs.ts";

afterEach(() => jest.restoreAllMocks());

test("the zlib that is installed is as known", () => {
  expect(requireKnownZlib).not.toThrow();
});

test("twenty blocks are inflated into one buffer", async () => {
  const table = tableOf(20 * 131_072);
  const deflate = new TableDeflate();
  const check = new InflateCheck();
  const allotted = jest.spyOn(Buffer, "allocUnsafe");
  for (let at = 0; at < table.length;) {
    at += deflate.take(table, at);
    await check.write(Buffer.from(deflate.deflate(at === table.length)), at);
  }
  await check.end(crc32(table), table.length);
  const large = allotted.mock.calls.filter(([bytes]) => bytes > 100_000);
  expect(large).toHaveLength(1);
});
