/** Who may still read a buffer: whoever reads after the release is told, or reads nonsense. */
import { createHash } from "node:crypto";
import { BlockPool, giveBack, lend } from "../../functions/statement-builder/memory/lent-block.ts";
import { makeTransactionsCsv } from "../../functions/statement-builder/lines/statement-csv.ts";
import { POISON } from "../support/jest/poison-memory.ts";
import { ROWS, snapshotOf } from "../support/statements/sample-statement.ts";
import { lentRows } from "../support/bank/text-protocol.ts";

test("bytes are good until they are given back", () => {
  const loan = lend(Buffer.from("one customer's rows"));
  expect(String(loan.bytes)).toBe("one customer's rows");
  loan.release();
  expect(() => loan.bytes).toThrow("read after it was given back");
  expect(() => loan.handOn()).toThrow("read after it was given back");
  expect(() => loan.release()).toThrow("given back twice");
});

test("a slice that somebody kept is overwritten", () => {
  const loan = lend(Buffer.from("one customer's rows"));
  const kept = loan.bytes.subarray(4, 12);
  loan.release();
  expect(kept).toEqual(Buffer.alloc(8, POISON));
});

test("a block that has come back is filled again, and no other", () => {
  const pool = new BlockPool(100);
  const [first, second] = [pool.room(10), pool.room(10)];
  expect(first.buffer).not.toBe(second.buffer);
  pool.lend(first, 10).release();
  expect(pool.room(100).buffer).toBe(first.buffer);
  expect(pool.room(1).buffer).not.toBe(second.buffer);
});

test("a block larger than most is made for once", () => {
  const pool = new BlockPool(100, 200);
  const [grown, huge] = [pool.room(200), pool.room(201)];
  pool.lend(grown, 5).release();
  pool.lend(huge, 201).release();
  const next = pool.room(150);
  expect(next.buffer).toBe(grown.buffer);
  expect(pool.room(201).buffer).not.toBe(huge.buffer);
});

describe("through a stream, which knows nothing of loans", () => {
  test("whoever took all the bytes gives them back", () => {
    const pool = new BlockPool(100);
    const room = pool.room(100);
    giveBack(pool.lend(room, 50).handOn());
    expect(pool.room(100).buffer).toBe(room.buffer);
  });

  test("a part ends no loan: somebody else may be reading the rest", () => {
    const loan = lend(Buffer.allocUnsafeSlow(100).fill("x"));
    giveBack(loan.handOn().subarray(0, 99));
    expect(loan.bytes).toEqual(Buffer.alloc(100, "x"));
  });

  test("bytes that were never lent, or are given back again, are nobody's", () => {
    const bytes = lend(Buffer.from("lines")).handOn();
    giveBack(bytes);
    giveBack(bytes);
    const other = Buffer.from("a header");
    giveBack(other);
    expect(String(other)).toBe("a header");
  });
});

test("a reader of lines that comes too late finds other lines than were written", () => {
  const csv = makeTransactionsCsv(snapshotOf(ROWS).balances);
  const hashOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  const lines = csv.lines(lentRows(ROWS));
  const [inTime, late] = [hashOf(lines.bytes), lines.handOn()];
  giveBack(late);
  expect(hashOf(late)).not.toBe(inTime);
});

test("what is lent for the last time is nowhere after it, and is not filled again", () => {
  const pool = new BlockPool(100);
  const room = pool.room(100).fill("x");
  const loan = pool.lendLast(room, 50);
  const kept = loan.bytes.subarray(10, 20);
  expect(String(kept)).toBe("xxxxxxxxxx");
  giveBack(loan.handOn());
  expect([kept.length, room.length]).toEqual([0, 0]);
  expect(pool.room(1)).toHaveLength(100);
});

test("no more spare blocks are kept than a pool is told to", () => {
  const pool = new BlockPool(100, 100, 2);
  const rooms = [pool.room(100), pool.room(100), pool.room(100)];
  for (const room of rooms) pool.lend(room, 100).release();
  const next = [pool.room(100), pool.room(100), pool.room(100)];
  expect(next.filter((room) => rooms.includes(room)).length).toBe(2);
});
