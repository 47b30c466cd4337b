/**
 * The two health paths. A process is alive when it answers at all, and ready when what it depends
 * on answers too. Probes come every few seconds from every side, so the outcome is kept for a
 * moment, and one check serves all who ask meanwhile.
 */
import { toHttp, type HttpAnswer } from "./answers/http-answer.ts";
import { startDeadline } from "../limits/deadline.ts";
import type { Log } from "../telemetry/log.ts";
import { monotonic } from "../clock/clock.ts";

const LIVENESS = "/health/liveness";
const READINESS = "/health/readiness";

const CHECK_TIMEOUT_MS = 2_000;
const KEPT_MS = 3_000;

export interface HealthOptions {
  /** Rejects when a dependency does not answer. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}

export interface Health {
  answer(path: string, method: string | undefined): Promise<HttpAnswer>;
  /** From now on not ready, whatever the dependencies say. */
  stop(): void;
}

export function isHealthPath(path: string): boolean {
  return path === LIVENESS || path === READINESS;
}

export function makeHealth({ ready, log }: HealthOptions): Health {
  let latest: { readonly at: number; readonly outcome: Promise<boolean> } | undefined;
  let stopped = false;

  async function check(): Promise<boolean> {
    using deadline = startDeadline(CHECK_TIMEOUT_MS);
    const { signal } = deadline;
    const timedOut = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        reject(signal.reason as Error);
      });
    });
    try {
      await Promise.race([ready(signal), timedOut]);
      return true;
    } catch (err) {
      log.warn({ err }, "not ready");
      return false;
    }
  }

  async function isReady(): Promise<boolean> {
    if (stopped) return false;
    const at = monotonic();
    if (!latest || at - latest.at > KEPT_MS) latest = { at, outcome: check() };
    return await latest.outcome;
  }

  return {
    async answer(path, method) {
      if (method !== "GET" && method !== "HEAD")
        return toHttp({ kind: "method-not-allowed", allow: "GET, HEAD" });
      const well = path === LIVENESS || (await isReady());
      if (!well) return toHttp({ kind: "unavailable", code: "not_ready" });
      return { status: 200, headers: { "content-type": "application/json" }, body: `{"ok":true}` };
    },
    stop() {
      stopped = true;
    },
  };
}
