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
  const controller = new AbortController();
  const { signal } = controller;
  const deadline = { signal, passed: false, [Symbol.dispose]: stop };
  const timer = startTimer(() => {
    deadline.passed = !signal.aborted;
    end(new DOMException("the time is over", "TimeoutError"));
  }, ms);
  // Not AbortSignal.any: it costs more than many a call that it bounds.
  const follow = (event: Event): void => end((event.target as AbortSignal).reason);
  for (const other of others) other.addEventListener("abort", follow);
  const over = others.find(({ aborted }) => aborted);
  if (over) end(over.reason);

  function stop(): void {
    stopTimer(timer);
    for (const other of others) other.removeEventListener("abort", follow);
  }
  function end(reason: unknown): void {
    stop();
    controller.abort(reason);
  }
  return deadline;
}
