/** TLS in front of a plain TCP server, as a load balancer or a mesh has it. */
import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { pipeline } from "node:stream";
import { createServer } from "node:tls";
import type { ServerCertificate } from "../servers/certificates.ts";

export interface TlsFront extends AsyncDisposable {
  readonly port: number;
}

export async function startTlsFront(
  { cert, key }: ServerCertificate,
  target: number,
): Promise<TlsFront> {
  const sockets = new Set<Socket>();
  const server = createServer({ cert, key }, (client) => {
    const behind = connect(target, "127.0.0.1");
    sockets.add(client).add(behind);
    // Either side may hang up at any time.
    pipeline(client, behind, client, () => {
      sockets.delete(client);
      sockets.delete(behind);
    });
  });
  server.on("tlsClientError", () => undefined);
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
