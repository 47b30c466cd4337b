/** Builders that take one request each, as pods do, behind what hands the next one to whoever is free. */
import { once } from "node:events";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { offerEvent } from "../../../functions/domain/events/statement-event.ts";
import type { PendingRequest } from "../../../functions/domain/statement-request.ts";
import { toBinaryMessage } from "../../../functions/platform/cloudevents/cloudevent-binary.ts";
import { freePort } from "../../../infra/local/programs/free-port.ts";
import type { Pipeline, RunningFunction } from "../../support/functions/pipeline.ts";

export const BUILDERS = 4;

export interface FourBuilders {
  readonly processes: readonly RunningFunction[];
  /** Gives a builder an event, when one is free; resolves when it has answered. */
  hand(subject: string, headers: Readonly<Record<string, string>>, body: string): Promise<void>;
  /** The same for a request that is still owed. */
  offer(request: PendingRequest): Promise<void>;
  /** Told of each answer, with the name of the request. */
  onDone: (subject: string) => void;
}

/** It listens where the router sends what is for the builder. */
export async function startFourBuilders(
  pipeline: Pipeline,
  opened: AsyncDisposableStack,
): Promise<FourBuilders> {
  const processes: RunningFunction[] = [];
  for (let i = 0; i < BUILDERS; i++)
    processes.push(await pipeline.start("statement-builder", { port: await freePort() }));
  const free = processes.map(({ url }) => url);
  const waiting: ((url: string) => void)[] = [];

  async function takeOne(): Promise<string> {
    const url = free.shift();
    return url ?? (await new Promise<string>((resolve) => waiting.push(resolve)));
  }

  const builders: FourBuilders = {
    processes,
    onDone: () => undefined,
    async hand(subject, headers, body) {
      const url = await takeOne();
      try {
        const answer = await fetch(url, { method: "POST", headers, body });
        await answer.body?.cancel();
        if (answer.status !== 204) throw new Error(`a builder answered ${answer.status}`);
      } finally {
        const next = waiting.shift();
        if (next) next(url);
        else free.push(url);
      }
      builders.onDone(subject);
    },
    async offer(request) {
      const { headers, body } = toBinaryMessage(offerEvent(request, "pending-scanner", Date.now()));
      await builders.hand(request.facts.name, headers, body);
    },
  };

  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = (await buffer(request)).toString();
      const names = Object.keys(request.headers).filter(
        (name) => name.startsWith("ce-") || name === "content-type",
      );
      const headers = names.map((name) => [name, String(request.headers[name])]);
      await builders.hand(
        String(request.headers["ce-subject"]),
        Object.fromEntries(headers) as Record<string, string>,
        body,
      );
      response.writeHead(204).end();
    };
    answer().catch(() => response.writeHead(503).end());
  });
  server.listen(Number(new URL(pipeline.urlOf("statement-builder")).port), "127.0.0.1");
  await once(server, "listening");
  opened.defer(() => void server.close());
  opened.defer(() => server.closeAllConnections());
  return builders;
}
