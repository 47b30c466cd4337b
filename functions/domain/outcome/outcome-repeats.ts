/**
 * An outcome that a Broker could not deliver is sent again, to all consumers and under the same id; not
 * without end, because a consumer that always fails is no reason to tell the others forever.
 */
import type { FinalRequest } from "../statement-request.ts";
import { oweToSink } from "./telling.ts";

/** After so many a person has to look. */
export const MAX_OUTCOME_REPEATS = 5;

/** A minute, and after that four times as long each time: the last one comes after almost six hours. */
export function pauseBeforeRepeat(repeats: number, firstPauseMs: number): number {
  return firstPauseMs * 4 ** repeats;
}

/** How often its outcome was sent again. */
export function repeatsOf({ outcomeRepeats = 0 }: FinalRequest): number {
  return outcomeRepeats;
}

/** Owed once more to everybody, because a person wants it: that counts as no repeat. */
export function oweAgain<R extends FinalRequest>(request: R): R {
  return { ...oweToSink(request), callback: undefined };
}

/**
 * Owed once more to the sink: its consumers were not told. It is counted before it is sent: whoever hears that this repeat was not delivered
 * either finds it in the count.
 */
export function oweOutcome<R extends FinalRequest>(request: R): R {
  return { ...oweToSink(request), outcomeRepeats: repeatsOf(request) + 1 };
}
