/**
 * What may come next in a world that somebody steers: entries of its clock, calls under way, what is held
 * up, who is paused. And what each process has seen so far, which is all that its code can know.
 */
import type { SimulatedProcess } from "../simulated-process.ts";
import type { Entry, Subject } from "../virtual-time.ts";

export interface Pending extends Entry {
  readonly subject: Subject;
  /** Who put it, in which step, and what it is. */
  readonly key: string;
  /** It is on its way and comes when it likes, before the clock goes on. */
  readonly isUnderWay: boolean;
}

/** Something that the search may let happen. */
export interface Step {
  readonly says: string;
  readonly faults: 0 | 1;
  readonly take: () => void;
}

/** A call that was sent and has not had its effect. */
export interface Sent {
  readonly process: SimulatedProcess;
  readonly what: string;
  /** Process, number, and what that process had seen when it sent it: so also what is in it. */
  readonly key: string;
  /** What others may notice of it, or it of them; undefined for nothing, now and later. */
  readonly place: string | undefined;
  readonly ways: () => readonly Step[];
}

/** Sent and overtaken: its effect comes before some call of another about the same, or at its last moment. */
export interface Held extends Pick<Sent, "process" | "what" | "key" | "place"> {
  readonly until: number;
  readonly land: () => void;
}

export interface Pause {
  /** The instant in which it might have gone on, and did not; in the beginning, that of its pause. */
  offeredAt: number;
  /** Its end, if it goes on no sooner. */
  readonly longest: Entry;
}

/** What a process has sent to others. */
export interface Told {
  readonly count: number;
  /** The last time. */
  readonly at: number;
  /** A name for what it has sent to receivers of outcomes, and heard from them; empty for nothing. */
  readonly calls: string;
}

export interface Board {
  readonly name: Name;
  /** What nobody else can notice comes at once, and alone. */
  readonly isReduced: boolean;
  now: number;
  entries: Pending[];
  sent: Sent[];
  held: Held[];
  readonly paused: Map<SimulatedProcess, Pause>;
  /** By process, a name for all that has come to it. */
  readonly seen: Map<SimulatedProcess, string>;
  readonly told: Map<SimulatedProcess, Told>;
  /** Places that its calls were about. */
  readonly touched: Map<SimulatedProcess, Set<string>>;
  /** Whose timers are being run. */
  inTimers: SimulatedProcess | undefined;
  /** By the name of a record, those that were met, in this order. */
  readonly versions: Map<string, string[]>;
  faultsLeft: number;
  /** What the step is that is being taken, and how much it has put so far. */
  cause: string;
  put: number;
  order: number;
}

export function makeBoard(faults: number, name: Name, isReduced = true): Board {
  return {
    name,
    isReduced,
    now: 0,
    entries: [],
    sent: [],
    held: [],
    paused: new Map(),
    seen: new Map(),
    told: new Map(),
    touched: new Map(),
    inTimers: undefined,
    versions: new Map(),
    faultsLeft: faults,
    cause: "the beginning",
    put: 0,
    order: 0,
  };
}

export function begin(board: Board, cause: string): void {
  board.cause = cause;
  board.put = 0;
  board.inTimers = undefined;
}

/** A short name of a text: the same one for the same text, in all runs of a search, and for no other. */
export type Name = (text: string) => string;

export function makeNames(): Name {
  const names = new Map<string, string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined) return known;
    const name = names.size.toString(36);
    names.set(text, name);
    return name;
  };
}

/** Nothing is under way or held up, and every process that lives waits for somebody to ask it for something. */
export function isQuiet({ entries, sent, held, paused, seen }: Board): boolean {
  if (sent.length + held.length + paused.size > 0) return false;
  if (entries.some(({ isUnderWay, run, subject }) => run && isUnderWay && !subject.process?.dead))
    return false;
  return [...seen.keys()].every(({ dead, timers, open }) => dead || timers.size + open === 0);
}
