/**
 * Variables that look like settings and are none. A mistyped name would otherwise be taken for one
 * that is not set, and a door for one that nobody wanted locked.
 */

/** First words of names that are other people's: clouds, Knative and OpenTelemetry set more of them. */
const NOT_OURS: ReadonlySet<string> = new Set(["AWS", "K", "OTEL"]);
/** Two slips in a short name make another word of it. */
const SHORTEST_MISTYPED = 6;
const MOST_SLIPS = 2;

export interface UnknownVariable {
  readonly name: string;
  /** The known name that is most like it. */
  readonly nearest: string;
}

/**
 * Those of `env` that begin like one of `known`, or differ from one by a slip or two; by name.
 * Values are not looked at.
 */
export function unknownVariables(
  known: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): readonly UnknownVariable[] {
  const ours = new Set(known.map(firstWord).filter((word) => !NOT_OURS.has(word)));
  return Object.keys(env)
    .filter((name) => !known.includes(name) && /^[A-Z][A-Z0-9_]*_/.test(name))
    .toSorted()
    .flatMap((name) => {
      const [nearest = "", slips = Infinity] = nearestOf(name, known);
      const isMistyped = name.length >= SHORTEST_MISTYPED && slips <= MOST_SLIPS;
      return ours.has(firstWord(name)) || isMistyped ? [{ name, nearest }] : [];
    });
}

function nearestOf(name: string, known: readonly string[]): readonly [string?, number?] {
  const all = known.map((one): [string, number] => [one, slipsBetween(name, one)]);
  return all.toSorted(([, a], [, b]) => a - b)[0] ?? [];
}

function firstWord(name: string): string {
  return name.split("_", 1).join("");
}

/** Letters added, left out, changed, or changed with their neighbour (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? (beforeLast[j - 2] ?? 0) + 1
          : Infinity;
      row.push(Math.min(changed, swapped, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
