/**
 * Changes of the ledger as they happen, by a Kubernetes watch. Broken connections are taken up
 * again where they ended, so no state is missed unless the API server has forgotten that far back.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  Watch,
  type V1ConfigMap,
} from "@kubernetes/client-node";
import type { StatementRequest } from "../../../functions/domain/statement-request.ts";
import { fromConfigMap } from "../../../functions/platform/ledger/configmap-record.ts";
import { UnreadableRecord } from "../../../functions/platform/ledger/record-codec.ts";
import { ofComponent } from "../../../functions/platform/ledger/stored-configmap.ts";
import { inTime } from "../session/in-time.ts";
import { unavailable } from "../words/exit.ts";

export interface ChangesOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
  /** All requests without it. */
  readonly name?: string | undefined;
  /** Of the ledger, where the changes begin; without it, now. */
  readonly version?: string | undefined;
}

export type Change =
  | { readonly kind: "written"; readonly request: StatementRequest }
  | { readonly kind: "deleted"; readonly name: string }
  | { readonly kind: "unreadable"; readonly name: string };

/** From one connection to the next, at least: one that lasted is followed by the next at once. */
const PAUSE_MS = 500;
/** The server ends each watch itself, before the client takes a quiet one for dead after 30 s. */
const WATCH_SECONDS = 20;
/** In a row, a minute of them: then it is no break any more. */
const MAX_BREAKS = 120;

/**
 * Starts with the request as it is, where a name is given, else with the first change from now on.
 * Ends when the signal aborts. @throws CommandError when the API does not let us, or is gone
 */
export async function* watchChanges(
  { kubeconfig, namespace, name, version: since }: ChangesOptions,
  signal: AbortSignal,
): AsyncGenerator<Change> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const watch = new Watch(config);
  const core = config.makeApiClient(CoreV1Api);
  const selector =
    name === undefined ? ofComponent("request") : { fieldSelector: `metadata.name=${name}` };

  /** Where a watch can begin, and what is there by then: of a name only, the rest may be too much. */
  async function look() {
    const which = { namespace, ...selector, limit: 1 };
    const list = await core.listNamespacedConfigMap(which, inTime(signal));
    // A page to sign in at, of what stands in between, is no list.
    if (!Array.isArray(list.items)) throw new Error("its answer is no list");
    const present = name === undefined ? [] : list.items.map((item) => toChange("ADDED", item));
    const isGone = name !== undefined && present.length === 0;
    const found: readonly Change[] = isGone ? [{ kind: "deleted", name }] : present;
    return { version: list.metadata?.resourceVersion ?? "", found };
  }

  const first =
    since === undefined
      ? await look().catch((error: unknown) => {
          signal.throwIfAborted();
          return notAllowed(error);
        })
      : { version: since, found: [] };
  yield* first.found;
  let { version } = first;
  for (let breaks = 0; !signal.aborted && breaks < MAX_BREAKS; breaks++) {
    const startedAt = performance.now();
    const queue = makeQueue<WatchEvent>();
    const connection = await watch.watch(
      `/api/v1/namespaces/${namespace}/configmaps`,
      { ...selector, resourceVersion: version, timeoutSeconds: WATCH_SECONDS },
      (type: string, object: V1ConfigMap) => queue.push({ type, object }),
      (error: unknown) => queue.end(error),
    );
    const abort = (): void => connection.abort();
    signal.addEventListener("abort", abort);
    let isExpired = false;
    try {
      signal.throwIfAborted();
      for await (const { type, object } of queue.items()) {
        if (type === "ERROR") {
          isExpired = true;
          break;
        }
        version = object.metadata?.resourceVersion ?? version;
        yield toChange(type, object);
      }
      breaks = 0;
    } catch (error) {
      const { statusCode } = error as { readonly statusCode?: number };
      if (statusCode === 401 || statusCode === 403) notAllowed(error);
      isExpired = statusCode === 410;
    } finally {
      signal.removeEventListener("abort", abort);
      connection.abort();
    }
    const pauseMs = Math.max(0, startedAt + PAUSE_MS - performance.now());
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    // Too far back: what is there now, and on from there.
    const again = isExpired ? await look().catch(() => undefined) : undefined;
    yield* again?.found ?? [];
    version = again?.version ?? version;
  }
  if (!signal.aborted) throw unavailable("the Kubernetes API does not answer any more");
}

interface WatchEvent {
  readonly type: string;
  readonly object: V1ConfigMap;
}

function notAllowed(error: unknown): never {
  const { statusCode } =
    error instanceof ApiException
      ? { statusCode: error.code }
      : (error as { readonly statusCode?: number });
  throw unavailable(
    `the ledger cannot be watched (${statusCode === undefined ? "no answer" : `HTTP ${statusCode}`}); ` +
      "`statements doctor` looks for the reason",
    { cause: error },
  );
}

function toChange(type: string, configMap: V1ConfigMap): Change {
  const name = configMap.metadata?.name ?? "";
  if (type === "DELETED") return { kind: "deleted", name };
  try {
    return { kind: "written", request: fromConfigMap(configMap) };
  } catch (error) {
    if (error instanceof UnreadableRecord) return { kind: "unreadable", name };
    throw error;
  }
}

/** From callbacks to a loop. */
function makeQueue<T>() {
  const waiting: T[] = [];
  let ended: { readonly error: unknown } | undefined;
  let wake = (): void => undefined;
  return {
    push(item: T): void {
      waiting.push(item);
      wake();
    },
    end(error: unknown): void {
      ended ??= { error };
      wake();
    },
    async *items(): AsyncGenerator<T> {
      for (;;) {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield next;
        if (ended?.error instanceof Error) throw ended.error;
        if (ended) return;
        const { promise, resolve } = Promise.withResolvers<undefined>();
        wake = () => resolve(undefined);
        await promise;
      }
    },
  };
}
