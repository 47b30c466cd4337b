/**
 * What a cluster puts in front of the pods of a function: each request goes to the next address
 * in turn, and to the one after when a pod is not there. A pod that hangs keeps its request.
 */
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../../infra/local/cluster/sample-bank/random.ts";

export interface Balancing {
  /** So many pods get each request, at once and in any order; the sender hears of one of them. */
  readonly copies: number;
  readonly random: Random;
}

/** The copies of a request reach their pods within this time of each other. */
const DISORDER_MS = 300;

interface Sent {
  readonly message: IncomingMessage;
  readonly body: Buffer;
  /** Aborts when nobody waits for the answer any more. */
  readonly gone: AbortSignal;
}

interface Answer {
  readonly message: IncomingMessage;
  readonly body: Buffer;
}

export async function startLoadBalancer(
  port: number,
  pods: readonly number[],
  { copies, random }: Balancing = { copies: 1, random: () => 0 },
): Promise<AsyncDisposable> {
  const stopped = new AbortController();
  let turn = 0;
  const server = createServer((message, response) => {
    balance(message, response).catch(() => response.destroy());
  });

  async function balance(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(message);
    turn += 1;
    const first = turn;
    const later = Array.from({ length: copies - 1 }, () => random() * DISORDER_MS);
    for (const [n, ms] of later.entries()) {
      // Not ended by the sender, who hears of the first only.
      void sleep(ms, undefined, { signal: stopped.signal })
        .then(() => passOn({ message, body, gone: stopped.signal }, first + n + 1))
        .catch(() => undefined);
    }
    const left = new AbortController();
    response.on("close", () => left.abort());
    const answer = await passOn({ message, body, gone: left.signal }, first);
    if (!answer) return void response.writeHead(503).end();
    const { statusCode = 502, headersDistinct } = answer.message;
    response.writeHead(statusCode, headersDistinct).end(answer.body);
  }

  /** To the first pod that is there, from the `start`th on. */
  async function passOn(sent: Sent, start: number): Promise<Answer | undefined> {
    for (let tries = 0; tries < pods.length; tries++) {
      const answer = await ask(pods[(start + tries) % pods.length], sent);
      if (answer) return answer;
    }
    return undefined;
  }

  server.requestTimeout = 0;
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @returns undefined when nobody listens there; a connection that breaks later is an error. */
async function ask(
  port: number | undefined,
  { message: { method, url, headers }, body, gone }: Sent,
): Promise<Answer | undefined> {
  const options = { host: "127.0.0.1", port, method, path: url, headers };
  const passed = request({ ...options, agent: false, signal: gone });
  passed.end(body);
  try {
    const [message] = (await once(passed, "response")) as [IncomingMessage];
    return { message, body: await buffer(message) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") return undefined;
    throw error;
  }
}
