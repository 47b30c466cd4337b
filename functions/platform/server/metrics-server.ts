/**
 * `/metrics` on a port of its own, which no gateway and no token stands in front of: Prometheus comes
 * to each pod by itself.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { boundConnections } from "../http/bound-connections.ts";
import { letGo } from "../http/let-go.ts";
import { mayAsk } from "../http/local-requests.ts";
import { pathOf } from "./answers/http-exchange.ts";
import type { Log } from "../telemetry/log.ts";
import type { MetricsRegistry } from "../telemetry/metrics-registry.ts";

export interface MetricsServerOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: string | undefined;
  readonly registry: Pick<MetricsRegistry, "scrape" | "contentType">;
  readonly log: Log;
}

export interface MetricsServer extends AsyncDisposable {
  /** undefined when the port could not be had. */
  readonly port: number | undefined;
}

/** A scrape is a few lines to ask and some hundred kilobytes to read; a few scrapers ask at a time. */
const BOUNDS = { requestMs: 10_000, idleMs: 30_000, connections: 256 };

/** Never rejects: a statement is worth more than its figures, so a taken port is only logged. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { registry, log } = options;
  const server = createServer({ connectionsCheckingInterval: 1_000 });
  boundConnections(server, BOUNDS);
  server.on("request", (request, response) => {
    const isAllowed = mayAsk(options.host, request.headers);
    answer(request, response, isAllowed ? registry : undefined).then(
      () => letGo(request, response),
      (err: unknown) => {
        log.error({ err }, "metrics not answered");
        response.destroy();
      },
    );
  });
  const { promise: listening, resolve } = Promise.withResolvers<boolean>();
  server.on("error", (err) => {
    log.error({ err, metrics_port: options.port }, "metrics are not served");
    resolve(false);
  });
  server.listen({ port: options.port, host: options.host }, () => resolve(true));
  const isListening = await listening;
  return {
    port: isListening ? (server.address() as AddressInfo).port : undefined,
    async [Symbol.asyncDispose]() {
      if (!isListening) return;
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  registry: MetricsServerOptions["registry"] | undefined,
): Promise<void> {
  const { method } = request;
  if (!registry) return void response.writeHead(403).end();
  if (pathOf(request) !== "/metrics") return void response.writeHead(404).end();
  if (method !== "GET" && method !== "HEAD") {
    return void response.writeHead(405, { allow: "GET, HEAD" }).end();
  }
  const text = await registry.scrape();
  response
    .writeHead(200, { "content-type": registry.contentType })
    .end(method === "HEAD" ? "" : text);
}
