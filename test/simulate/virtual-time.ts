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
}

export interface VirtualTime {
  /** Milliseconds since the world began. */
  readonly now: number;
  /** At that time, and behind everything that was put there before; a past time is now. */
  put(at: number, run: () => void, subject?: Subject): Entry;
  /** Takes the next entry's turn and waits until nothing moves any more; false without one. */
  turn(): Promise<boolean>;
  /** Code of this process runs: its promises may go on. */
  stir(process: SimulatedProcess): void;
  /** Entries that were not cancelled. */
  readonly turns: number;
}

export function cancel(entry: Entry): void {
  entry.run = undefined;
}

export function makeVirtualTime(): VirtualTime {
  const heap: Entry[] = [];
  let now = 0;
  let order = 0;
  let turns = 0;
  let stirs = 0;

  function before(a: number, b: number): boolean {
    const [one, other] = [heap[a], heap[b]];
    if (!one || !other) return false;
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }
  function swap(a: number, b: number): void {
    const [one, other] = [heap[a], heap[b]];
    if (!one || !other) return;
    heap[a] = other;
    heap[b] = one;
  }
  function push(entry: Entry): void {
    heap.push(entry);
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  }
  function pop(): Entry | undefined {
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      let least = at;
      if (before(left, least)) least = left;
      if (before(left + 1, least)) least = left + 1;
      if (least === at) return first;
      swap(at, least);
      at = least;
    }
  }

  return {
    get now() {
      return now;
    },
    get turns() {
      return turns;
    },
    put(at, run) {
      const entry = { at: Math.max(now, at), order: order++, run };
      push(entry);
      return entry;
    },
    stir() {
      stirs++;
    },
    async turn() {
      for (let entry = pop(); entry; entry = pop()) {
        if (!entry.run) continue;
        now = entry.at;
        turns++;
        const stirredBefore = stirs;
        entry.run();
        // Promises and ticks all come before an immediate; nothing else here takes real time.
        if (stirs > stirredBefore) await new Promise<void>((resolve) => realImmediate(resolve));
        return true;
      }
      return false;
    },
  };
}
