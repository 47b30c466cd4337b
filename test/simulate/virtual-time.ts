/**
 * The one queue of everything that will happen. Nothing waits in real time: when all that can go on
 * has gone on, the clock jumps to the next entry.
 */
import { setImmediate as realImmediate } from "node:timers";
import type { SimulatedProcess } from "./simulated-process.ts";

export interface Entry {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** What an entry is, for whoever chooses between several. */
export interface Subject {
  /** Who sees it. */
  readonly process?: SimulatedProcess;
  /** The process has set it for a time, and it is not on its way from anybody else. */
  readonly isTimer?: boolean;
  /** Entries of one stream come one behind the other. */
  readonly stream?: object;
  /** It is always the same, so that it is no matter when it comes. */
  readonly isConstant?: boolean;
  /** What else tells it from others. */
  readonly what?: string;
  /** And what it says. */
  readonly says?: object;
}

export interface VirtualTime {
  /** Milliseconds since the world began. */
  readonly now: number;
  /** At that time, and behind everything that was put there before; a past time is now. */
  put(at: number, run: () => void, subject?: Subject): Entry;
  /** Takes the next entry's turn and waits until nothing moves any more; false without one. */
  turn(): Promise<boolean>;
  /** Takes turns while there are some and it is told to go on, and does not wait between them. */
  readonly turnsWhile?: (goesOn: () => boolean) => Promise<void>;
  /** Code of this process runs: its promises may go on. */
  stir(process: SimulatedProcess): void;
  /** Entries that were not cancelled. */
  readonly turns: number;
}

export function cancel(entry: Entry): void {
  entry.run = undefined;
}

export async function turnsWhile(time: VirtualTime, goesOn: () => boolean): Promise<void> {
  if (time.turnsWhile) await time.turnsWhile(goesOn);
  else while (goesOn() && (await time.turn()));
}

export function makeVirtualTime(): VirtualTime {
  return new QueuedTime();
}

/** Node's own, by which it ends every callback: runs promises and ticks until there are none. */
const { _tickCallback: settlePromises } = process as unknown as {
  readonly _tickCallback: () => void;
};
const asPromise = Promise.resolve();

/** A heap by time and order. In a class, where a number that changes is no new object each time. */
class QueuedTime implements VirtualTime {
  now = 0;
  turns = 0;
  #order = 0;
  #entry: Entry | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #heap: Entry[] = [];
  readonly #run = (): void => {
    try {
      this.#entry?.run?.();
    } catch (error) {
      this.#failure = { error };
    }
  };

  put(at: number, run: () => void): Entry {
    const entry = { at: Math.max(this.now, at), order: this.#order++, run };
    this.#push(entry);
    return entry;
  }

  stir(): void {
    // Whatever has run, its promises go on.
  }

  async turn(): Promise<boolean> {
    const entry = this.#next();
    entry?.run?.();
    await new Promise<void>((resolve) => realImmediate(resolve));
    return entry !== undefined;
  }

  /** All in one callback of Node's: an event loop that goes round for each turn costs more than most turns. */
  async turnsWhile(goesOn: () => boolean): Promise<void> {
    if (!goesOn() || !(await this.turn())) return;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    realImmediate(() => {
      try {
        while (goesOn() && this.#takeNext());
        resolve(undefined);
      } catch (error) {
        reject(error);
      }
    });
    await promise;
  }

  #takeNext(): boolean {
    this.#entry = this.#next();
    if (!this.#entry) return false;
    // As a promise's job: behind it come its promises, and behind all of those its ticks.
    void asPromise.then(this.#run);
    settlePromises();
    if (this.#failure) throw this.#failure.error;
    return true;
  }

  #next(): Entry | undefined {
    let entry = this.#pop();
    while (entry && !entry.run) entry = this.#pop();
    if (!entry) return undefined;
    this.now = entry.at;
    this.turns++;
    return entry;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || isBefore(above, entry)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let least = heap[child];
      const right = heap[child + 1];
      if (least && right && isBefore(right, least)) {
        least = right;
        child++;
      }
      if (!least || isBefore(last, least)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
