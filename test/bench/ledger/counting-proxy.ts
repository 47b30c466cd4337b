/** An HTTP proxy that passes everything on and counts it: requests by kind, and bytes both ways. */
import { once } from "node:events";
import { Agent as HttpAgent, createServer, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { pipeline } from "node:stream/promises";

export interface Counted {
  /** By method and what the query asks for: `GET`, `PUT ?partNumber`. */
  readonly calls: Readonly<Record<string, number>>;
  /** Heads included. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

export interface CountingProxy extends AsyncDisposable {
  readonly url: string;
  /** Since the last time it was asked. */
  take(): Counted;
}

/** `ca` for an https server; clients speak plain HTTP to the proxy. */
export async function startCountingProxy(upstream: string, ca?: string): Promise<CountingProxy> {
  const target = new URL(upstream);
  const secure = target.protocol === "https:";
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, servername: "", ...(ca !== undefined && { ca }) })
    : new HttpAgent({ keepAlive: true });
  const sockets = new Set<Socket>();
  let calls: Record<string, number> = {};
  let counted = { bytesSent: 0, bytesReceived: 0 };

  const server = createServer((message, response) => {
    const kind = kindOf(message.method, message.url);
    calls[kind] = (calls[kind] ?? 0) + 1;
    const { hostname: host, port } = target;
    const { method, url: path, headers } = message;
    const open = secure ? httpsRequest : httpRequest;
    const request = open({ agent, host, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, response).catch(() => response.destroy());
    });
    request.on("error", () => response.destroy());
    pipeline(message, request).catch(() => request.destroy());
  });
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  function bytes(): typeof counted {
    const sum = (value: (socket: Socket) => number): number =>
      [...sockets].reduce((total, socket) => total + value(socket), 0);
    return {
      bytesSent: sum((one) => one.bytesRead),
      bytesReceived: sum((one) => one.bytesWritten),
    };
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const now = bytes();
      const taken = {
        calls,
        bytesSent: now.bytesSent - counted.bytesSent,
        bytesReceived: now.bytesReceived - counted.bytesReceived,
      };
      calls = {};
      counted = now;
      return taken;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}

/** The part of an S3 query that tells operations apart, without its value. */
const OPERATIONS = ["uploads", "partNumber", "uploadId", "list-type"];

function kindOf(method = "", path = ""): string {
  const query = new URL(path, "http://proxy").searchParams;
  const operation = OPERATIONS.find((name) => query.has(name));
  return operation === undefined ? method : `${method} ?${operation}`;
}
