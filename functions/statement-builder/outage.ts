/**
 * Whether what a build needs is there: ledger, database, bucket. Once it was seen to be away, by a probe or by
 * a build that failed on it, no request is claimed for a build before it answers again. So an outage uses up
 * failures of what was being built when it began, and of nothing else, however long it lasts. A Job, which has seen
 * nothing yet, looks before its claim.
 */
import { startDeadline } from "../platform/limits/deadline.ts";
import type { Ending } from "./ending.ts";

export interface Outage {
  /** For the readiness probe. Rejects when a dependency does not answer. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** How a build has ended. */
  saw(ending: Ending): void;
  /** Looks anew while something was away the last time. */
  mayBuild(): Promise<boolean>;
}

const LOOK_TIMEOUT_MS = 2_000;
/** Every connection is yet to be made, and nobody waits for an answer. */
const FIRST_LOOK_TIMEOUT_MS = 15_000;
const OF_DEPENDENCIES: readonly string[] = [
  "database_unavailable",
  "database_refused",
  "database_behind",
  "storage_unavailable",
  // A first attempt asks the store nothing before its one write, which is what a store that is away does not answer.
  "publish_unknown",
  "store_not_create_only",
];

/**
 * @param ask rejects when a dependency does not answer
 * @param options.looksFirst nothing is taken to be there before it has answered
 */
export function makeOutage(
  ask: (signal: AbortSignal) => Promise<void>,
  { looksFirst = false } = {},
): Outage {
  let isAway = looksFirst;
  let looking: Promise<boolean> | undefined;

  async function ready(signal: AbortSignal): Promise<void> {
    try {
      await ask(signal);
      isAway = false;
    } catch (error) {
      isAway = true;
      throw error;
    }
  }

  async function look(): Promise<boolean> {
    using deadline = startDeadline(looksFirst ? FIRST_LOOK_TIMEOUT_MS : LOOK_TIMEOUT_MS);
    return await ready(deadline.signal).then(
      () => true,
      () => false,
    );
  }

  return {
    ready,
    saw(ending) {
      if (ending.kind === "retry" && OF_DEPENDENCIES.includes(ending.code)) isAway = true;
    },
    async mayBuild() {
      if (!isAway) return true;
      looking ??= look().finally(() => (looking = undefined));
      return await looking;
    },
  };
}
