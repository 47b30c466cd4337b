/**
 * Takes rows from mysql2 as the packets the server sent, before the driver makes strings of them: the
 * one place that leans on the driver's inside. Where that is not as known here nothing is read:
 * values would take ten times the CPU, and nobody would know why.
 *
 * A row of the text protocol is its values one after the other, each a length-encoded string:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_row.html
 */
import mysql, { type Connection, type Query } from "mysql2";
import type { LentBlock } from "../memory/lent-block.ts";
import { packetReaderOf } from "./packet-socket.ts";

/** What the driver hands to a query for each packet. */
interface Packet {
  isEOF(): boolean;
}

/** A state of the driver's query: takes a packet, answers the state for the next one. */
type State = (this: unknown, packet: object, connection: unknown) => unknown;

export interface RowsReader {
  /** So many rows have come; they are handed on with others. */
  readonly onReceived: (rows: number) => void;
  /** Rows as packets, header and all, one behind the other. Errors and the end come as ever. */
  readonly onBatch: (batch: LentBlock) => void;
  /** A packet is not as known here, or holds a part of a row; no row after it is to be believed. */
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

/** The number that the driver expects the next packet to have. */
function sequenceOf(connection: object): { sequenceId: number } {
  const numbered = connection as Partial<{ sequenceId: number }>;
  if (typeof numbered.sequenceId === "number") return numbered as { sequenceId: number };
  throw unknownDriver("a connection without sequenceId");
}

/**
 * The rows of the command that was put on the connection last, and alone; to be called before its first packet.
 * @throws Error for a driver of another shape
 */
export function takeRows(connection: Connection, command: Query, reader: RowsReader): void {
  const { onReceived, onBatch, onUnknown } = reader;
  const driversRow = rowParserOf(command);
  const numbered = sequenceOf(connection);
  const packets = packetReaderOf(connection);
  const row: State = function (packet, ofConnection) {
    if (!isPacket(packet)) onUnknown(unknownDriver("a packet of another shape"));
    else if (!packet.isEOF()) {
      packets.beginRows();
      return row;
    }
    return driversRow.call(this, packet, ofConnection);
  };
  Object.assign(command, { row });
  packets.expectRows({
    onReceived,
    onBatch,
    onEnd: (sequence) => void (numbered.sequenceId = sequence),
    onBroken: onUnknown,
  });
  command.once("end", () => packets.expectRows(undefined));
}

function isPacket(packet: object): packet is Packet {
  return typeof (packet as Partial<Packet>).isEOF === "function";
}

function unknownDriver(what: string): Error {
  return new Error(`mysql2 has ${what}: this release only knows the version of its lock file`);
}
