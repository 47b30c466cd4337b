/**
 * All time and all chance of the product. Nothing else in `functions/` asks Node for either, which a lint
 * rule holds: so a simulation that puts a file of its own in the place of this one has them all.
 */
import { randomUUID } from "node:crypto";
import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";

/** Milliseconds since the epoch. Whoever runs the machine may set it, and two machines differ. */
export const wallClock = (): number => Date.now();

/** Milliseconds, with fractions, since a moment that has no meaning; nobody can set it. */
export const monotonic = (): number => performance.now();

/** Milliseconds since the epoch, with fractions: the time at which the process began, and steady from there. */
export const steadyClock = (): number => performance.timeOrigin + performance.now();

/** Disposing of it stops it. */
export interface Timer extends Disposable {
  /** It keeps the process alive no longer. */
  unref(): this;
}

export const startTimer = (work: () => void, ms: number): Timer => setTimeout(work, ms);

/** Without harm when it has run, or was stopped. */
export function stopTimer(timer: Timer | undefined): void {
  timer?.[Symbol.dispose]();
}

/** @throws AbortError when the signal aborts before the time is over */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  wait(ms, undefined, signal && { signal });

/** Lets everything else that is ready have its turn. */
export const nextTurn = (): Promise<void> => turn();

/** In [0, 1); not for secrets. */
export const random = (): number => Math.random();

export const uuid = (): string => randomUUID();
