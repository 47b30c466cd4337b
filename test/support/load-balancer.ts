/**
 * What a cluster puts in front of the pods of a function: each request goes to the next address
 * in turn, and to the one after when a pod is not there. A pod that hangs keeps its request.
 */
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

export async function startLoadBalancer(
  port: number,
  pods: readonly number[],
): Promise<AsyncDisposable> {
  let turn = 0;
  const server = createServer((message, response) => {
    balance(message, response).catch(() => response.destroy());
  });

  async function balance(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(message);
    turn += 1;
    for (let tries = 0; tries < pods.length; tries++) {
      const pod = pods[(turn + tries) % pods.length];
      if (await isPassedOn(message, body, { pod, response })) return;
    }
    response.writeHead(503).end();
  }

  server.requestTimeout = 0;
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @returns false when nobody listens there; a connection that breaks later breaks the caller's. */
async function isPassedOn(
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  { pod, response }: { readonly pod: number | undefined; readonly response: ServerResponse },
): Promise<boolean> {
  const passed = request({
    host: "127.0.0.1",
    port: pod,
    method,
    path: url,
    headers,
    agent: false,
  });
  response.on("close", () => passed.destroy());
  passed.end(body);
  try {
    const [answer] = (await once(passed, "response")) as [IncomingMessage];
    const answered = await buffer(answer);
    response.writeHead(answer.statusCode ?? 502, answer.headersDistinct).end(answered);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") return false;
    throw error;
  }
}
