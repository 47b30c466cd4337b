/** The fewest requests and faults with which a world still breaks a rule. */
import { runWorld, type WorldEnd, type WorldOptions } from "./world.ts";

export interface Reduced {
  readonly end: WorldEnd;
  readonly requests: number;
  readonly runs: number;
}

/** Of what was found it tries to leave out halves, quarters, … single ones, while the same rule still breaks. */
export async function reduce(
  options: WorldOptions,
  found: WorldEnd,
  mostRuns: number,
): Promise<Reduced> {
  let requests = [...Array(options.requests).keys()];
  let faults = [...found.faults];
  let runs = 0;
  const broken = kindOf(found.broken[0] ?? "");
  const run = async (isTold = false): Promise<WorldEnd> => {
    runs++;
    return await runWorld({
      ...options,
      isTold,
      onlyRequests: new Set(requests),
      onlyFaults: new Set(faults),
    });
  };
  async function shrink<T>(all: readonly T[], set: (kept: readonly T[]) => void): Promise<void> {
    let kept = all;
    for (let size = Math.ceil(kept.length / 2); size >= 1 && runs < mostRuns;) {
      let isSmaller = false;
      for (let at = 0; at < kept.length && runs < mostRuns;) {
        const fewer = [...kept.slice(0, at), ...kept.slice(at + size)];
        set(fewer);
        const end = await run();
        if (end.broken.some((rule) => kindOf(rule) === broken)) {
          kept = fewer.filter((one) => typeof one === "number" || end.faults.has(String(one)));
          isSmaller = true;
        } else at += size;
      }
      if (size === 1 && !isSmaller) break;
      size = size === 1 ? 1 : Math.ceil(size / 2);
    }
    set(kept);
  }
  await shrink(requests, (kept) => (requests = [...kept]));
  await shrink(faults, (kept) => (faults = [...kept]));
  return { end: await run(true), requests: requests.length, runs };
}

/** The words of a broken rule, whenever it was and whosever. */
function kindOf(rule: string): string {
  return rule.replaceAll(/\S*\d\S*/g, "");
}
