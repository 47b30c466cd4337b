/**
 * A call of a port as steps that are chosen: it has its effect and is answered, or one of the faults that there
 * are for it happens. What it was answered is on its way at once; what else comes to the same process
 * may come before.
 */
import { makePort, openCall, outcomeOf } from "../call-port.ts";
import type { Call, CallPort } from "../calls.ts";
import type { SimulatedProcess } from "../simulated-process.ts";
import type { Story } from "../story.ts";
import { cancel, type Entry, type Subject, type VirtualTime } from "../virtual-time.ts";
import { begin, isQuiet, type Board, type Sent, type Step } from "./board.ts";
import { canonical } from "./canonical.ts";
import { memoryOf } from "./memory.ts";
import { placeOf, riskOf, type Scope } from "./places.ts";
import { LONGEST_PAUSE_MS, wake } from "./steps.ts";

export interface Setting {
  readonly board: Board;
  readonly time: VirtualTime;
  readonly story: Story;
  readonly scope: Scope;
}

export function makeChosenCalls(setting: Setting): CallPort {
  const send = <T>(call: Call<T>, process: SimulatedProcess): Promise<T> => {
    const caller = makeCaller(call, process, setting);
    put(call, caller, setting);
    return caller.answered;
  };
  return makePort(send, () => (isQuiet(setting.board) ? setting.board.now : Infinity));
}

/** Whoever waits for an answer. */
interface Caller<T> {
  readonly process: SimulatedProcess;
  readonly answered: Promise<T>;
  readonly key: string;
  /** Lives, and has not given it up. */
  readonly waits: boolean;
  answer(make: () => T, isConstant?: boolean): void;
  /** When its client's time is over. */
  answerAt(at: number, make: () => T): void;
  readonly note: (answer: string, fault?: string) => void;
}

function makeCaller<T>(
  call: Call<T>,
  process: SimulatedProcess,
  { board, story }: Setting,
): Caller<T> {
  const key = board.name(`${process.name} ${process.calls++} ${memoryOf(board, process)}`);
  const note = (answer: string, fault?: string): void =>
    story.tell(process.name, fault ? `${call.what} [${fault}]` : call.what, answer);
  const open = openCall(call, process, story, note);
  const coming: Entry[] = [];
  // What comes behind the first answer, or when it was given up, is seen by nobody.
  const forget = (): void => coming.forEach(cancel);
  call.signal?.addEventListener("abort", forget);
  const settle = (make: () => T): void => {
    call.signal?.removeEventListener("abort", forget);
    forget();
    open.settle(make);
  };
  const comes = (
    at: number,
    make: () => T,
    more: Pick<Subject, "isConstant" | "isTimer">,
  ): void => {
    if (!open.isOpen) return;
    const content = contentOf(board, make);
    const arrive = (): void => {
      if (isCallback(call.what)) noteTold(board, process, `${call.what} ${content}`);
      settle(make);
    };
    coming.push(process.deliver(at, arrive, { ...more, what: `${key} ${content}` }));
  };
  return {
    process,
    answered: open.answered,
    key,
    get waits() {
      return open.isOpen && !process.dead;
    },
    answer: (make, isConstant = false) => comes(board.now, make, { isConstant }),
    answerAt: (at, make) => comes(at, make, { isTimer: true }),
    note,
  };
}

