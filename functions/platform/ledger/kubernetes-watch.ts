/**
 * A watch of the Kubernetes API: each change as a line of JSON, over the same HTTP as every other
 * call (the client library's own watch brings a second one).
 */
import type { IncomingMessage } from "node:http";
import { urlOf, USER_AGENT, type KubernetesAccess } from "./kubernetes-access.ts";
import type { ApiCall } from "./kubernetes-api.ts";
import { LedgerUnavailable } from "./ledger-unavailable.ts";

export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

/** A ConfigMap holds 1 MiB; JSON may need six bytes for one. */
const MAX_LINE_CHARS = 8 * 1024 * 1024;

/**
 * Resolves when the server ends the watch, as it does from time to time.
 *
 * @throws LedgerUnavailable when it cannot be opened or breaks off; the signal's reason when it aborts
 */
export async function watchKubernetes(
  access: KubernetesAccess,
  what: Pick<ApiCall, "path" | "query">,
  onEvent: (event: WatchEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const response = await open(access, what, signal);
    if (response.statusCode !== 200) {
      response.resume();
      throw new LedgerUnavailable(`the Kubernetes API refused to watch: ${response.statusCode}`);
    }
    await eachLine(response, (line) => onEvent(JSON.parse(line) as WatchEvent));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LedgerUnavailable) throw error;
    throw new LedgerUnavailable("the watch of the Kubernetes API broke off", { cause: error });
  }
}

async function open(
  access: KubernetesAccess,
  { path, query }: Pick<ApiCall, "path" | "query">,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const options = await access.signed({ headers: { "user-agent": USER_AGENT }, signal });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  access
    .open(urlOf(access, path, query), options, resolve)
    .on("error", reject)
    .end();
  return await promise;
}

async function eachLine(response: IncomingMessage, onLine: (line: string) => void): Promise<void> {
  response.setEncoding("utf8");
  let rest = "";
  for await (const text of response as AsyncIterable<string>) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_CHARS)
      throw new LedgerUnavailable("a change of the ledger is too long");
    for (const line of lines) if (line !== "") onLine(line);
  }
}
