/**
 * A TCP balancer in front of databases: each new connection goes to the next server in turn. Where it
 * hides ids it greets as MySQL Router does, with another connection id than the server's: none.
 */
import { connect, createServer, type Socket } from "node:net";
import { onLoopback, type OnLoopback } from "./on-loopback.ts";

export async function startTcpBalancer(
  ports: readonly number[],
  { hidesIds = false } = {},
): Promise<OnLoopback> {
  const sockets = new Set<Socket>();
  let turn = 0;
  const server = createServer((client) => {
    const origin = connect(ports[turn++ % ports.length] ?? 0, "127.0.0.1");
    for (const [from, to] of [
      [client, origin],
      [origin, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy()).on("close", () => to.destroy());
    }
    client.pipe(origin);
    origin.once("data", (greeting: Buffer) => {
      client.write(hidesIds ? withoutId(greeting) : greeting);
      origin.pipe(client);
    });
  });
  return await onLoopback(server, sockets);
}

/**
 * Behind a packet's head of four bytes: protocol, the server's version up to a NUL, the id in four bytes.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
 */
function withoutId(greeting: Buffer): Buffer {
  const at = greeting.indexOf(0, 5) + 1;
  return Buffer.concat([greeting.subarray(0, at), Buffer.alloc(4), greeting.subarray(at + 4)]);
}