/** Under way from now on. */
function put<T>(call: Call<T>, caller: Caller<T>, setting: Setting): void {
  const { board, time, scope } = setting;
  const { process, key, note } = caller;
  const { what } = call;
  // The request is recorded in the beginning, without anything in between.
  const isRecording = process.name.startsWith("intake");
  const place = isRecording ? undefined : placeOf(call, scope);
  const risk = isRecording ? "none" : riskOf(call, place);
  if (place !== undefined) touch(board, process, place);
  noteTold(board, process, what);
  const sent: Sent = {
    process,
    what,
    key,
    // What is refused whenever it comes, and a read that nobody waits for any more, is as if it had not been.
    get place() {
      const isSeen = risk === "write" ? !call.isTooLate?.() : caller.waits;
      return isSeen ? place : undefined;
    },
    ways,
  };
  board.sent.push(sent);

  const effect = (): (() => T) => outcomeOf(call.effect);
  const noAnswer = (): never => {
    throw call.unanswered();
  };
  function step(says: string, faults: 0 | 1, act: () => void): Step {
    return {
      says: `${process.name}: ${what}${says && `, ${says}`}`,
      faults,
      take() {
        board.sent.splice(board.sent.indexOf(sent), 1);
        begin(board, `${key} ${says}`);
        if (faults > 0) note("", says);
        act();
      },
    };
  }
  const fault = (says: string, act: () => void): Step => step(says, 1, act);

  /** Until its last moment, if nobody lets it land before. */
  function hold(): void {
    const until = board.now + call.landsWithinMs;
    const land = (): void => {
      cancel(entry);
      board.held.splice(board.held.indexOf(held), 1);
      begin(board, `${key} late`);
      note("arrives only now");
      caller.answer(effect());
    };
    const entry = time.put(until, land, { isTimer: true, what: `${key} at last` });
    const held = { process, what, key, place, until, land };
    board.held.push(held);
  }

  function pause(): void {
    caller.answer(effect());
    const until = board.now + LONGEST_PAUSE_MS;
    const end = (): void => wake(board, process);
    const longest = time.put(until, end, { isTimer: true, what: `${key} goes on` });
    board.paused.set(process, { offeredAt: board.now, longest });
    process.pausedUntil = until;
  }

  function ways(): readonly Step[] {
    const done = step("", 0, () => caller.answer(effect(), risk === "none"));
    // A server may notice that its client has gone, and may not.
    if (!caller.waits)
      return risk === "write" ? [done, step("is lost", 0, () => undefined)] : [done];
    if (risk === "none" || board.faultsLeft === 0) return [done];
    const lost = fault("lost answer", () => {
      effect();
      caller.answer(noAnswer);
    });
    if (risk === "read") return [done, lost, fault("pause", pause)];
    return [
      done,
      lost,
      fault("late", () => {
        caller.answerAt(board.now + call.timeoutMs, noAnswer);
        hold();
      }),
      fault("crash in flight", () => {
        hold();
        process.kill();
      }),
      fault("crash after", () => {
        effect();
        process.kill();
      }),
      fault("pause", pause),
      fault("crash before", () => process.kill()),
      fault("lost request", () => caller.answer(noAnswer)),
      fault("answered too late", () => {
        effect();
        caller.answerAt(board.now + call.timeoutMs, noAnswer);
      }),
      ...(call.isRepeated
        ? [
            fault("lost answer, sent again", () => {
              effect();
              put(call, caller, setting);
            }),
          ]
        : []),
      ...(what.startsWith("SEND")
        ? [
            fault("doubled", () => {
              effect();
              caller.answer(effect());
            }),
          ]
        : []),
    ];
  }
}

const isCallback = (what: string): boolean => what.startsWith("CALL BACK");

function touch({ touched }: Board, process: SimulatedProcess, place: string): void {
  touched.set(process, (touched.get(process) ?? new Set()).add(place));
}

function noteTold({ told, now, name }: Board, process: SimulatedProcess, what: string): void {
  const { count = 0, calls = "" } = told.get(process) ?? {};
  if (what.startsWith("SEND")) told.set(process, { count: count + 1, at: now, calls });
  if (isCallback(what))
    told.set(process, { count, at: now, calls: name(`${calls} ${now} ${what}`) });
}

/** All that its caller can see of it. What a list says of its version counts only for a watch from there on. */
function contentOf(board: Board, make: () => unknown): string {
  try {
    const answer = make() as { readonly value?: Partial<ConfigMapList> } | undefined;
    const { items, metadata } = answer?.value ?? {};
    return canonical(board, items ? [items, metadata?.continue] : (answer ?? ""));
  } catch (error) {
    const { name, message, code } = error as Error & { readonly code?: string };
    return `${name} ${message} ${code ?? ""}`;
  }
}

interface ConfigMapList {
  readonly items: readonly object[];
  readonly metadata: { readonly continue?: string };
}
