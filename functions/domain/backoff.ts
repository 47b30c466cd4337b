/** How long a request waits after a failure. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
  /** Uniform in [0, 1). */
  readonly random: number;
  readonly maxFailures: number;
  /** Only a person can help, and needs time: the longest pause from the first failure on. */
  readonly patient?: boolean;
}

/**
 * Exponential with jitter: between half and the whole of `base × 2^(failures − 1)`, at most `max`.
 * Out of budget there is nothing left to wait for but the end: the shortest time.
 */
export function backoffMs(failures: number, backoff: Backoff): number {
  const last = failures >= backoff.maxFailures;
  const doubled = backoff.baseMs * 2 ** (last ? 0 : failures - 1);
  const whole = backoff.patient && !last ? backoff.maxMs : Math.min(backoff.maxMs, doubled);
  return Math.round(whole * (0.5 + backoff.random / 2));
}
