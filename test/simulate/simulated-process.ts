/**
 * A process of the product as the simulation has it: what runs in it finds it again by its async
 * context, and has its timers, its clock and its random numbers from it. Once it is dead nothing of
 * it goes on: no timer fires, no answer comes.
 */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { draw, keyOf } from "./chance.ts";
import { cancel, type Entry, type Subject, type VirtualTime } from "./virtual-time.ts";

/** 2026-11-02T00:00:00Z. */
export const EPOCH = 1_793_577_600_000;

const running = new AsyncLocalStorage<SimulatedProcess>();

export interface Timer extends Disposable {
  unref(): this;
  readonly isRef: boolean;
}

export class SimulatedProcess {
  readonly name: string;
  readonly key: number;
  /** Calls of ports so far. */
  calls = 0;
  /** Of those, without an answer yet. */
  open = 0;
  /** Numbers by chance so far. */
  draws = 0;
  /** It sees nothing before this time. */
  pausedUntil = 0;
  clockGrainMs = 1;
  dead = false;
  readonly timers = new Set<Timer>();
  readonly onDeath = new Set<() => void>();
  /** How far its wall clock is ahead, by the time from which on it is. */
  readonly clockSteps: { readonly from: number; readonly aheadMs: number }[] = [];
  readonly #time: VirtualTime;
  readonly #seed: number;
  readonly #startedAt: number;
  /** Its async context: to go into it costs a tenth of what it costs to make it. */
  readonly #context: AsyncResource;
  readonly #subject: Subject = { process: this };
  readonly #timerSubject: Subject = { process: this, isTimer: true };

  constructor(name: string, seed: number, time: VirtualTime) {
    this.name = name;
    this.key = keyOf(name);
    this.#seed = seed;
    this.#time = time;
    this.#startedAt = time.now;
    this.#context = running.run(this, () => new AsyncResource("SimulatedProcess"));
  }

  /** The one whose code is running. */
  static current(): SimulatedProcess | undefined {
    return running.getStore();
  }

  run<T>(work: () => T): T {
    this.#time.stir(this);
    return this.#context.runInAsyncScope(work);
  }

  /** What comes from outside: not before a pause is over, and never to the dead. */
  deliver(at: number, what: () => void, more?: Omit<Subject, "process">): Entry {
    return this.#deliver(at, what, more ? { ...more, process: this } : this.#subject);
  }

  #deliver(at: number, what: () => void, subject: Subject): Entry {
    const arrive = (): void => {
      if (this.dead) return;
      if (this.pausedUntil > this.#time.now) this.#time.put(this.pausedUntil, arrive, subject);
      else this.run(what);
    };
    return this.#time.put(at, arrive, subject);
  }

  setTimer(what: () => void, ms: number): Timer {
    const timer = new SimulatedTimer(this.timers);
    if (this.dead) return timer;
    this.timers.add(timer);
    const fire = (): void => {
      if (this.timers.delete(timer)) what();
    };
    timer.entry = this.#deliver(this.#time.now + Math.max(1, ms), fire, this.#timerSubject);
    return timer;
  }

  /** Milliseconds since the epoch by its own clock. */
  wallClock(): number {
    let ahead = 0;
    for (const { from, aheadMs } of this.clockSteps) if (from <= this.#time.now) ahead = aheadMs;
    const now = Math.floor(this.#time.now);
    return EPOCH + now - (now % this.clockGrainMs) + ahead;
  }

  /** Milliseconds since it started, as no one can set them. */
  monotonic(): number {
    return this.#time.now - this.#startedAt;
  }

  random(): number {
    return draw(this.#seed, this.key, 1, this.draws++);
  }

  kill(): void {
    if (this.dead) return;
    this.dead = true;
    for (const timer of this.timers) timer[Symbol.dispose]();
    for (const tell of this.onDeath) tell();
  }
}

class SimulatedTimer implements Timer {
  readonly #all: Set<Timer>;
  entry: Entry | undefined;
  isRef = true;

  constructor(all: Set<Timer>) {
    this.#all = all;
  }

  unref(): this {
    this.isRef = false;
    return this;
  }

  [Symbol.dispose](): void {
    this.#all.delete(this);
    if (this.entry) cancel(this.entry);
  }
}
