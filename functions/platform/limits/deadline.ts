import { startTimer, stopTimer } from "../clock/clock.ts";

/**
 * A time-out as an AbortSignal, together with the signals that end the work anyway. Unlike
 * `AbortSignal.timeout` it leaves no timer behind when the work is done before, and it tells
 * whether it was the time that ended it.
 */
export interface Deadline extends Disposable {
  /** Aborts with a TimeoutError when the time is over, or with the reason of another signal. */
  readonly signal: AbortSignal;
  /** Whether it was the time. */
  readonly passed: boolean;
}

export function startDeadline(ms: number, ...others: readonly AbortSignal[]): Deadline {
  const time = new AbortController();
  const late = (): void => time.abort(new DOMException("the time is over", "TimeoutError"));
  const timer = startTimer(late, ms);
  return {
    signal: AbortSignal.any([time.signal, ...others]),
    get passed() {
      return time.signal.aborted;
    },
    [Symbol.dispose]: () => stopTimer(timer),
  };
}
