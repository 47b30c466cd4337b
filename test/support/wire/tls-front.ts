/** TLS in front of a plain TCP server, as a load balancer or a mesh has it. */
import { connect, type Socket } from "node:net";
import { pipeline } from "node:stream";
import { createServer } from "node:tls";
import type { ServerCertificate } from "../servers/certificates.ts";
import { onLoopback, type OnLoopback } from "./on-loopback.ts";

export async function startTlsFront(
  { cert, key }: ServerCertificate,
  target: number,
): Promise<OnLoopback> {
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
  return await onLoopback(server, sockets);
}
