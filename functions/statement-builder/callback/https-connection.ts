/** The wire of a callback: requests to one address over one HTTPS connection, their answers read within bounds and dropped. */
import { Agent, request as requestHttps, type RequestOptions } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { LookupFunction } from "node:net";

export interface Asked {
  readonly method: "OPTIONS" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

export interface Connection extends Disposable {
  /** Rejects with the network's own error, or with the signal's reason. No redirect is followed. */
  ask(asked: Asked): Promise<Reply>;
}

export interface ConnectOptions {
  /** How the name becomes an address; asked anew for each connection that is made. */
  readonly lookup: LookupFunction;
  /** Of everything that is asked over it. */
  readonly signal: AbortSignal;
}

export type Connect = (url: string, options: ConnectOptions) => Connection;

const MAX_ANSWER_BYTES = 65_536;

export const connectHttps: Connect = (url, options) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    ask: async (asked) => await exchange(url, { ...options, agent }, asked),
    [Symbol.dispose]: () => agent.destroy(),
  };
};

async function exchange(
  url: string,
  connection: RequestOptions,
  { method, headers, body }: Asked,
): Promise<Reply> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    requestHttps(url, { ...connection, method, headers }, resolve)
      .on("error", reject)
      .end(body);
  });
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Its status is all that counts. Leaving the loop closes the connection.
    if (bytes > MAX_ANSWER_BYTES) break;
  }
  return { status: response.statusCode ?? 0, headers: response.headers };
}
