/** The seam to the driver: rows as packets while it is as known, and an error otherwise. */
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import mysql, { type Connection, type Query } from "mysql2";
import {
  requireKnownDriver,
  takeRows,
} from "../../functions/statement-builder/source/byte-rows.ts";
import { encodePacket } from "../support/bank/text-protocol.ts";
import { readTransactions } from "../support/statements/statement.ts";

type State = (packet: object, connection: object) => State;

interface FakePacket {
  readonly name: string;
  isEOF?(): boolean;
}

const ROW = { name: "row", isEOF: () => false };
const END = { name: "end", isEOF: () => true };

/** A driver whose query answers itself as the real one's does; it looks at `packets`, one for each that it is given. */
function makeDriver(packets: readonly FakePacket[]) {
  const seen: FakePacket[] = [];
  const row = function (packet: object) {
    seen.push(packet as FakePacket);
    return row;
  } as State;
  const query = Object.assign(new EventEmitter(), { row });
  const connection = { stream: new Socket(), sequenceId: 0 };
  let at = 0;
  connection.stream.on("data", () => {
    query.row(packets[at++] ?? END, connection);
  });
  return { query, connection, seen };
}

function start({ query, connection }: ReturnType<typeof makeDriver>) {
  const taken: Buffer[] = [];
  const unknown: Error[] = [];
  let received = 0;
  takeRows(connection as unknown as Connection, query as unknown as Query, {
    onReceived: (rows) => void (received += rows),
    onBatch: (batch) => {
      taken.push(Buffer.from(batch.bytes));
      batch.release();
    },
    onUnknown: (error) => void unknown.push(error),
  });
  return { taken, unknown, received: () => received };
}

const [one, two, end] = ["one", "two"]
  .map((text, n) => encodePacket(Buffer.from(text), 7 + n))
  .concat(encodePacket(Buffer.of(0xfe, 0, 0, 2, 0), 9)) as [Buffer, Buffer, Buffer];

test("rows are taken as packets, the end is the driver's, with the number that it waits for", () => {
  const driver = makeDriver([ROW, END]);
  const { taken, unknown, received } = start(driver);
  driver.connection.stream.emit("data", Buffer.concat([one, two, end]));
  expect(taken).toEqual([Buffer.concat([one, two])]);
  expect(received()).toBe(2);
  expect(driver.seen).toEqual([END]);
  expect(driver.connection.sequenceId).toBe(9);
  expect(unknown).toEqual([]);
});

test("when the query has ended, packets are the driver's again", () => {
  const driver = makeDriver([END, ROW]);
  const { taken } = start(driver);
  driver.connection.stream.emit("data", end);
  driver.query.emit("end");
  driver.connection.stream.emit("data", one);
  expect(taken).toEqual([]);
});

test("an unknown packet is told: nothing of it is taken for a row", () => {
  const packetOfTomorrow = { name: "row" };
  const driver = makeDriver([packetOfTomorrow]);
  const { taken, unknown } = start(driver);
  driver.connection.stream.emit("data", one);
  expect(taken).toEqual([]);
  expect(unknown.map(String)).toEqual([expect.stringContaining("mysql2 has a packet of another")]);
  expect(driver.seen).toEqual([packetOfTomorrow]);
});

test("rows out of order are told: none of them is believed", () => {
  const driver = makeDriver([ROW]);
  const { taken, unknown } = start(driver);
  driver.connection.stream.emit("data", Buffer.concat([one, one]));
  expect(taken).toEqual([]);
  expect(unknown.map(String)).toEqual([expect.stringContaining("number 7, is no row")]);
});

test.each([
  ["a query without row()", { then: 1 }, { stream: new Socket(), sequenceId: 0 }],
  ["a connection without sequenceId", { row: () => undefined }, { stream: new Socket() }],
])("%s is refused, before anything is read", (what, query, connection) => {
  const reader = { onReceived: () => 0, onBatch: () => 0, onUnknown: () => 0 };
  const take = (): void =>
    takeRows(connection as unknown as Connection, query as unknown as Query, reader);
  expect(take).toThrow(`mysql2 has ${what}`);
});

test("the driver that is installed is as known", () => {
  expect(requireKnownDriver).not.toThrow();
});

test("a driver whose queries are made in another way ends the start", () => {
  const { createQuery } = mysql as unknown as { createQuery: unknown };
  Object.assign(mysql, { createQuery: () => ({ rows: () => undefined }) });
  try {
    expect(() => readTransactions("mysql://nobody@127.0.0.1:1/none")).toThrow("mysql2 has a query");
  } finally {
    Object.assign(mysql, { createQuery });
  }
});
