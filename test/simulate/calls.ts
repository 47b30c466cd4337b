/**
 * A call of a port, from a process to a server: its effect comes after a while, its answer after
 * another, and on either way it may meet a fault. What was sent may still be done after its sender
 * has died, been paused, or given it up.
 */
import { makePort, openCall, outcomeOf } from "./call-port.ts";
import { draw } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Story } from "./story.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Call<T> {
  readonly what: string;
  /** What it is about: a record, a key. */
  readonly place?: string | undefined;
  /** At the server, in one step; may throw what the caller is then told. */
  readonly effect: () => T;
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

  function send<T>(call: Call<T>, process: SimulatedProcess): Promise<T> {
    const number = process.calls++;
    const chance = (salt: number): number => draw(seed, process.key, number, salt);
    onCall?.(`${process.name}#${number}`, call.what);
    const fate = faults.ofCall(process, number, call.isDecisive === true);
    const note = (answer: string): void => {
      if (!story.isTold) return;
      // Reads that went well are most of what happens, and say nothing.
      if (!fate && /^(LIST|WATCH)/.test(call.what)) return;
      const met = fate ? ` [${fate.fault} #${number}]` : "";
      story.tell(process.name, `${call.what}${met}`, answer);
    };

    const open = openCall(call, process, story, note);

    const answerAt = (at: number, make: () => T): void => {
      process.deliver(at, () => open.settle(make));
    };
    const noAnswerAt = (at: number): void =>
      answerAt(at, () => {
        throw call.unanswered();
      });
    /** @param then gets what the server answers */
    const land = (at: number, then: (make: () => T) => void): void => {
      time.put(at, () => {
        // A server may notice that its client has gone, and may not.
        if (!open.isOpen && !process.dead && chance(5) < 0.5) return;
        if (call.place !== undefined) comesTo(call.place, process.name);
        then(outcomeOf(call.effect));
      });
    };
    /** By then, or before the next calls of others that are about the same. */
    const landLate = (by: number, then: (make: () => T) => void): void => {
      const { place } = call;
      quietFrom = Math.max(quietFrom, by);
      const left = fate?.before ?? 0;
      if (left === 0 || left === Infinity || place === undefined) {
        land(left === 0 ? landsAt : by, then);
        return;
      }
      let isOver = false;
      const run = (): void => {
        if (isOver) return;
        isOver = true;
        story.tell(process.name, `${call.what} arrives only now`);
        then(outcomeOf(call.effect));
      };
      lurking.set(place, [...(lurking.get(place) ?? []), { left, by: process.name, run }]);
      time.put(by, run);
    };
    const sendAgainAt = (at: number): void => {
      process.deliver(at, () => {
        if (open.isOpen) land(time.now, (make) => answerAt(time.now + back, make));
      });
    };
    const now = time.now;
    const landsAt = now + latencyMs(chance(6));
    const back = latencyMs(chance(7));
    const noticeMs = chance(8) < 0.5 ? back : call.timeoutMs;
    const again = call.isRepeated && fate?.again === true;

    switch (fate?.fault) {
      case "crash before":
        note("dies before it is sent");
        process.kill();
        break;
      case "crash in flight": {
        note("dies behind it");
        landLate(now + call.landsWithinMs, () => undefined);
        process.kill();
        break;
      }
      case "crash after":
        land(landsAt, () => {
          note("done, and dies of it");
          process.kill();
        });
        break;
      case "refused":
        answerAt(landsAt + back, call.refused);
        break;
      case "lost request":
        if (again) sendAgainAt(now + noticeMs);
        else noAnswerAt(now + noticeMs);
        break;
      case "lost answer":
        land(landsAt, () => {
          if (again) sendAgainAt(landsAt + noticeMs);
          else noAnswerAt(landsAt + noticeMs);
        });
        break;
      case "late":
        noAnswerAt(now + call.timeoutMs);
        landLate(now + call.landsWithinMs, (make) => answerAt(time.now + back, make));
        break;
      case "pause":
        process.pausedUntil = Math.max(process.pausedUntil, now + fate.pause * leaseMs);
        quietFrom = Math.max(quietFrom, process.pausedUntil);
        note(`paused for ${Math.round(process.pausedUntil - now)} ms`);
        land(landsAt, (make) => answerAt(landsAt + back, make));
        break;
      case undefined:
        land(landsAt, (make) => answerAt(landsAt + back, make));
    }
    return open.answered;
  }
  return makePort(send, () => quietFrom);
}
