/**
 * Takes rows from mysql2 as the bytes the server sent, before the driver makes strings of them: the
 * one place that leans on the driver's inside. Where that is not as known here nothing is read:
 * values would take ten times the CPU, and nobody would know why.
 *
 * A row of the text protocol is its values one after the other, each a length-encoded string:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_row.html
 */
import mysql, { type Query } from "mysql2";

/** What the driver hands to a query for each packet; `offset` to `end` is its payload. */
interface Packet {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly end: number;
  isEOF(): boolean;
}

/** A state of the driver's query: takes a packet, answers the state for the next one. */
type State = (this: unknown, packet: object, connection: unknown) => unknown;

export interface RowBytesReader {
  /** The bytes are the driver's, and only good during the call. Errors and the end come as ever. */
  readonly onRow: (bytes: Buffer, start: number, end: number) => void;
  /** A packet is not as known here; no row after it is to be believed. */
  readonly onUnknown: (error: Error) => void;
}

/** @throws Error for a driver that is not as known here; to be asked at the start. */
export function requireKnownDriver(): void {
  const { createQuery } = mysql as unknown as { readonly createQuery?: CreateQuery };
  rowParserOf(createQuery?.("SELECT 1", [], undefined, {}));
}

/** Of the driver's exports, but not of its types: a query without a connection. */
type CreateQuery = (sql: string, values: unknown[], done: undefined, config: object) => object;

function rowParserOf(query: object | undefined): State {
  const { row } = (query ?? {}) as { readonly row?: unknown };
  if (typeof row === "function") return row as State;
  throw unknownDriver("a query without row()");
}

/**
 * Puts `onRow` in the place of the query's own row parser; to be called before its first packet.
 * @throws Error for a driver of another shape
 */
export function takeRowBytes(command: Query, { onRow, onUnknown }: RowBytesReader): void {
  const driversRow = rowParserOf(command);
  const row: State = function (packet, connection) {
    if (!isPacket(packet)) onUnknown(unknownDriver("a packet of another shape"));
    else if (!packet.isEOF()) {
      onRow(packet.buffer, packet.offset, packet.end);
      return row;
    }
    return driversRow.call(this, packet, connection);
  };
  Object.assign(command, { row });
}

function isPacket(packet: object): packet is Packet {
  const { buffer, offset, end, isEOF } = packet as Partial<Packet>;
  return (
    Buffer.isBuffer(buffer) &&
    typeof offset === "number" &&
    typeof end === "number" &&
    typeof isEOF === "function"
  );
}

function unknownDriver(what: string): Error {
  return new Error(`mysql2 has ${what}: this release only knows the version of its lock file`);
}
