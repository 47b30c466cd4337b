import type { CloudEventSink } from "../platform/cloudevents/cloudevent-sink.ts";
import type { EventContext, EventHandler } from "../platform/server/event-handler.ts";
import { startDeadline } from "../platform/limits/deadline.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import type { Answer } from "../platform/server/answers/http-answer.ts";
import type { Log } from "../platform/telemetry/log.ts";
import type { LedgerTally } from "./ledger-tally.ts";
import type { Offered, ScannerMetrics } from "./metrics.ts";
import type { Offering } from "./offering.ts";
import { makeUndelivered } from "./undelivered.ts";
import { makeRetention, type Sweep } from "./retention.ts";
import { monotonic } from "../platform/clock/clock.ts";
import { makeWishes } from "./wishes.ts";

export interface PendingScanner {
  /** Whose lists `tally` counts. */
  readonly ledger: Ledger;
  readonly tally: Pick<LedgerTally, "bytes" | "tell">;
  readonly offering: Offering;
  readonly sink: CloudEventSink;
  readonly metrics: ScannerMetrics;
  readonly retentionMs: number;
  readonly now: () => number;
  /** Ends the work. */
  readonly stopping: AbortSignal;
}

const SWEEP_TIMEOUT_MS = 5_000;

/**
 * Any event is a tick: what the ledger owes is offered to the builders, and what has rested long
 * enough is deleted. The answer comes when that is done; that the sender has gone does not end it.
 * Two scanners at once do no harm: a claim has one winner, a deletion too.
 */
export function makePendingScanner(options: PendingScanner): EventHandler {
  const { ledger, tally, offering, sink, metrics, retentionMs, now, stopping } = options;
  const retention = makeRetention({ ledger, retentionMs, now });
  const seeUndelivered = makeUndelivered({ ledger, sink, now });
  const seeWishes = makeWishes(ledger);
  let sweeping = Promise.resolve();

  async function tick(log: Log): Promise<Answer> {
    const startedAt = monotonic();
    // 1. Outcomes that consumers were not told are asked for once more, and wishes to cancel that are
    //    over go away: both beside the rest.
    const aside = Promise.all([
      seeUndelivered({ signal: stopping, log }),
      seeWishes({ signal: stopping, log }),
    ]);
    aside.catch(() => undefined);
    // 2. What is due goes to the builders, fairly and as fast as they take it.
    const offered = await offering.tick(log);
    for (const record of offered.unreadable) log.error({ record }, "unreadable record");

    // 3. What has rested for its time goes away, one tick after the other.
    const swept = sweeping.then(async () => {
      using deadline = startDeadline(SWEEP_TIMEOUT_MS, stopping);
      return await retention.sweep({ signal: deadline.signal, log });
    });
    sweeping = swept.then(
      () => undefined,
      () => undefined,
    );
    const sweep = await swept;
    const [outcomes, wishes] = await aside;

    // 4. Intake is told how many records each source has.
    await tally.tell(log);

    // 5. One line says how the ledger stands, and so do the gauges.
    const counted = { ...outcomes, ...wishes };
    log.info({ ...summary(offered, sweep, now()), ...counted }, "tick");
    metrics.ticked(offered, { ...sweep, ...counted, bytes: tally.bytes() }, startedAt);

    // 6. What whoever sent the tick may do about it: send it again.
    return answerTo(offered);
  }

  return async (_tick, { signal, log }) => {
    const whole = tick(log);
    whole.catch(() => metrics.tickFailed());
    return await Promise.race([whole, abandoned(whole, signal, log)]);
  };
}

/** Rejects when nobody waits for the answer any more; what goes on then is logged here. */
function abandoned(
  whole: Promise<Answer>,
  signal: AbortSignal,
  log: EventContext["log"],
): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => {
    log.info("nobody waits for this tick any more; its work goes on");
    whole.catch((err: unknown) => log.error({ err }, "the tick failed"));
    reject(signal.reason);
  });
  return promise;
}

function answerTo({ end, standing }: Offered): Answer {
  if (end === "refused") return { kind: "unavailable", code: "sink_unavailable" };
  if (end === "stopping" && standing.due > 0) return { kind: "unavailable", code: "shutting_down" };
  return { kind: "nothing-to-do" };
}

function summary(
  { end, standing, unreadable, offered, refused }: Offered,
  sweep: Sweep,
  now: number,
) {
  const { counts, due, busy, oldestPendingAt } = standing;
  const oldestMs = oldestPendingAt === undefined ? 0 : Math.max(0, now - oldestPendingAt);
  return {
    ...counts,
    ...sweep.counts,
    unreadable: unreadable.length,
    oldest_pending_seconds: Math.round(oldestMs / 1000),
    due,
    busy,
    offered,
    refused,
    end,
    pruned: sweep.pruned,
  };
}
