/**
 * A connection to MySQL whose packets a `PacketReader` cuts. Without TLS it reads into the reader's memory:
 * Node gives every read 64 KiB of its own, and what a large statement reads that way has the garbage
 * collector look through the heap all the time.
 */
import { Socket } from "node:net";
import { PacketReader } from "./packet-reader.ts";

const readers = new WeakMap<object, PacketReader>();

/** What the driver's settings say about where and how to connect. */
export interface ConnectionTarget {
  readonly host?: string | undefined;
  readonly port?: number | string | undefined;
  readonly socketPath?: string | undefined;
  readonly ssl?: unknown;
}

/** For the driver's `stream`. */
export function connectPackets({ config }: { readonly config: ConnectionTarget }): Socket {
  const { host, port, socketPath, ssl } = config;
  const socket = ssl ? new Socket() : makePacketSocket();
  if (socketPath) return socket.connect(socketPath);
  // As the driver does it.
  socket.setNoDelay(true).setKeepAlive(true);
  return socket.connect(Number(port), host ?? "localhost");
}

function makePacketSocket(): Socket {
  const reader = new PacketReader((packets) => socket.emit("data", packets));
  const socket = new Socket({
    onread: {
      buffer: () => reader.room(),
      callback: (bytes) => {
        reader.read(bytes);
        return true;
      },
    },
  });
  readers.set(socket, reader);
  return socket;
}

/**
 * The socket of a connection, which the driver keeps to itself.
 * @throws Error for a driver that is not as known here
 */
export function socketOf(connection: object): Socket {
  const { stream } = connection as { readonly stream?: unknown };
  if (stream instanceof Socket) return stream;
  throw new Error(
    "mysql2 has a connection without a stream: this release only knows the version of its lock file",
  );
}

/**
 * Who cuts the packets of a connection, between two queries. With TLS the driver does until this is asked:
 * its socket is one that it has made itself.
 */
export function packetReaderOf(connection: object): PacketReader {
  const socket = socketOf(connection);
  const known = readers.get(socket);
  if (known) return known;
  const driversListeners = socket.listeners("data") as ((packets: Buffer) => void)[];
  const reader = new PacketReader((packets) => {
    for (const listener of driversListeners) listener.call(socket, packets);
  });
  readers.set(socket, reader);
  socket.removeAllListeners("data").on("data", (chunk: Buffer) => reader.feed(chunk));
  return reader;
}
