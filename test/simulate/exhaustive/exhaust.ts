/** One request, its builders, a scanner, in several scenes: with no fault first in all of them, then with one more each time. */
import type { Scene } from "../world.ts";
import { drawOrders, type DrawnOrders } from "./drawn-orders.ts";
import { search, type Searched } from "./search.ts";

const AT_ONCE = 0;
/** In the lease of the claim behind a dead one. */
const LATER = 30_000;

export const SCENES = {
  plain: { kind: "plain" },
  "called back": { kind: "plain", isCalledBack: true },
  cancelled: { kind: "plain", ended: { by: "operator", afterMs: AT_ONCE } },
  "wished away": { kind: "plain", ended: { by: "upstream", afterMs: AT_ONCE } },
  "in parts": { kind: "parted" },
  "in parts, cancelled": { kind: "parted", ended: { by: "operator", afterMs: AT_ONCE } },
  "cancelled later": { kind: "plain", ended: { by: "operator", afterMs: LATER } },
} as const satisfies Readonly<Record<string, Omit<Scene, "builders">>>;

/** Its store does not say with which checksum it keeps an object, and clocks tick finely. */
const SEED = 1;

export interface ExhaustOptions {
  /** At most. */
  readonly faults: number;
  readonly builders: number;
  /** All of them unless given. */
  readonly scenes?: readonly (keyof typeof SCENES)[];
  /** Asked of each search, with how many states it has. */
  readonly isOver: (states: number) => boolean;
  /** So many orders are drawn from all that there are, behind each search that has ended. */
  readonly orders: number;
  readonly onSearched?: (
    scene: string,
    faults: number,
    searched: Searched,
    drawn?: DrawnOrders,
  ) => void;
}

/** @returns the search that came to a rule that broke, or left something out */
export async function exhaust(options: ExhaustOptions): Promise<Searched | undefined> {
  const { builders, isOver, orders, onSearched } = options;
  const names = options.scenes ?? (Object.keys(SCENES) as (keyof typeof SCENES)[]);
  for (let faults = 0; faults <= options.faults; faults++) {
    for (const name of names) {
      const scene = { ...SCENES[name], builders };
      const searched = await search({ scene, seed: SEED, faults, isOver });
      const { failure, isWhole, outcomes } = searched;
      const drawn =
        isWhole && orders > 0
          ? await drawOrders({ scene, seed: SEED, faults }, orders, outcomes)
          : undefined;
      onSearched?.(name, faults, searched, drawn);
      if (failure || (drawn && drawn.others > 0)) return searched;
    }
  }
  return undefined;
}
