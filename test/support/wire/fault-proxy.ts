/** A TCP proxy in front of a real server that breaks its connections on demand. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** `down` flows from the server to its client, `up` to the server. */
export type Direction = "down" | "up";

export type TcpFault =
  | { readonly kind: "pass" }
  /** New connections are refused (ECONNREFUSED); those that are open go on. */
  | { readonly kind: "refuse" }
  /** Each connection breaks (RST on both sides) or falls silent once it has carried so much more. */
  | {
      readonly kind: "reset" | "stall";
      readonly direction: Direction;
      readonly afterBytes: number;
      /** How many connections are hit before the others pass; all unless given. */
      readonly times?: number;
    };

export interface FaultProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** How many connections the present fault has hit. */
  readonly hits: number;
  /** Bytes forwarded since the start. */
  readonly bytes: Readonly<Record<Direction, number>>;
  /** Holds for open connections too. What a stall held back goes on its way. */
  set(fault: TcpFault): Promise<void>;
  /** RST on every open connection, now. */
  reset(): void;
}

interface Pipe {
  readonly direction: Direction;
  readonly from: Socket;
  readonly to: Socket;
  /** Bytes carried since the present fault was set. */
  carried: number;
  /** What a stall keeps back. */
  held: Buffer | undefined;
}

export async function startFaultProxy(upstream: {
  readonly host?: string;
  readonly port: number;
}): Promise<FaultProxy> {
  const pipes = new Set<Pipe>();
  const bytes = { down: 0, up: 0 };
  let fault: TcpFault = { kind: "pass" };
  let hits = 0;

  function forward(pipe: Pipe, chunk: Buffer): void {
    const room = roomFor(pipe);
    const sent = chunk.subarray(0, room);
    pipe.carried += sent.byteLength;
    bytes[pipe.direction] += sent.byteLength;
    if (sent.byteLength > 0 && !pipe.to.write(sent)) {
      pipe.from.pause();
      pipe.to.once("drain", () => {
        if (!pipe.held) pipe.from.resume();
      });
    }
    if (sent.byteLength < chunk.byteLength) hit(pipe, chunk.subarray(sent.byteLength));
  }

  /** How many bytes may still pass before the fault. */
  function roomFor({ direction, carried }: Pipe): number {
    if (fault.kind !== "reset" && fault.kind !== "stall") return Infinity;
    if (direction !== fault.direction || hits >= (fault.times ?? Infinity)) return Infinity;
    return Math.max(0, fault.afterBytes - carried);
  }

  function hit(pipe: Pipe, rest: Buffer): void {
    hits += 1;
    pipe.from.pause();
    if (fault.kind === "stall") {
      pipe.held = rest;
      return;
    }
    // What was written before goes first.
    pipe.to.write("", () => resetBoth(pipe));
  }

  function release(pipe: Pipe): void {
    const { held } = pipe;
    pipe.carried = 0;
    pipe.held = undefined;
    if (!held) return;
    pipe.from.resume();
    forward(pipe, held);
  }

  function open(direction: Direction, from: Socket, to: Socket): void {
    const pipe: Pipe = { direction, from, to, carried: 0, held: undefined };
    pipes.add(pipe);
    from.on("data", (chunk: Buffer) => forward(pipe, chunk));
    from.on("end", () => to.end());
    from.on("error", () => to.resetAndDestroy());
    from.on("close", () => {
      pipes.delete(pipe);
      if (!from.readableEnded) to.destroy();
    });
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const target = connect({ ...upstream, allowHalfOpen: true, noDelay: true });
    open("up", client, target);
    open("down", target, client);
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    host: "127.0.0.1",
    port,
    bytes,
    get hits() {
      return hits;
    },
    async set(next) {
      fault = next;
      hits = 0;
      for (const pipe of pipes) release(pipe);
      if (next.kind === "refuse") server.close();
      else if (!server.listening) await listen(port);
    },
    reset: () => pipes.forEach(resetBoth),
    async [Symbol.asyncDispose]() {
      const closed = server.listening ? once(server, "close") : undefined;
      server.close();
      pipes.forEach(resetBoth);
      await closed;
    },
  };
}

function resetBoth({ from, to }: Pipe): void {
  from.resetAndDestroy();
  to.resetAndDestroy();
}
