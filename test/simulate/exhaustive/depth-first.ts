/**
 * Every choice of something that can be run again from its beginning and then goes the same way: depth first,
 * and not beyond a state that has been seen.
 */

/** Who decides in one run. */
export interface Steering {
  /** @param hash of the state; equal ones have the same future @returns which of so many */
  choose(count: number, hash: () => string): number;
  /** Nothing is left to choose. */
  end(hash: () => string): void;
}

export interface Walked<T> {
  /** Where there was something to choose, and ends. */
  readonly states: number;
  readonly ends: number;
  readonly runs: number;
  /** Runs that came to a state that was known. */
  readonly cut: number;
  /** The most choices of one run. */
  readonly depth: number;
  /** Every choice was made. */
  readonly isWhole: boolean;
  /** What was looked for, by the choices that lead there. */
  readonly found: { readonly what: T; readonly choices: readonly number[] } | undefined;
}

/** This state has been seen. */
class Known extends Error {}

/** Processor time is asked for once in so many runs. */
const RUNS_A_LOOK = 32;

/** @param run with what was looked for, once it is found: the walk is over then */
export async function walk<T>(
  run: (steering: Steering) => Promise<T | undefined>,
  isOver: (states: number) => boolean,
): Promise<Walked<T>> {
  const known = new Set<string>();
  const count = { ends: 0, runs: 0, cut: 0, depth: 0 };
  const left: (readonly number[])[] = [[]];
  const sum = (isWhole: boolean, found?: Walked<T>["found"]): Walked<T> => {
    return { ...count, states: known.size, isWhole, found };
  };
  const see = (hash: string): void => {
    if (known.has(hash)) throw new Known();
    known.add(hash);
  };
  for (let path = left.pop(); path; path = left.pop()) {
    if (count.runs++ % RUNS_A_LOOK === 0 && isOver(known.size)) return sum(false);
    const choices = [...path];
    let at = 0;
    const steering: Steering = {
      choose(options, hash) {
        if (at === choices.length) {
          see(hash());
          for (let other = options - 1; other > 0; other--) left.push([...choices, other]);
          choices.push(0);
        }
        const chosen = choices[at++] ?? 0;
        count.depth = Math.max(count.depth, at);
        return chosen;
      },
      end(hash) {
        see(hash());
        count.ends++;
      },
    };
    try {
      const what = await run(steering);
      if (what !== undefined) return sum(false, { what, choices });
    } catch (error) {
      if (!(error instanceof Known)) throw error;
      count.cut++;
    }
  }
  return sum(true);
}
