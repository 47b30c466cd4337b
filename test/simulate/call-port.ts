/** What every port has, whoever decides when a call has its effect: who may call, and that an answer comes once. */
import type { Call, CallPort } from "./calls.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import type { Story } from "./story.ts";

/** Whoever is dead waits for ever, and what was given up before is not sent. */
export function makePort(
  send: <T>(call: Call<T>, process: SimulatedProcess) => Promise<T>,
  quietFrom: () => number,
): CallPort {
  const port = <T>(call: Call<T>): Promise<T> => {
    const process = SimulatedProcess.current();
    if (!process) throw new Error("a port was called from outside the simulation");
    if (process.dead) return new Promise<T>(() => undefined);
    if (call.signal?.aborted) return Promise.reject(call.aborted(call.signal.reason));
    return send(call, process);
  };
  return Object.defineProperty(port, "quietFrom", { get: quietFrom }) as CallPort;
}

/** A call that its process waits for. */
export interface OpenCall<T> {
  readonly answered: Promise<T>;
  /** Neither answered nor given up. */
  readonly isOpen: boolean;
  /** Answers it, unless it is over. */
  settle(make: () => T): void;
}

export function openCall<T>(
  call: Call<T>,
  process: SimulatedProcess,
  { isTold }: Story,
  note: (answer: string) => void,
): OpenCall<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let isOpen = true;
  process.open++;
  const close = (): boolean => {
    if (!isOpen) return false;
    isOpen = false;
    process.open--;
    call.signal?.removeEventListener("abort", onAbort);
    return true;
  };
  function onAbort(): void {
    close();
    note("given up");
    reject(call.aborted(call.signal?.reason));
  }
  call.signal?.addEventListener("abort", onAbort);
  return {
    answered: promise,
    get isOpen() {
      return isOpen;
    },
    settle(make) {
      if (!close()) return;
      try {
        const value = make();
        if (isTold) note(call.tell?.(value) ?? "done");
        resolve(value);
      } catch (error) {
        if (isTold) note(String(error));
        reject(error);
      }
    },
  };
}

export function outcomeOf<T>(effect: () => T): () => T {
  try {
    const value = effect();
    return () => value;
  } catch (error) {
    return () => {
      throw error as Error;
    };
  }
}
