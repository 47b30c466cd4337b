/**
 * Calls to the Kubernetes API: one connection pool, a time-out on every try, and jittered retries
 * of what may pass by itself (429, 5xx, the network). The client library has none of the three.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  ApiException,
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  Observable,
  ServerConfiguration,
  type ConfigurationOptions,
  type RequestContext,
  type ResponseContext,
} from "@kubernetes/client-node";
import { makeConcurrencyLimit } from "../limits/concurrency.ts";
import { startDeadline } from "../limits/deadline.ts";
import { AnswerTooLarge, makeKubernetesHttp } from "./kubernetes-http.ts";
import { LedgerUnavailable } from "./ledger-unavailable.ts";

export interface KubernetesApiOptions {
  /** Path of a kubeconfig; without it, the pod's own service account. */
  readonly kubeconfig?: string | undefined;
  /** Of one try, milliseconds. */
  readonly timeoutMs?: number;
  readonly tries?: number;
}

/** A response that is an answer, not a failure: the caller decides what 404, 409 or 410 means. */
export interface ApiRefusal {
  readonly status: number;
  /** `reason` of the Kubernetes Status object, such as `AlreadyExists`; `AnswerTooLarge` is our own. */
  readonly reason: string;
  /** Continuation token that comes with `410 Expired` of a list. */
  readonly continue?: string | undefined;
}

export type ApiResult<T> = { readonly value: T } | { readonly refusal: ApiRefusal };

export interface KubernetesApi {
  /**
   * Runs one request. Every request of the ledger may be repeated, because creations carry a name
   * and replacements a resourceVersion: a lost answer shows up as a conflict.
   *
   * @throws LedgerUnavailable after the last try; the signal's reason when it aborts.
   */
  readonly call: <T>(request: Request<T>, signal?: AbortSignal) => Promise<ApiResult<T>>;
  /** Which server it is, and as whom it is asked. */
  readonly config: KubeConfig;
}

type Request<T> = (core: CoreV1Api, options: ConfigurationOptions) => Promise<T>;

const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 5_000;
/** Each takes a connection of its own, and a burst would spend its time on TLS handshakes. */
const REQUESTS_AT_ONCE = 16;

export function connectKubernetes(options: KubernetesApiOptions): KubernetesApi {
  const { timeoutMs = 5_000, tries = 4 } = options;
  const config = loadConfig(options.kubeconfig);
  const core = connect(config);
  const inTurn = makeConcurrencyLimit(REQUESTS_AT_ONCE);

  /** Its time counts from its turn. */
  async function tryOnce<T>(request: Request<T>, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    using deadline = startDeadline(timeoutMs, ...(signal ? [signal] : []));
    try {
      return await request(core, requestOptions(deadline.signal));
    } catch (error) {
      if (deadline.passed) throw unavailable("timed out");
      throw error;
    }
  }

  return {
    config,
    async call(request, signal) {
      for (let attempt = 1; ; attempt++) {
        try {
          return { value: await inTurn(async () => await tryOnce(request, signal)) };
        } catch (error) {
          signal?.throwIfAborted();
          const refusal = refusalOf(error);
          if (refusal && !isTransient(refusal.status)) return { refusal };
          if (attempt >= tries) throw asUnavailable(error, refusal);
          await sleep(pauseMs(attempt, error), undefined, signal && { signal });
        }
      }
    },
  };
}

function loadConfig(path: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (path) config.loadFromFile(path);
  else config.loadFromCluster();
  return config;
}

function connect(config: KubeConfig): CoreV1Api {
  const { server = "" } = config.getCurrentCluster() ?? {};
  const baseServer = new ServerConfiguration(server, {});
  return new CoreV1Api(createConfiguration({ baseServer, httpApi: makeKubernetesHttp(config) }));
}

function requestOptions(signal: AbortSignal): ConfigurationOptions {
  const middleware = {
    pre(context: RequestContext) {
      context.setSignal(signal);
      return new Observable(Promise.resolve(context));
    },
    post: (context: ResponseContext) => new Observable(Promise.resolve(context)),
  };
  return { middleware: [middleware], middlewareMergeStrategy: "append" };
}

function isTransient(status: number): boolean {
  return status === 429 || status >= 500;
}

function refusalOf(error: unknown): ApiRefusal | undefined {
  if (error instanceof AnswerTooLarge) return { status: 413, reason: error.name };
  if (!(error instanceof ApiException)) return undefined;
  const status = statusObject(error.body);
  return {
    status: error.code,
    reason: status.reason ?? "Unknown",
    continue: status.metadata?.continue,
  };
}

interface KubernetesStatus {
  readonly reason?: string;
  readonly metadata?: { readonly continue?: string };
}

/** The library hands the body over parsed, or as text. */
function statusObject(body: unknown): KubernetesStatus {
  try {
    const value: unknown = typeof body === "string" ? JSON.parse(body) : body;
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function unavailable(why: string): LedgerUnavailable {
  return new LedgerUnavailable(`the Kubernetes API does not answer: ${why}`);
}

function asUnavailable(error: unknown, refusal: ApiRefusal | undefined): LedgerUnavailable {
  if (error instanceof LedgerUnavailable) return error;
  return unavailable(reasonOf(error, refusal));
}

/** The library's own message holds body and headers, so it goes no further than here. */
function reasonOf(error: unknown, refusal: ApiRefusal | undefined): string {
  if (refusal) return `HTTP ${refusal.status} ${refusal.reason}`;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "the connection failed";
}

function pauseMs(attempt: number, error: unknown): number {
  const backoff = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** (attempt - 1));
  const jittered = backoff * (0.5 + Math.random() / 2);
  return Math.max(jittered, Math.min(RETRY_MAX_MS, retryAfterMs(error)));
}

/** `Retry-After` in seconds, as the API server's priority and fairness sends it. */
function retryAfterMs(error: unknown): number {
  if (!(error instanceof ApiException)) return 0;
  const headers = error.headers as Readonly<Record<string, string | undefined>>;
  const seconds = Number(headers["retry-after"] ?? 0);
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}
