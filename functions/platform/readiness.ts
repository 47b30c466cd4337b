/**
 * Whether the function can do its work now. Probes come every few seconds from every node, so the
 * answer is kept for a moment and one check serves all who ask meanwhile.
 */
import type { Log } from "./log.ts";

export interface ReadinessOptions {
  /** Rejects when a dependency does not answer. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly log: Log;
  readonly now?: () => number;
}

const CHECK_TIMEOUT_MS = 2_000;
const KEPT_MS = 3_000;

export function makeReadiness({ ready, log, now = Date.now }: ReadinessOptions) {
  let latest: { readonly at: number; readonly outcome: Promise<boolean> } | undefined;

  async function check(): Promise<boolean> {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
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

  return {
    isReady(): Promise<boolean> {
      if (!latest || now() - latest.at > KEPT_MS) latest = { at: now(), outcome: check() };
      return latest.outcome;
    },
  };
}
