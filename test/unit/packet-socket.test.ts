/** The seam to the driver's socket. */
import { Socket } from "node:net";
import {
  packetReaderOf,
  socketOf,
} from "../../functions/statement-builder/source/packet-socket.ts";
import { encodePacket } from "../support/bank/text-protocol.ts";

test("a connection that keeps its socket elsewhere is refused", () => {
  const stream = new Socket();
  expect(socketOf({ stream })).toBe(stream);
  expect(() => socketOf({ socket: stream })).toThrow("mysql2 has a connection without a stream");
});

test("a socket of the driver's own has its packets cut too, by the same reader each time", () => {
  const stream = new Socket();
  const heard: string[] = [];
  stream.on("data", (packets: Buffer) => heard.push(packets.toString("latin1", 4)));
  const reader = packetReaderOf({ stream });
  expect(packetReaderOf({ stream })).toBe(reader);
  const packet = encodePacket(Buffer.from("a record of TLS may end anywhere"), 0);
  stream.emit("data", packet.subarray(0, 9));
  expect(heard).toEqual([]);
  stream.emit("data", packet.subarray(9));
  expect(heard).toEqual(["a record of TLS may end anywhere"]);
});
