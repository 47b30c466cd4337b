/**
 * Which calls of ports go wrong, and how. Drawn from the seed, the process and the number of the call;
 * a run may be told to take only some of them, which is how a story is reduced.
 */
import { draw, pick } from "./chance.ts";

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

export interface Faults {
  /** What becomes of this call; undefined for the ordinary. */
  ofCall(
    process: { readonly name: string; readonly key: number },
    call: number,
  ): CallFault | undefined;
  /** Whether this goes wrong, such as a delivery that is doubled. @param likely of a hundred */
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
}

export function makeFaults({ seed, rate, only }: FaultOptions): Faults {
  const taken = new Set<string>();
  let over = false;
  const take = (name: string): boolean => {
    if (only && !only.has(name)) return false;
    taken.add(name);
    return true;
  };
  return {
    taken,
    ofCall({ name, key }, call) {
      if (over || draw(seed, key, call, 2) * 100 >= rate) return undefined;
      return take(`${name}#${call}`) ? pick(CALL_WEIGHTS, draw(seed, key, call, 3)) : undefined;
    },
    happens(what, likely, ...keys) {
      if (over || draw(seed, 4, ...keys) * 1000 >= rate * likely) return false;
      return take(`${what} ${keys.join(".")}`);
    },
    end() {
      over = true;
    },
  };
}
