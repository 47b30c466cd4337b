/**
 * The same search in several processes of this program: each takes every so many-th seed, and its share of the
 * minutes. It is whole when each of them has said that it is; the first that breaks a rule, or dies, ends all.
 */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Sum } from "./simulate.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const LINE_MS = 60_000;
/** Of CPU, between what a process says of itself. */
const SAID_SECONDS = 5;

type Counted = Omit<Sum, "turns">;

/** What a process says: how far it is, or, with `end`, that it is whole. */
interface Said {
  readonly sum: Counted;
  readonly end?: { readonly story: string | undefined } | undefined;
}

/** Says it to whoever has started this process to share a search; undefined when nobody has. */
export function progressTo(
  own: NodeJS.Process,
): ((sum: Counted, end?: Said["end"]) => void) | undefined {
  if (!own.send) return undefined;
  // Nobody is left to hear what it finds.
  own.once("disconnect", () => own.exit(1));
  let saidAt = 0;
  return (sum, end) => {
    if (!end && sum.seconds - saidAt < SAID_SECONDS) return;
    saidAt = sum.seconds;
    own.send?.({ sum, end } satisfies Said, () => {
      if (!end) return;
      own.removeAllListeners("disconnect");
      own.disconnect();
    });
  };
}

/** Worlds, lives, faults, rules that broke. */
export function sumLine({ seeds, lives, faults, seconds }: Counted, broken: number): string {
  return (
    `seeds ${seeds} lives ${lives} faults ${faults} broken ${broken} ` +
    `in ${seconds.toFixed(1)} s of CPU, ${Math.round(lives / (seconds || 1))} lives a second`
  );
}

export interface Shared {
  readonly seed: number;
  readonly seeds: number;
  /** Of CPU, of all of them together. */
  readonly minutes: number;
}

/** Says once a minute how far it is. @returns the exit code */
export async function searchInProcesses(
  count: number,
  { seed, seeds, minutes }: Shared,
): Promise<number> {
  const shares = Array.from({ length: count }, (_, number) => ({
    SEED: String(seed + number),
    SEEDS: String(Math.ceil((seeds - number) / count)),
    STEP: String(count),
    MINUTES: String(minutes / count),
    PROCESSES: "1",
  }));
  const sums = new Map<number, Counted>();
  const line = (broken: number): string => sumLine(added([...sums.values()]), broken);
  const progress = setInterval(() => console.error(line(0)), LINE_MS);
  const children = shares.map((share) =>
    fork(MAIN, { env: { ...process.env, ...share }, stdio: ["ignore", 2, 2, "ipc"] }),
  );
  const ends = children.map((child, number) => endOf(child, (sum) => sums.set(number, sum)));
  try {
    await Promise.all(ends);
    console.log(line(0));
    return 0;
  } catch (error) {
    const isBroken = error instanceof RuleBroken;
    console.log(`${isBroken ? error.message : String(error)}\n${line(isBroken ? 1 : 0)}`);
    return 1;
  } finally {
    clearInterval(progress);
    for (const child of children) child.kill("SIGKILL");
  }
}

class RuleBroken extends Error {}

/** @throws RuleBroken with the story; Error when it ended without having said that it is whole */
async function endOf(child: ChildProcess, onSum: (sum: Counted) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  let isWhole = false;
  child.on("message", (said) => {
    const { sum, end } = said as Said;
    onSum(sum);
    if (end?.story !== undefined) reject(new RuleBroken(end.story));
    if (end) isWhole = true;
  });
  child.once("error", reject);
  child.once("close", (code, signal) => {
    if (isWhole && code === 0) resolve(undefined);
    else reject(new Error(`a process of the search ended before its end: ${signal ?? code}`));
  });
  await promise;
}

function added(sums: readonly Counted[]): Counted {
  const of = (what: keyof Counted): number => sums.reduce((sum, each) => sum + each[what], 0);
  return { seeds: of("seeds"), lives: of("lives"), faults: of("faults"), seconds: of("seconds") };
}
