/** Stands in the place of `functions/platform/clock/clock.ts`: the time and the chance of the simulated process that is running. */
import { SimulatedProcess, type Timer } from "./simulated-process.ts";

function current(): SimulatedProcess {
  const process = SimulatedProcess.current();
  if (!process) throw new Error("time or chance was asked for from outside the simulation");
  return process;
}

export const wallClock = (): number => current().wallClock();
export const monotonic = (): number => current().monotonic();
export const steadyClock = (): number => current().wallClock();
export const random = (): number => current().random();

export const startTimer = (work: () => void, ms: number): Timer => current().setTimer(work, ms);

export function stopTimer(timer: Disposable | undefined): void {
  timer?.[Symbol.dispose]();
}

export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const timer = startTimer(() => resolve(undefined), ms);
  const onAbort = (): void => {
    stopTimer(timer);
    reject(new DOMException("aborted", "AbortError"));
  };
  signal?.addEventListener("abort", onAbort);
  try {
    await promise;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

export const nextTurn = async (): Promise<void> => await Promise.resolve();

export function uuid(): string {
  const digits = (count: number): string =>
    Math.floor(random() * 16 ** count)
      .toString(16)
      .padStart(count, "0");
  return `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(6)}${digits(6)}`;
}
