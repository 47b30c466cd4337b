/**
 * A build, told once: the story says each step as it is taken, and who wants to know listens. Those
 * are the trace, the metrics, the log, and the fault suite, which kills the builder at every step; so
 * a step added here is a step that is tried.
 */
import type { ProcessingRequest } from "../domain/statement-request.ts";
import type { Stored } from "../platform/ledger/configmap-ledger.ts";
import type { Log } from "../platform/telemetry/log.ts";
import type { BuildMeter } from "./build-meter.ts";
import type { Claimed, ClaimOutcome } from "./claim.ts";
import type { Ending } from "./ending.ts";
import { PUBLISH_STEPS, type PublishPhase } from "./store/publication.ts";

/** In the order they happen. Between any two of them the process may die. */
export const BUILD_STEPS = [
  "claimed",
  "fenced",
  "snapshot-opened",
  "rows-streaming",
  ...PUBLISH_STEPS,
  "settled",
  "announced",
] as const;
/**
 * Beside these: of what has ended before, its outcome is counted once more, and not sent yet; and it was
 * sent to a callback, and the record does not say so yet.
 */
export type BuildStep = (typeof BUILD_STEPS)[number] | "owed-again" | "callback-sent";

/** What takes its time. Rows are read while their zip is uploaded: both are `build`. */
export type BuildPhase =
  "claim" | "fence" | "look" | "open snapshot" | PublishPhase | "settle" | "announce";

export interface BuildEnd {
  readonly claimed: Claimed;
  readonly ending: Ending;
  /** The record as this claim last knew it. */
  readonly request: ProcessingRequest;
  /** The record as this claim wrote it; undefined when it is somebody else's. */
  readonly stored: Stored | undefined;
  readonly log: Log;
}

type During = <T>(
  phase: BuildPhase,
  work: () => Promise<T>,
  facts?: (result: T) => { readonly rows: number },
) => Promise<T>;

export interface BuildListener {
  /** Runs a phase, and ends with it. @param facts what its result has to say */
  readonly during?: During;
  /** What an offered request came to. */
  readonly offered?: (outcome: ClaimOutcome["kind"], log: Log) => void;
  /** A claimed request is being built, until what this answers is disposed of. */
  readonly building?: (meter: BuildMeter) => Disposable;
  /** A step is done; the next one waits. */
  readonly onStep?: (step: BuildStep) => void | Promise<void>;
  /** What a claim came to, once it is written. */
  readonly ended?: (end: BuildEnd) => void;
}

export type Narrator = Required<BuildListener>;

export function makeNarrator(listeners: readonly BuildListener[]): Narrator {
  return {
    during: (phase, work, facts) =>
      listeners.reduceRight(
        (inner, { during }) => (during ? () => during(phase, inner, facts) : inner),
        work,
      )(),
    offered: (outcome, log) => listeners.forEach((one) => one.offered?.(outcome, log)),
    building(meter) {
      const all = new DisposableStack();
      for (const one of listeners) all.use(one.building?.(meter));
      return all;
    },
    async onStep(step) {
      for (const one of listeners) await one.onStep?.(step);
    },
    ended: (end) => listeners.forEach((one) => one.ended?.(end)),
  };
}

/** One line per claim; what a person must look at is marked with `alert`. */
export const BUILD_LOG: BuildListener = {
  offered(outcome, log) {
    if (outcome !== "claimed") log.debug({ outcome }, "nothing to do");
  },
  ended({ ending, request: { attempt, object }, stored, log }) {
    const line = { ...ending, attempt };
    if (ending.kind === "failed" && ending.code === "object_damaged") {
      log.error({ ...line, object, alert: ending.code }, "the object in the bucket is damaged");
    } else {
      log.info(line, `request ${stored ? ending.kind : "lost"}`);
    }
  },
};
