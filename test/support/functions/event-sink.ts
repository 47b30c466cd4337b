/** A sink of a test's own: a real HTTP server that keeps what it is sent and answers as told. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SentEvent {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface EventSink extends AsyncDisposable {
  readonly url: string;
  readonly events: SentEvent[];
  /** Ids of the events, in the order they came. */
  ids(): string[];
}

export type SinkBehaviour = (event: SentEvent, response: ServerResponse) => void | Promise<void>;

export const accept: SinkBehaviour = (_event, response) => {
  response.writeHead(202).end();
};

export function answer(status: number, body = ""): SinkBehaviour {
  return (_event, response) => {
    response.writeHead(status).end(body);
  };
}

export async function startEventSink(behave: SinkBehaviour = accept): Promise<EventSink> {
  const events: SentEvent[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const event = { headers: request.headers, body: Buffer.concat(chunks).toString() };
      events.push(event);
      void behave(event, response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    events,
    ids: () => events.map(({ headers }) => String(headers["ce-id"])),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
