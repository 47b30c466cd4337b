/**
 * Puts the clocks, timers and chance of this process under the simulation: code that runs in a
 * simulated process has that process's, everything else the real ones.
 *
 * The product keeps calling `Date.now`, `performance.now`, `setTimeout`, `AbortSignal.timeout`,
 * `Math.random` and `randomUUID` by their names. To hand a clock through every function would be a
 * change of all of it for the sake of a test, and a library that is called would still have its own.
 */
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";
import { SimulatedProcess, type Timer } from "./simulated-process.ts";

export function takeOverClocks(): void {
  const current = (): SimulatedProcess | undefined => SimulatedProcess.current();

  const realNow = Date.now;
  Date.now = () => current()?.wallClock() ?? realNow();
  const realMonotonic = performance.now.bind(performance);
  performance.now = () => current()?.monotonic() ?? realMonotonic();
  const realRandom = Math.random;
  Math.random = () => current()?.random() ?? realRandom();

  const realSet = globalThis.setTimeout;
  const realClear = globalThis.clearTimeout;
  const set = (work: (...args: unknown[]) => void, ms = 1, ...args: unknown[]): unknown =>
    current()?.setTimer(() => work(...args), ms) ?? realSet(work, ms, ...args);
  const clear = (timer: unknown): void => {
    if (isSimulated(timer)) timer.clear();
    else realClear(timer as Parameters<typeof realClear>[0]);
  };
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });

  const realTimeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) => {
    const process = current();
    if (!process) return realTimeout(ms);
    const controller = new AbortController();
    const late = new DOMException("the time is over", "TimeoutError");
    // As in Node, such a timer keeps no process alive.
    process.setTimer(() => controller.abort(late), ms).unref();
    return controller.signal;
  };

  const realSleep = timers.setTimeout;
  const realTurn = timers.setImmediate;
  Object.assign(timers, {
    setTimeout: async (ms = 1, value?: unknown, options: { signal?: AbortSignal } = {}) =>
      await (current() ? sleep(ms, value, options) : realSleep(ms, value, options)),
    setImmediate: async (value?: unknown) => {
      if (!current()) await realTurn();
      return value;
    },
  });
  const realUuid = crypto.randomUUID;
  Object.assign(crypto, { randomUUID: () => (current() ? uuid() : realUuid()) });
  syncBuiltinESMExports();
}

async function sleep(ms: number, value: unknown, { signal }: { signal?: AbortSignal }) {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const timer = setTimeout(() => resolve(value), ms);
  const onAbort = (): void => {
    clearTimeout(timer);
    reject(new DOMException("aborted", "AbortError"));
  };
  signal?.addEventListener("abort", onAbort);
  try {
    return await promise;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

function isSimulated(timer: unknown): timer is Timer {
  return typeof timer === "object" && timer !== null && "entry" in timer;
}

function uuid(): string {
  const digits = (count: number): string =>
    Math.floor(Math.random() * 16 ** count)
      .toString(16)
      .padStart(count, "0");
  return `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(6)}${digits(6)}`;
}
