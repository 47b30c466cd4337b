/**
 * A connection to MySQL that reads into the same memory again and again. Node gives every read 64 KiB
 * of its own, and what a large statement reads that way has the garbage collector look through the
 * heap all the time.
 *
 * The driver keeps hold of what it is given: of a packet that is not whole yet, and of anything that
 * is no row. So it only gets whole packets, and a copy of them unless whoever takes the rows says,
 * with `reuseMemory`, that rows are all that comes and are not kept.
 *
 * A packet is 3 bytes of length, lowest first, one of sequence and the payload:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 */
import { Socket } from "node:net";
import { lend } from "../memory/lent-block.ts";

const BLOCK_BYTES = 64 * 1024;
const HEADER_BYTES = 4;

/** Cuts what is read into whole packets. */
export class PacketReader {
  /** Packets are lent as they lie in the memory of the read, for the time of the call. */
  reuse = false;
  readonly #onPackets: (packets: Buffer) => void;
  /** What was handed out last stays as it is until the read after the next one. */
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #other = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** Bytes at the start of the block: the beginning of a packet. */
  #held = 0;
  /** Bytes to come of a packet that is larger than a block; it is handed out in pieces. */
  #missing = 0;

  constructor(onPackets: (packets: Buffer) => void) {
    this.#onPackets = onPackets;
  }

  /** Where the next read goes. */
  room(): Buffer {
    return this.#block.subarray(this.#held);
  }

  /** To be called when so many bytes were read into `room()`. */
  read(bytes: number): void {
    const block = this.#block;
    const end = this.#held + bytes;
    const inPieces = this.#missing > 0;
    const whole = this.#endOfPackets(block, end);
    this.#held = block.copy(this.#other, 0, whole, end);
    [this.#block, this.#other] = [this.#other, block];
    if (whole === 0) return;
    const packets = block.subarray(0, whole);
    if (!this.reuse || inPieces || this.#missing > 0) {
      this.#onPackets(Buffer.from(packets));
      return;
    }
    const loan = lend(packets);
    this.#onPackets(loan.bytes);
    loan.release();
  }

  #endOfPackets(block: Buffer, end: number): number {
    let at = Math.min(this.#missing, end);
    this.#missing -= at;
    while (end - at >= HEADER_BYTES) {
      const bytes = HEADER_BYTES + block.readUIntLE(at, 3);
      if (bytes > end - at) {
        if (bytes <= BLOCK_BYTES) return at;
        this.#missing = bytes - (end - at);
        return end;
      }
      at += bytes;
    }
    return at;
  }
}

const readers = new WeakMap<object, PacketReader>();

/** What the driver's settings say about where and how to connect. */
export interface ConnectionTarget {
  readonly host?: string | undefined;
  readonly port?: number | string | undefined;
  readonly socketPath?: string | undefined;
  readonly ssl?: unknown;
  readonly compress?: unknown;
}

/** For the driver's `stream`; where packets cannot be told in what is read, an ordinary socket. */
export function connectPackets({ config }: { readonly config: ConnectionTarget }): Socket {
  const { host, port, socketPath, ssl, compress } = config;
  const socket = ssl || compress ? new Socket() : makePacketSocket();
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
 * From now on rows come that are not kept beyond the call that hands them out, or no longer. With
 * TLS, or compressed, packets cannot be told in what is read: then it has no effect.
 */
export function reuseMemory(socket: Socket, reuse: boolean): void {
  const reader = readers.get(socket);
  if (reader) reader.reuse = reuse;
}
