/** The seam to the driver: bytes while it is as known, the driver's own way otherwise. */
import type { Query } from "mysql2";
import { takeRowBytes } from "../../functions/statement-builder/source/byte-rows.ts";

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
  takeRowBytes(query as unknown as Query, (bytes, from, to) => {
    taken.push(bytes.toString("latin1", from, to));
  });
  return { taken, state: query.row as unknown as State };
}

test("rows are taken as bytes, the end is the driver's", () => {
  const query = makeQuery();
  const { taken, state } = start(query);
  const end = packet("", true);
  state(packet("one"), {})(packet("two"), {})(end, {});
  expect(taken).toEqual(["one", "two"]);
  expect(query.seen).toEqual([end]);
});

test("an unknown packet and all after it are the driver's", () => {
  const query = makeQuery();
  const { taken, state } = start(query);
  const unknown = { ...packet("one"), offset: undefined, position: 4 };
  const next = packet("two");
  state(unknown, {})(next, {});
  expect(taken).toEqual([]);
  expect(query.seen).toEqual([unknown, next]);
});

test("a query without such a state is left alone", () => {
  const query = { then: 1 };
  takeRowBytes(query as unknown as Query, () => undefined);
  expect(query).toEqual({ then: 1 });
});
