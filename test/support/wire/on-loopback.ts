import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";

/** A server that listens on a free port of this machine; at its end, so do its connections. */
export interface OnLoopback extends AsyncDisposable {
  readonly port: number;
}

/** @param sockets all that are open, also those that come later */
export async function onLoopback(
  server: Server,
  sockets: ReadonlySet<Socket>,
): Promise<OnLoopback> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
