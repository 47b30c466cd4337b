/** A TCP proxy that hands a server's answers on in pieces of any size. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { onLoopback, type OnLoopback } from "./on-loopback.ts";

/** `pieceBytes` is asked for the size of each next piece. */
export async function startCuttingProxy(
  upstream: { readonly host: string; readonly port: number },
  pieceBytes: () => number,
): Promise<OnLoopback> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const origin = connect({ ...upstream, noDelay: true });
    for (const socket of [client, origin]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    client.pipe(origin);
    handOn(origin, client, pieceBytes).catch(() => client.destroy());
  });
  return await onLoopback(server, sockets);
}

async function handOn(from: Socket, to: Socket, pieceBytes: () => number): Promise<void> {
  for await (const chunk of from as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, at + pieceBytes());
      at += piece.length;
      if (!to.write(piece)) await once(to, "drain");
      // Each piece is a read of its own at the other end, as often as not.
      else await setImmediate();
    }
  }
  to.end();
}
