/** How long a request waits after a failure. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
  /** Uniform in [0, 1). */
  readonly random: number;
  readonly maxFailures: number;
  /** Only a person can help, and needs time: the longest pause from the first failure on. */
  readonly patient?: boolean;
  /** It is known for how long nothing can change: no shorter pause, and no patience beyond it. */
  readonly waitMs?: number | undefined;
}

const MOST_KNOWN_WAIT_MS = 24 * 3_600_000;

/**
 * Exponential with jitter: between half and the whole of `base × 2^(failures − 1)`, at most `max`.
 * Out of budget there is nothing left to wait for but the end: the shortest time.
 */
export function backoffMs(failures: number, backoff: Backoff): number {
  const last = failures >= backoff.maxFailures;
  const doubled = backoff.baseMs * 2 ** (last ? 0 : failures - 1);
  const { patient = false, waitMs } = backoff;
  const longest = patient && waitMs === undefined && !last;
  const whole = longest ? backoff.maxMs : Math.min(backoff.maxMs, doubled);
  const pause = Math.round(whole * (0.5 + backoff.random / 2));
  return last ? pause : Math.max(pause, Math.min(waitMs ?? 0, MOST_KNOWN_WAIT_MS));
}
