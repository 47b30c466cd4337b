/** What Node's `--cpu-prof` leaves: which function ran at each look. */

export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Microseconds of the monotonic clock. */
  readonly startTime: number;
  /** The node that ran at each look, and the microseconds since the look before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
}

/** Microseconds of the monotonic clock. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const NOBODY = ["(root)", "(idle)"];

/** Share of the span's busy time in each function itself, without those it calls; most first. */
export function hottestFunctions(
  profile: CpuProfile,
  { from, to }: Span,
): readonly (readonly [name: string, share: number])[] {
  const names = new Map(profile.nodes.map((node) => [node.id, nameOf(node)]));
  const micros = new Map<string, number>();
  let now = profile.startTime;
  profile.samples.forEach((id, i) => {
    const delta = profile.timeDeltas[i] ?? 0;
    now += delta;
    const name = names.get(id) ?? "";
    if (now < from || now > to || NOBODY.includes(name)) return;
    micros.set(name, (micros.get(name) ?? 0) + delta);
  });
  const all = [...micros.values()].reduce((sum, one) => sum + one, 0);
  return [...micros].map(([name, own]) => [name, own / all] as const).sort(([, a], [, b]) => b - a);
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName || "(anonymous)";
  const place = url.replace(/^.*\/(?=functions\/|node_modules\/)/, "").replace(/^file:\/\//, "");
  return place === "" ? name : `${name}  ${place}:${lineNumber + 1}`;
}
