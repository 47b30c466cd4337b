/**
 * A call of a port, from a process to a server: its effect comes after a while, its answer after
 * another, and on either way it may meet a fault. What was sent may still be done after its sender
 * has died, been paused, or given it up.
 */
import { makePort, openCall, outcomeOf, type OpenCall } from "./call-port.ts";
import { draw } from "./chance.ts";
import type { Fate, Faults } from "./faults.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Story } from "./story.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Call<T> {
  readonly what: string;
  /** What it is about: a record, a key. */
  readonly place?: string | undefined;
  /** At the server, in one step; may throw what the caller is then told. */
  readonly effect: () => T;
  /** It is refused now, and whenever it comes. */
  readonly isTooLate?: () => boolean;
  /** The server does nothing and says so; may throw. */
  readonly refused: () => T;
  /** What is thrown when no answer comes. */
  readonly unanswered: () => Error;
  /** What is thrown for an aborted signal. */
  readonly aborted: (reason: unknown) => Error;
  readonly signal?: AbortSignal | undefined;
  /** How long the client waits for an answer. */
  readonly timeoutMs: number;
  /** The client sends it once more when no answer came. */
  readonly isRepeated: boolean;
  /** What comes of its request turns on it: it goes wrong more often. */
  readonly isDecisive?: boolean;
  /** Within which its effect comes, if it comes. */
  readonly landsWithinMs: number;
  readonly tell?: (answer: T) => string;
}

export interface Network {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly story: Story;
  readonly leaseMs: number;
  /** Told of every call. */
  readonly onCall?: ((name: string, what: string) => void) | undefined;
}

export interface CallPort {
  <T>(call: Call<T>): Promise<T>;
  /** Until then something that was sent may still arrive, or somebody wake up who was paused. */
  readonly quietFrom: number;
}

/** What was sent and waits to have its effect in the worst moment: right before another call's. */
interface Lurking {
  left: number;
  readonly by: string;
  readonly run: () => void;
}

/** Rarely, a second or so. */
function latencyMs(drawn: number): number {
  return drawn < 0.97 ? 1 + drawn * 12 : 100 + (drawn - 0.97) * 40_000;
}

export function makeCalls({ seed, time, faults, story, leaseMs, onCall }: Network): CallPort {
  const lurking = new Map<string, Lurking[]>();

  /** A call of this process is about to have its effect there. */
  function comesTo(place: string, by: string): void {
    const waiting = lurking.get(place);
    if (!waiting) return;
    for (const one of waiting) if (one.by !== by) one.left--;
    const ready = waiting.filter(({ left }) => left <= 0);
    if (ready.length === 0) return;
    lurking.set(
      place,
      waiting.filter(({ left }) => left > 0),
    );
    for (const { run } of ready) run();
  }

  let quietFrom = 0;
  const network = {
    ...{ seed, time, faults, story, leaseMs, comesTo },
    lurk(place: string, one: Lurking): void {
      lurking.set(place, [...(lurking.get(place) ?? []), one]);
    },
    quietUntil(at: number): void {
      quietFrom = Math.max(quietFrom, at);
    },
  };

  function send<T>(call: Call<T>, process: SimulatedProcess): Promise<T> {
    onCall?.(`${process.name}#${process.calls}`, call.what);
    return new SentCall(call, process, network).send();
  }
  return makePort(send, () => quietFrom);
}

interface Lines extends Omit<Network, "onCall"> {
  /** A call of this process is about to have its effect there. */
  readonly comesTo: (place: string, by: string) => void;
  readonly lurk: (place: string, one: Lurking) => void;
  /** Before then it is not quiet. */
  readonly quietUntil: (at: number) => void;
}

/** One call on its way. What is drawn for it hangs on its number alone. */
class SentCall<T> {
  readonly #call: Call<T>;
  readonly #process: SimulatedProcess;
  readonly #lines: Lines;
  readonly #number: number;
  readonly #fate: Fate | undefined;
  readonly #open: OpenCall<T>;
  readonly #landsAt: number;
  readonly #backMs: number;

  constructor(call: Call<T>, process: SimulatedProcess, lines: Lines) {
    this.#call = call;
    this.#process = process;
    this.#lines = lines;
    this.#number = process.calls++;
    this.#fate = lines.faults.ofCall(process, this.#number, call.isDecisive === true);
    this.#open = openCall(call, process, lines.story, (answer) => this.#note(answer));
    this.#landsAt = lines.time.now + latencyMs(this.#chance(6));
    this.#backMs = latencyMs(this.#chance(7));
  }

