/**
 * One request, two builders that are woken at once, a scanner: every way to place a fault at any of the
 * calls, then every way to place another one behind it. Calls take the times of one seed; what is
 * varied is what goes wrong, where, and how late a write comes. It goes less far than `exhaustive/`, and
 * is sooner at what takes two builders and an upload in parts.
 */
import { keyOf } from "./chance.ts";
import { MOST_BEFORE, type CallFault, type Fate } from "./faults.ts";
import { runWorld, type Scene, type WorldEnd } from "./world.ts";

export interface PlacedFaults {
  readonly runs: number;
  /** Different orders of calls. */
  readonly orders: number;
  /** How many of the placements with this many faults were run; the last may be cut by the time. */
  readonly byFaults: readonly number[];
  readonly isWhole: boolean;
  readonly failure:
    { readonly fates: ReadonlyMap<string, Fate>; readonly end: WorldEnd } | undefined;
}

const BUILDERS = 2;
/** Behind the answer to its sender: in the first build, and behind it. */
const [EARLY, LATE] = [1_700, 3_400].map((afterMs) => ({ by: "operator", afterMs }) as const);
const CASES: readonly Scene[] = [
  { kind: "parted", builders: BUILDERS, ended: LATE },
  { kind: "plain", builders: BUILDERS, ended: LATE },
  { kind: "plain", builders: BUILDERS },
  { kind: "plain", builders: BUILDERS, ended: EARLY },
  { kind: "parted", builders: BUILDERS },
  { kind: "parted", builders: BUILDERS, ended: EARLY },
  { kind: "plain", builders: BUILDERS, isCalledBack: true },
];
const SEED = 1;
/** Just longer than a lease, and long enough for all that may follow. */
const PAUSES = [1.6, 4] as const;

interface Search {
  readonly orders: Set<number>;
  readonly byFaults: number[];
  readonly isOver: () => boolean;
  failure: PlacedFaults["failure"];
}

export async function placeFaults(faults: number, isOver: () => boolean): Promise<PlacedFaults> {
  const search: Search = { orders: new Set(), byFaults: [], isOver, failure: undefined };
  // With fewer faults first, in every case.
  for (let most = 0; most <= faults; most++) {
    for (const one of CASES) {
      if (!search.failure) await visit(search, one, most, new Map(), 0);
    }
  }
  return {
    runs: search.byFaults.reduce((sum, count) => sum + count, 0),
    orders: search.orders.size,
    byFaults: search.byFaults,
    isWhole: !isOver(),
    failure: search.failure,
  };
}

/** @param faults how many there shall be in the end; `from` is the first call that may still get a fault */
async function visit(
  search: Search,
  one: Scene,
  faults: number,
  fates: ReadonlyMap<string, Fate>,
  from: number,
): Promise<void> {
  const { byFaults, orders, isOver } = search;
  const calls: (readonly [string, string])[] = [];
  let order = keyOf(JSON.stringify(one));
  const onCall = (name: string, what: string): void => {
    calls.push([name, what]);
    order = Math.imul(order ^ keyOf(name), 0x01000193) ^ keyOf(what);
  };
  const script = { ...one, placed: { fates, onCall } };
  const options = { seed: SEED, requests: 1, rate: 0, script };
  const end = await runWorld(options);
  if (fates.size === faults) byFaults[faults] = (byFaults[faults] ?? 0) + 1;
  orders.add(order);
  if (end.broken.length > 0) {
    search.failure = { fates, end: await runWorld({ ...options, isTold: true }) };
    return;
  }
  if (fates.size === faults) return;
  // Writes first: most of what can be wrong is wrong there.
  const places = [...calls.entries()].slice(from);
  places.sort(([, [, a]], [, [, b]]) => Number(WRITE.test(b)) - Number(WRITE.test(a)));
  for (const [at, [name, what]] of places) {
    for (const fate of fatesOf(what)) {
      if (search.failure || isOver()) return;
      await visit(search, one, faults, new Map([...fates, [name, fate]]), at + 1);
    }
  }
}

/** Not those of the store's proof, which is about no request. */
const WRITE =
  /^(PUT|POST|DELETE|SEND|(PutObject|CreateMultipart|UploadPart|Complete|Abort)(?!.* create-only))/;
const FIRST_BEFORES = [...Array(MOST_BEFORE).keys()].map((before) => before + 1);

function fatesOf(what: string): readonly Fate[] {
  const fate = (fault: CallFault, more: Partial<Fate> = {}): Fate => {
    return { fault, again: false, before: 0, pause: 0, ...more };
  };
  const pauses = PAUSES.map((pause) => fate("pause", { pause }));
  const both = [fate("refused"), fate("lost answer"), fate("crash before"), ...pauses];
  if (!WRITE.test(what)) return both;
  const later = [...FIRST_BEFORES, Infinity];
  return [
    ...both,
    fate("lost answer", { again: true }),
    fate("lost request"),
    fate("crash after"),
    ...later.map((before) => fate("late", { before })),
    ...[0, ...later].map((before) => fate("crash in flight", { before })),
  ];
}
