/**
 * Calls to the Kubernetes API, over Node's own HTTP/1.1: kept connections, a time-out on every try,
 * and jittered retries of what may pass by itself (429, 5xx, the network).
 *
 * The calls of the Kubernetes client have none of these. They come with `fetch`, which makes a
 * connection pool for each request and sends a body as a stream, behind its head, at twice the
 * CPU; and with a megabyte of classes for kinds of objects that no ledger has. Over HTTP/2 a
 * session of Node 24 that was paused (a frozen container, a machine that slept) can go on writing
 * forever.
 */
import type { IncomingMessage } from "node:http";
import { makeConcurrencyLimit } from "../limits/concurrency.ts";
import { startDeadline } from "../limits/deadline.ts";
import {
  accessKubernetes,
  urlOf,
  USER_AGENT,
  type AccessOptions,
  type KubernetesAccess,
} from "./kubernetes-access.ts";
import { LedgerUnavailable } from "./ledger-unavailable.ts";
import { random, sleep } from "../clock/clock.ts";

export interface KubernetesApiOptions extends AccessOptions {
  /** Of one try, milliseconds. */
  readonly timeoutMs?: number;
  readonly tries?: number;
}

/** One request; it may be repeated, since creations carry a name and replacements a resourceVersion; a PATCH is a merge patch. */
export interface ApiCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Each part of the path, as it is before any encoding. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Milliseconds; that of one try of all calls unless given. After so long a silence it is not tried again. */
  readonly timeoutMs?: number | undefined;
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
  /** @throws LedgerUnavailable after the last try; the signal's reason when it aborts. */
  readonly call: <T>(call: ApiCall, signal?: AbortSignal) => Promise<ApiResult<T>>;
  /** For what is no call with one answer. @throws LedgerUnavailable */
  readonly access: () => Promise<KubernetesAccess>;
}

const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 5_000;
/** Each takes a connection of its own, and a burst would spend its time on TLS handshakes. */
const REQUESTS_AT_ONCE = 16;

export function connectKubernetes(options: KubernetesApiOptions): KubernetesApi {
  const { timeoutMs: usualMs = 5_000, tries = 4 } = options;
  let found: Promise<KubernetesAccess> | undefined;

  /** Found once, for all calls; one that failed is looked for again. */
  async function access(): Promise<KubernetesAccess> {
    try {
      return await (found ??= accessKubernetes(options));
    } catch (error) {
      found = undefined;
      throw error;
    }
  }
  const inTurn = makeConcurrencyLimit(REQUESTS_AT_ONCE);

  /** Its time counts from its turn. */
  async function tryOnce(call: ApiCall, signal: AbortSignal | undefined): Promise<Answer> {
    signal?.throwIfAborted();
    using deadline = startDeadline(call.timeoutMs ?? usualMs, ...(signal ? [signal] : []));
    try {
      return await send(await access(), call, deadline.signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof LedgerUnavailable) throw error;
      throw deadline.passed ? unavailable("timed out", true) : unavailable(codeOf(error));
    }
  }

  return {
    access,
    async call<T>(call: ApiCall, signal?: AbortSignal): Promise<ApiResult<T>> {
      for (let attempt = 1; ; attempt++) {
        let retryAfterMs = 0;
        try {
          const answer = await inTurn(async () => await tryOnce(call, signal));
          if (answer.status < 300) return { value: parsed(answer) as T };
          const refusal = refusalOf(answer);
          if (!isTransient(answer.status)) return { refusal };
          if (attempt >= tries) throw unavailable(`HTTP ${refusal.status} ${refusal.reason}`);
          retryAfterMs = answer.retryAfterMs;
        } catch (error) {
          if (!(error instanceof LedgerUnavailable) || attempt >= tries) throw error;
          if (error.isSilent && call.timeoutMs !== undefined) throw error;
        }
        await sleep(pauseMs(attempt, retryAfterMs), signal);
      }
    },
  };
}

// --- the connection ----------------------------------------------------------------------------

interface Answer {
  readonly status: number;
  readonly text: string;
  /** As the API server's priority and fairness asks for. */
  readonly retryAfterMs: number;
}

/** Of one answer, so that no list can take the memory of the process. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const HEADERS = { accept: "application/json", "user-agent": USER_AGENT } as const;

async function send(access: KubernetesAccess, call: ApiCall, signal: AbortSignal): Promise<Answer> {
  const { method, path, query, body } = call;
  const sent = body === undefined ? "" : JSON.stringify(body);
  // Node leaves the length of a body out of a DELETE, and the server would not read it.
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(sent) };
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const headers = { ...HEADERS, "content-type": type, ...length };
  const options = await access.signed({ method, headers, signal });
  const url = urlOf(access, path, query);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    access.open(url, options, resolve).on("error", reject).end(sent);
  });
  return await readAnswer(response);
}

/** At once, so that the time-out of the request is also that of its answer. */
async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop drops the connection with the rest of the answer.
    if (bytes > MAX_ANSWER_BYTES) return TOO_LARGE;
    chunks.push(chunk);
  }
  const retryAfter = Number(headers["retry-after"] ?? 0);
  const text = Buffer.concat(chunks, bytes).toString();
  return { status, text, retryAfterMs: Number.isFinite(retryAfter) ? retryAfter * 1000 : 0 };
}

/** More than this process holds at a time: ask for less. */
const TOO_LARGE: Answer = {
  status: 413,
  text: JSON.stringify({ reason: "AnswerTooLarge" }),
  retryAfterMs: 0,
};

// --- what an answer means ----------------------------------------------------------------------

function isTransient(status: number): boolean {
  return status === 429 || status >= 500;
}

/** Half an answer, or that of a portal on the way, says nothing of what became of the request. */
function parsed({ text }: Answer): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unavailable("its answer is no JSON");
  }
}

function refusalOf({ status, text }: Answer): ApiRefusal {
  const { reason = "Unknown", metadata } = statusObject(text);
  return { status, reason, continue: metadata?.continue };
}

interface KubernetesStatus {
  readonly reason?: string;
  readonly metadata?: { readonly continue?: string };
}

/** A proxy on the way answers with a text of its own. */
function statusObject(text: string): KubernetesStatus {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function unavailable(why: string, isSilent = false): LedgerUnavailable {
  return new LedgerUnavailable(`the Kubernetes API does not answer: ${why}`, { isSilent });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "the connection failed";
}

function pauseMs(attempt: number, retryAfterMs: number): number {
  const backoff = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** (attempt - 1));
  const jittered = backoff * (0.5 + random() / 2);
  return Math.max(jittered, Math.min(RETRY_MAX_MS, retryAfterMs));
}