  send(): Promise<T> {
    const { answered } = this.#open;
    if (this.#fate) this.#meet(this.#fate);
    else this.#land(this.#landsAt, (make) => this.#answerAt(this.#landsAt + this.#backMs, make));
    return answered;
  }

  #meet(fate: Fate): void {
    const call = this.#call;
    const process = this.#process;
    const landsAt = this.#landsAt;
    const { time, leaseMs, quietUntil } = this.#lines;
    const { now } = time;
    const noticeMs = this.#chance(8) < 0.5 ? this.#backMs : call.timeoutMs;
    const again = call.isRepeated && fate.again;
    switch (fate.fault) {
      case "crash before":
        this.#note("dies before it is sent");
        process.kill();
        break;
      case "crash in flight": {
        this.#note("dies behind it");
        this.#landLate(now + call.landsWithinMs, fate, () => undefined);
        process.kill();
        break;
      }
      case "crash after":
        this.#land(landsAt, () => {
          this.#note("done, and dies of it");
          process.kill();
        });
        break;
      case "refused":
        this.#answerAt(landsAt + this.#backMs, call.refused);
        break;
      case "lost request":
        if (again) this.#sendAgainAt(now + noticeMs);
        else this.#noAnswerAt(now + noticeMs);
        break;
      case "lost answer":
        this.#land(landsAt, () => {
          if (again) this.#sendAgainAt(landsAt + noticeMs);
          else this.#noAnswerAt(landsAt + noticeMs);
        });
        break;
      case "late":
        this.#noAnswerAt(now + call.timeoutMs);
        this.#landLate(now + call.landsWithinMs, fate, (make) =>
          this.#answerAt(time.now + this.#backMs, make),
        );
        break;
      case "pause":
        process.pausedUntil = Math.max(process.pausedUntil, now + fate.pause * leaseMs);
        quietUntil(process.pausedUntil);
        this.#note(`paused for ${Math.round(process.pausedUntil - now)} ms`);
        this.#land(landsAt, (make) => this.#answerAt(landsAt + this.#backMs, make));
    }
  }

  #chance(salt: number): number {
    return draw(this.#lines.seed, this.#process.key, this.#number, salt);
  }

  #note(answer: string): void {
    const { story } = this.#lines;
    if (!story.isTold) return;
    const { what } = this.#call;
    // Reads that went well are most of what happens, and say nothing.
    if (!this.#fate && /^(LIST|WATCH)/.test(what)) return;
    const met = this.#fate ? ` [${this.#fate.fault} #${this.#number}]` : "";
    story.tell(this.#process.name, `${what}${met}`, answer);
  }

  #answerAt(at: number, make: () => T): void {
    this.#process.deliver(at, () => this.#open.settle(make));
  }

  #noAnswerAt(at: number): void {
    this.#answerAt(at, () => {
      throw this.#call.unanswered();
    });
  }

  /** @param then gets what the server answers */
  #land(at: number, then: (make: () => T) => void): void {
    this.#lines.time.put(at, () => {
      const { place, effect } = this.#call;
      // A server may notice that its client has gone, and may not.
      if (!this.#open.isOpen && !this.#process.dead && this.#chance(5) < 0.5) return;
      if (place !== undefined) this.#lines.comesTo(place, this.#process.name);
      then(outcomeOf(effect));
    });
  }

  /** By then, or before the next calls of others that are about the same. */
  #landLate(by: number, { before }: Fate, then: (make: () => T) => void): void {
    const { place, what, effect } = this.#call;
    const { time, story, lurk, quietUntil } = this.#lines;
    const { name } = this.#process;
    quietUntil(by);
    if (before === 0 || before === Infinity || place === undefined) {
      this.#land(before === 0 ? this.#landsAt : by, then);
      return;
    }
    let isOver = false;
    const run = (): void => {
      if (isOver) return;
      isOver = true;
      story.tell(name, `${what} arrives only now`);
      then(outcomeOf(effect));
    };
    lurk(place, { left: before, by: name, run });
    time.put(by, run);
  }

  #sendAgainAt(at: number): void {
    const { time } = this.#lines;
    this.#process.deliver(at, () => {
      if (!this.#open.isOpen) return;
      this.#land(time.now, (make) => this.#answerAt(time.now + this.#backMs, make));
    });
  }
}
