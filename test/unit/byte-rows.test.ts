/** The seam to the driver: bytes while it is as known, and an error otherwise. */
import mysql, { type Query } from "mysql2";
import {
  requireKnownDriver,
  takeRowBytes,
} from "../../functions/statement-builder/source/byte-rows.ts";
import { readTransactions } from "../support/statements/statement.ts";

/** A query whose own states answer themselves, as the driver's do. */
function makeQuery() {
  const seen: object[] = [];
  const row = function (packet: object) {
    seen.push(packet);
    return row;
  };
  return { row, seen };
}

type State = (packet: object, connection: object) => State;

const packet = (text: string, eof = false) => ({
  buffer: Buffer.from(`head${text}tail`),
  offset: 4,
  end: 4 + text.length,
  isEOF: () => eof,
});

function start(query: ReturnType<typeof makeQuery>) {
  const taken: string[] = [];
  const unknown: Error[] = [];
  takeRowBytes(query as unknown as Query, {
    onRow: (bytes, from, to) => void taken.push(bytes.toString("latin1", from, to)),
    onUnknown: (error) => void unknown.push(error),
  });
  return { taken, unknown, state: query.row as unknown as State };
}

test("rows are taken as bytes, the end is the driver's", () => {
  const query = makeQuery();
  const { taken, state } = start(query);
  const end = packet("", true);
  state(packet("one"), {})(packet("two"), {})(end, {});
  expect(taken).toEqual(["one", "two"]);
  expect(query.seen).toEqual([end]);
});

test("an unknown packet is told: nothing of it is taken for a row", () => {
  const query = makeQuery();
  const { taken, unknown, state } = start(query);
  const packetOfTomorrow = { ...packet("one"), offset: undefined, position: 4 };
  state(packetOfTomorrow, {});
  expect(taken).toEqual([]);
  expect(unknown.map(String)).toEqual([expect.stringContaining("mysql2 has a packet of another")]);
  expect(query.seen).toEqual([packetOfTomorrow]);
});

test("a query without such a state is refused, before it is sent", () => {
  const query = { then: 1 } as unknown as Query;
  const reader = { onRow: () => undefined, onUnknown: () => undefined };
  expect(() => takeRowBytes(query, reader)).toThrow("mysql2 has a query without row()");
  expect(query).toEqual({ then: 1 });
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
