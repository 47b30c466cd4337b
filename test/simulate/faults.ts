/**
 * Which calls of ports go wrong, and how. Drawn from the seed, the process and the number of the call;
 * a run may be told to take only some of them, which is how a story is reduced.
 */
import { draw, keyOf, pick } from "./chance.ts";

export const CALL_FAULTS = [
  "refused",
  "lost request",
  "lost answer",
  "late",
  "crash before",
  "crash in flight",
  "crash after",
  "pause",
] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

const CALL_WEIGHTS: readonly (readonly [CallFault, number])[] = [
  ["refused", 3],
  ["lost request", 2],
  ["lost answer", 4],
  ["late", 3],
  ["crash before", 1],
  ["crash in flight", 2],
  ["crash after", 2],
  ["pause", 3],
];

/** What becomes of one call. */
export interface Fate {
  readonly fault: CallFault;
  /** A client that got no answer sends it once more, where clients do. */
  readonly again: boolean;
  /**
   * What comes late has its effect right before so many calls of others that are about the same; 0 is
   * at once, and Infinity at the last moment at which it can.
   */
  readonly before: number;
  /** In leases. */
  readonly pause: number;
}

export interface Faults {
  /** undefined for the ordinary */
  ofCall(
    process: { readonly name: string; readonly key: number },
    call: number,
    isDecisive: boolean,
  ): Fate | undefined;
  /** Whether this goes wrong, such as a delivery that is doubled. @param likely of a thousand, at a rate of one */
  happens(what: string, likely: number, ...keys: readonly number[]): boolean;
  /** From now on nothing goes wrong any more. */
  end(): void;
  readonly taken: ReadonlySet<string>;
}

export interface FaultOptions {
  readonly seed: number;
  /** Of a hundred calls. */
  readonly rate: number;
  /** Only these; all when undefined. */
  readonly only?: ReadonlySet<string> | undefined;
  /** These, by process and call, and no others. */
  readonly placed?: ReadonlyMap<string, Fate> | undefined;
}

export const MOST_BEFORE = 6;
const MOST_LIKELY = 0.6;
/** One call in twenty makes a statement visible, and most of the rules are about it. */
const MORE_OFTEN = 4;
/** What breaks one call is seldom over before the next. */
const IN_BUNCHES = 5;
/** In leases: longer than it takes until somebody else may claim, end, and tell. */
const LONGEST_PAUSE = 4;

export function makeFaults({ seed, rate, only, placed }: FaultOptions): Faults {
  const taken = new Set<string>();
  let over = false;
  const take = (name: string): boolean => {
    if (only && !only.has(name)) return false;
    taken.add(name);
    return true;
  };
  const isDrawn = (key: number, call: number, likely: number): boolean =>
    draw(seed, key, call, 2) * 100 < likely;
  return {
    taken,
    ofCall({ name, key }, call, isDecisive) {
      if (placed) return placed.get(`${name}#${call}`);
      const isBehindOne = isDrawn(key, call - 1, rate);
      const likely = rate * (isDecisive ? MORE_OFTEN : 1) * (isBehindOne ? IN_BUNCHES : 1);
      if (over || !isDrawn(key, call, likely)) return undefined;
      if (!take(`${name}#${call}`)) return undefined;
      const chance = (salt: number): number => draw(seed, key, call, salt);
      const lateness = chance(12);
      return {
        fault: pick(CALL_WEIGHTS, chance(3)) ?? "refused",
        again: chance(9) < 0.7,
        before:
          lateness < 0.3 ? Infinity : Math.floor(((lateness - 0.3) / 0.7) * (MOST_BEFORE + 1)),
        pause: chance(10) * LONGEST_PAUSE,
      };
    },
    happens(what, likely, ...keys) {
      // Never certain: what always goes wrong hides what comes behind it.
      const chance = MOST_LIKELY * (1 - Math.exp((-rate * likely) / 1000));
      // By its name too: what is drawn for the same number must not always happen together, or never.
      if (over || draw(seed, 4, keyOf(what), ...keys) >= chance) return false;
      return take(`${what} ${keys.join(".")}`);
    },
    end() {
      over = true;
    },
  };
}
