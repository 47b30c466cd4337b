/** Sees every state a request goes through: a Kubernetes watch misses none, however short. */
import { setTimeout as sleep } from "node:timers/promises";
import type { StatementRequest } from "../../../functions/domain/statement-request.ts";
import { makeConfigMapLedger } from "../../../functions/platform/ledger/configmap-ledger.ts";
import { watchChanges } from "../../operator/look/changes.ts";

export interface RequestWatchOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
}

/** Each write of a request's record since the watch began, in order. */
export interface RequestChanges extends Disposable {
  /** The next one, as soon as there is one; `undefined` once the signal aborts. */
  next(signal?: AbortSignal): Promise<StatementRequest | undefined>;
}

const PAUSE_MS = 500;

/** Resolves when nothing can be missed any more. */
export async function watchRequests(options: RequestWatchOptions): Promise<RequestChanges> {
  const stop = new AbortController();
  const changes = written(options, await versionNow(options), stop.signal);
  let coming: Promise<IteratorResult<StatementRequest, undefined>> | undefined;
  return {
    async next(signal) {
      coming ??= changes.next();
      const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
      const onAbort = (): void => resolve(undefined);
      if (signal?.aborted) onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      const found = await Promise.race([coming, aborted]);
      signal?.removeEventListener("abort", onAbort);
      // One that nobody waited for is the next one's.
      if (found) coming = undefined;
      return found?.value;
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}

async function versionNow({ kubeconfig, namespace }: RequestWatchOptions): Promise<string> {
  for await (const { version } of makeConfigMapLedger({ kubeconfig, namespace }).list({}))
    return version;
  return "";
}

/** Goes on for as long as somebody looks; an API that is away for longer than a watch waits is asked from then on. */
async function* written(
  options: RequestWatchOptions,
  version: string,
  signal: AbortSignal,
): AsyncGenerator<StatementRequest, undefined> {
  for (let since: string | undefined = version; !signal.aborted; since = undefined) {
    try {
      for await (const change of watchChanges({ ...options, version: since }, signal))
        if (change.kind === "written") yield change.request;
    } catch {
      // What it said is of no use to who looks: it is asked again.
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}
