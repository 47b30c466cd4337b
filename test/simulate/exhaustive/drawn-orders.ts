/**
 * That the search leaves no order out that would end otherwise: orders that are drawn from all that there are, also
 * of steps that nobody can notice.
 */
import { draw } from "../chance.ts";
import type { Step } from "./board.ts";
import { outcomeOf, type SearchOptions } from "./search.ts";

export interface DrawnOrders {
  /** Ways in which they ended. */
  readonly outcomes: number;
  /** Of so many a rule broke, or the end is none of those of the search. */
  readonly others: number;
}

/** Of a choice without one. */
const FAULT_RATE = 0.06;

export async function drawOrders(
  options: Omit<SearchOptions, "isOver" | "isReduced">,
  count: number,
  known: ReadonlySet<string>,
): Promise<DrawnOrders> {
  const outcomes = new Set<string | undefined>();
  let others = 0;
  for (let order = 0; order < count; order++) {
    let at = 0;
    const choose = (steps: readonly Step[]): number => {
      const usual = [...steps.keys()].filter((step) => steps[step]?.faults === 0);
      const isUsual = usual.length > 0 && draw(order, at, 1) >= FAULT_RATE;
      const able = isUsual ? usual : [...steps.keys()];
      return able[Math.floor(draw(order, at++, 2) * able.length)] ?? 0;
    };
    const outcome = await outcomeOf({ ...options, isReduced: false }, choose);
    outcomes.add(outcome);
    if (outcome === undefined || !known.has(outcome)) others++;
  }
  return { outcomes: outcomes.size, others };
}
