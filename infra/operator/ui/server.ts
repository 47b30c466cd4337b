/** A server of this machine alone, for the page of `statements ui`. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { boundConnections } from "../../../functions/platform/http/bound-connections.ts";
import { wrongUse } from "../words/exit.ts";
import { makePage, type PageOptions } from "./page.ts";
import { guardedBase } from "./who-may-ask.ts";

export interface PageServer extends AsyncDisposable {
  /** To be opened in a browser; whoever has it may do what the page may. */
  readonly address: string;
}

const HOST = "127.0.0.1";
/** Of reading, longer than the page's live events are silent. */
const BOUNDS = { requestMs: 30_000, idleMs: 90_000, connections: 128 };

/**
 * The address holds a key of this start: other accounts of this machine reach the port as well, and could
 * send any header. It names 127.0.0.1, as another account could wait at `localhost` on ::1.
 *
 * @param port 0 for a free one. @throws CommandError when it is taken
 */
export async function servePage(
  port: number,
  options: Omit<PageOptions, "base">,
): Promise<PageServer> {
  await using opened = new AsyncDisposableStack();
  const base = guardedBase();
  const page = opened.use(makePage({ ...options, base }));
  const server = createServer({ connectionsCheckingInterval: 1_000 }, (request, response) => {
    page.answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  boundConnections(server, BOUNDS);
  server.listen(port, HOST);
  await once(server, "listening").catch((cause: unknown) => {
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    throw wrongUse(`port ${port} cannot be had (${code}): give another --port, or none`);
  });
  opened.defer(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const { port: taken } = server.address() as AddressInfo;
  const closing = opened.move();
  return {
    address: `http://${HOST}:${taken}${base}`,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
