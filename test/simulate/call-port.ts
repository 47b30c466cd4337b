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
export class OpenCall<T> {
  readonly answered: Promise<T>;
  /** Neither answered nor given up. */
  isOpen = true;
  readonly #call: Call<T>;
  readonly #process: SimulatedProcess;
  readonly #note: ((answer: string) => void) | undefined;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #onAbort: (() => void) | undefined;

  /** @param note undefined where nobody reads the story */
  constructor(call: Call<T>, process: SimulatedProcess, note?: (answer: string) => void) {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.answered = promise;
    this.#call = call;
    this.#process = process;
    this.#note = note;
    this.#resolve = resolve;
    this.#reject = reject;
    process.open++;
    const { signal } = call;
    if (!signal) return;
    this.#onAbort = () => {
      this.#close();
      this.#note?.("given up");
      reject(call.aborted(signal.reason));
    };
    signal.addEventListener("abort", this.#onAbort);
  }

  /** Answers it, unless it is over. */
  settle(make: () => T): void {
    if (!this.#close()) return;
    try {
      const value = make();
      this.#note?.(this.#call.tell?.(value) ?? "done");
      this.#resolve(value);
    } catch (error) {
      this.#note?.(String(error));
      this.#reject(error);
    }
  }

  #close(): boolean {
    if (!this.isOpen) return false;
    this.isOpen = false;
    this.#process.open--;
    if (this.#onAbort) this.#call.signal?.removeEventListener("abort", this.#onAbort);
    return true;
  }
}

export function openCall<T>(
  call: Call<T>,
  process: SimulatedProcess,
  { isTold }: Pick<Story, "isTold">,
  note: (answer: string) => void,
): OpenCall<T> {
  return new OpenCall(call, process, isTold ? note : undefined);
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
