/**
 * Takes rows from mysql2 as the bytes the server sent, before the driver makes strings of them:
 * the one place that leans on the driver's inside. Where that is not as known here, the driver
 * does as it always does, and the rows come as values.
 *
 * A row of the text protocol is its values one after the other, each a length-encoded string:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_row.html
 */
import type { Query } from "mysql2";

/** What the driver hands to a query for each packet; `offset` to `end` is its payload. */
interface Packet {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly end: number;
  isEOF(): boolean;
}

/** A state of the driver's query: takes a packet, answers the state for the next one. */
type State = (this: unknown, packet: object, connection: unknown) => unknown;

/**
 * Puts `onRow` in the place of the query's own row parser; to be called before its first packet.
 * The bytes are the driver's and only valid during the call. Errors and the end come as ever.
 */
export function takeRowBytes(
  command: Query,
  onRow: (bytes: Buffer, start: number, end: number) => void,
): void {
  const query = command as unknown as { row?: unknown };
  const driversRow = query.row as State | undefined;
  if (typeof driversRow !== "function") return;
  const row: State = function (packet, connection) {
    // From an unknown packet on, the driver goes on by itself: its state leads to its own states.
    if (!isPacket(packet) || packet.isEOF()) return driversRow.call(this, packet, connection);
    onRow(packet.buffer, packet.offset, packet.end);
    return row;
  };
  query.row = row;
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
