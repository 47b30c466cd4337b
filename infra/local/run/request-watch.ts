/** Sees every state a request goes through: a Kubernetes watch misses none, however short. */
import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api, KubeConfig, Watch, type V1ConfigMap } from "@kubernetes/client-node";
import type { StatementRequest } from "../../../functions/domain/statement-request.ts";
import {
  COMPONENTS,
  fromConfigMap,
  LABELS,
} from "../../../functions/platform/ledger/configmap-record.ts";

export interface RequestWatchOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
}

/** Each write of a request's record since the watch began, in order. */
export interface RequestChanges extends Disposable {
  /** The next one, as soon as there is one; `undefined` once the signal aborts. */
  next(signal?: AbortSignal): Promise<StatementRequest | undefined>;
}

const LABEL_SELECTOR = `${LABELS.component}=${COMPONENTS.request}`;
const PAUSE_MS = 500;

/** Resolves when nothing can be missed any more. */
export async function watchRequests(options: RequestWatchOptions): Promise<RequestChanges> {
  const { kubeconfig, namespace } = options;
  const changes = makeQueue();
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const watch = new Watch(config);
  const stop = new AbortController();

  async function newestVersion(): Promise<string> {
    const query = { namespace, labelSelector: LABEL_SELECTOR, limit: 1 };
    return (await core.listNamespacedConfigMap(query)).metadata?.resourceVersion ?? "";
  }

  /** One connection, from `version` to its end; answers the version to go on from. */
  async function follow(version: string): Promise<string> {
    const seen = { version, expired: false };
    const { promise: ended, resolve } = Promise.withResolvers<unknown>();
    const connection = await watch.watch(
      `/api/v1/namespaces/${namespace}/configmaps`,
      { labelSelector: LABEL_SELECTOR, resourceVersion: version },
      (type: string, configMap: V1ConfigMap) => {
        if (type === "ERROR") return void (seen.expired = true);
        seen.version = configMap.metadata?.resourceVersion ?? seen.version;
        if (type !== "DELETED") changes.push(fromConfigMap(configMap));
      },
      resolve,
    );
    const abort = (): void => connection.abort();
    stop.signal.addEventListener("abort", abort);
    await ended;
    stop.signal.removeEventListener("abort", abort);
    return seen.expired ? await newestVersion() : seen.version;
  }

  async function followOn(version: string): Promise<void> {
    let from = version;
    while (!stop.signal.aborted) {
      // The API is away for a moment, or is being stopped: the same again from where it ended.
      from = await follow(from).catch(() => from);
      await sleep(PAUSE_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }

  const first = await newestVersion();
  void followOn(first);
  return { next: (signal) => changes.next(signal), [Symbol.dispose]: () => stop.abort() };
}

function makeQueue() {
  const waiting: StatementRequest[] = [];
  let wake = (): void => undefined;
  return {
    push(request: StatementRequest): void {
      waiting.push(request);
      wake();
    },
    async next(signal?: AbortSignal): Promise<StatementRequest | undefined> {
      while (waiting.length === 0 && !signal?.aborted) {
        const { promise, resolve } = Promise.withResolvers<undefined>();
        wake = () => resolve(undefined);
        signal?.addEventListener("abort", wake, { once: true });
        await promise;
      }
      return waiting.shift();
    },
  };
}
