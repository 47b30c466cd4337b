/**
 * Has outcomes sent again that a Broker could not deliver: request-intake leaves a note of each, the
 * builder is asked to announce once more, and the note goes when the record says that it was done.
 * An ask that is lost is repeated by the next tick.
 */
import { outcomeAgainEvent } from "../domain/events/statement-event.ts";
import { repeatsOf } from "../domain/outcome/outcome-repeats.ts";
import { isFinal } from "../domain/statement-request.ts";
import type { CloudEventSink } from "../platform/cloudevents/cloudevent-sink.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import type { StoredNote } from "../platform/ledger/undelivered-outcome.ts";
import { mapConcurrently } from "../platform/limits/concurrency.ts";
import type { Log } from "../platform/telemetry/log.ts";
import { findRecord } from "./find-record.ts";

export interface UndeliveredOptions {
  readonly ledger: Pick<Ledger, "list" | "listUndelivered" | "remove">;
  readonly sink: CloudEventSink;
  readonly now: () => number;
}

export interface UndeliveredCount {
  /** Notes that are still there. */
  readonly undelivered: number;
  /** Of these, how many a builder was asked to see to. */
  readonly asked: number;
}

const AT_ONCE = 8;
const SEND_TIMEOUT_MS = 5_000;
/** A tick asks for so many; the others come with the next ones. Builders that are busy would find each of them once a minute. */
const MOST_ASKED = 500;

/** What one tick has asked the sink for. */
interface Asking {
  sent: number;
  /** It is not asked for the others: they would keep the tick as long as it does not answer. */
  isRefused: boolean;
}

/** @throws LedgerUnavailable */
export function makeUndelivered({ ledger, sink, now }: UndeliveredOptions) {
  /** @returns what became of the note */
  async function see(
    note: StoredNote,
    asking: Asking,
    { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
  ): Promise<"gone" | "waiting" | "asked"> {
    const { record, attempt, repeats, notBefore } = note.outcome;
    const isEnough = (): boolean => asking.isRefused || asking.sent >= MOST_ASKED;
    // Each look is a call of its own, and there may be thousands of notes.
    if (notBefore > now()) return "waiting";
    if (isEnough()) return "waiting";
    const request = (await findRecord(ledger, record, signal))?.request;
    // Deleted, tried again by an operator, or sent again since.
    const isIts = request && isFinal(request) && request.attempt === attempt;
    if (!isIts || repeatsOf(request) > repeats) {
      log.info({ request_id: record, repeats }, "the outcome was sent again, or is none any more");
      return (await ledger.remove(note)) === "removed" ? "gone" : "waiting";
    }
    if (isEnough()) return "waiting";
    asking.sent++;
    const event = outcomeAgainEvent(request, "pending-scanner", now());
    const sent = await sink.send(event, { signal, timeoutMs: SEND_TIMEOUT_MS });
    if (sent.kind === "accepted") return "asked";
    asking.isRefused = true;
    return "waiting";
  }

  return async (context: {
    readonly signal: AbortSignal;
    readonly log: Log;
  }): Promise<UndeliveredCount> => {
    const count = { undelivered: 0, asked: 0 };
    const asking = { sent: 0, isRefused: false };
    for await (const { notes, unreadable } of ledger.listUndelivered(context.signal)) {
      for (const note of unreadable) context.log.error({ note }, "unreadable note of an outcome");
      count.undelivered += unreadable.length;
      await mapConcurrently(notes, AT_ONCE, async (note) => {
        const became = context.signal.aborted ? "waiting" : await see(note, asking, context);
        if (became !== "gone") count.undelivered++;
        if (became === "asked") count.asked++;
      });
    }
    return count;
  };
}
