/**
 * The story of a build: claim, hold, reach the object, write the end, tell.
 *
 * Who may do what at which moment is decided in `domain/statement-request.ts`; who still holds the
 * record, in `lease.ts`; how an error ends a claim, in `ending.ts`.
 */
import { eventType } from "../domain/events/event-types.ts";
import { offerEvent, outcomeEvent, repeatsWishedFor } from "../domain/events/statement-event.ts";
import { oweOutcome, repeatsOf } from "../domain/outcome/outcome-repeats.ts";
import { announce, calledBack, isAccepted, owesCallback } from "../domain/outcome/telling.ts";
import { LEASE_EXPIRED } from "../domain/last-error.ts";
import {
  blameSlowness,
  execute,
  isFinal,
  type FinalRequest,
  type ProcessingRequest,
  type StatementRequest,
} from "../domain/statement-request.ts";
import { startDeadline } from "../platform/limits/deadline.ts";
import { random } from "../platform/clock/clock.ts";
import type { CloudEventSink } from "../platform/cloudevents/cloudevent-sink.ts";
import type { EventContext, EventHandler } from "../platform/server/event-handler.ts";
import type { Stored } from "../platform/ledger/configmap-ledger.ts";
import type { Tracer } from "../platform/telemetry/tracing.ts";
import {
  claimRecord,
  type ClaimDependencies,
  type Claimed,
  type ClaimOutcome,
  type ClaimSettings,
} from "./claim.ts";
import type { CallbackSender } from "./callback/callback-sender.ts";
import { makeBuildMeter } from "./build-meter.ts";
import type { BuildSettings } from "./build-settings.ts";
import { endingOf, moveTo, type Ending, type RetrySettings } from "./ending.ts";
import { holdLease, type Lease, type LeaseSettings } from "./lease.ts";
import type { Outage } from "./outage.ts";
import { reachObject, type BuildDependencies, type Claim } from "./reach-object.ts";

export type BuilderSettings = ClaimSettings &
  LeaseSettings &
  RetrySettings &
  BuildSettings & { readonly buildDeadlineMs: number };

export interface BuilderDependencies extends ClaimDependencies, BuildDependencies {
  readonly outage?: Outage;
  readonly sink: CloudEventSink;
  readonly callbacks: CallbackSender;
  readonly tracer: Tracer;
  readonly settings: BuilderSettings;
}

/** What became of a request that was offered to this builder. */
export type Outcome = Ending["kind"] | Exclude<ClaimOutcome["kind"], "claimed">;

const WAKE_UPS: readonly string[] = (["recorded", "due", "oversized"] as const).map(eventType);

/**
 * Answers 204 whatever became of the request: from the claim on, the ledger does the retrying. 503 for a build
 * that lacks what it needs: nothing was claimed.
 */
export function makeHandler(deps: BuilderDependencies): EventHandler {
  return async ({ type, subject, data }, context) => {
    if (!WAKE_UPS.includes(type)) {
      return { kind: "invalid", problems: [{ field: "type", code: "unsupported_type" }] };
    }
    if (!subject) return { kind: "invalid", problems: [{ field: "subject", code: "required" }] };
    const offered = { name: subject, wish: repeatsWishedFor(data) };
    const outcome = await serveRequest(offered, context, deps);
    if (outcome === "not-ready") return { kind: "unavailable", code: "not_ready" };
    return { kind: "nothing-to-do" };
  };
}

export interface Offered {
  /** Of the record. */
  readonly name: string;
  /** The outcome is to be sent once more, if so many repeats are all there were. */
  readonly wish?: number | undefined;
}

/** @throws LedgerUnavailable: the one thing that only a repeated event can cure. */
export async function serveRequest(
  { name, wish }: Offered,
  context: EventContext,
  deps: BuilderDependencies,
): Promise<Outcome> {
  const { story } = deps;
  const log = context.log.child({ request_id: name });
  const told = { ...context, log };
  // 1. Claim the record, or learn why there is nothing to do.
  const claimed = await story.during("claim", () => claimRecord(name, deps, context.signal));
  story.offered(claimed.kind, log);
  if (claimed.kind === "final") await tellFinal(claimed.stored, wish, told, deps);
  if (claimed.kind !== "claimed") return claimed.kind;
  await story.onStep("claimed");
  // 2. Under the lease, reach the object or the reason why there is none.
  const meter = makeBuildMeter();
  using build = new DisposableStack();
  build.use(story.building(meter));
  const progress = meter.take;
  await using lease = holdLease(claimed.stored, claimed.sentAt, { ...deps, log, progress });
  const { ending, leaseEndsAt } = await reachEnding({ ...claimed, lease, meter }, told, deps);
  deps.outage?.saw(ending);
  // 3. Write what became of it: the last write of this claim.
  const stored = await story.during("settle", () => settle(lease, ending, leaseEndsAt, deps));
  await story.onStep("settled");
  story.ended({ claimed, ending, request: lease.request, stored, log });
  if (!stored) return "lost";
  // 4. Tell whoever listens; what is not accepted now, the next tick brings up again.
  await story.during("announce", () => tellEnd(stored, ending, told, deps));
  await story.onStep("announced");
  return ending.kind;
}

type Held = Claimed & Pick<Claim, "lease" | "meter">;

async function reachEnding(
  { purpose, isFirst, claimId, earlierLandsUntil, earlierLeaseEndsAt, lease, meter }: Held,
  context: EventContext,
  deps: BuilderDependencies,
): Promise<{ ending: Ending; leaseEndsAt: () => number | undefined }> {
  using deadline = startDeadline(deps.settings.buildDeadlineMs, context.signal, lease.signal);
  const { signal } = deadline;
  const stops = { request: context.signal, lease: lease.signal, deadline };
  let publishing = false;
  // An earlier attempt's object may be there until a look that came after its last chance.
  let mayBeThere = earlierLandsUntil > 0;
  const onAbsent = (lookedAt: number): void => {
    mayBeThere = lookedAt < earlierLandsUntil;
  };
  const onPublish = (): void => {
    publishing = mayBeThere = true;
  };
  // When the last lease ends under which something may have been sent that can still land. An attempt that sent
  // nothing does not shorten the wait for the one before it.
  const leaseEndsAt = (): number | undefined => {
    if (publishing) return lease.expiresAt;
    return mayBeThere ? earlierLeaseEndsAt : undefined;
  };
  try {
    const told = { onAbsent, onPublish, log: context.log };
    const claim = { lease, meter, claimId, purpose, isFirst, signal, ...told };
    return { ending: await reachObject(claim, deps), leaseEndsAt };
  } catch (error) {
    const ending = endingOf(error, stops, { mayBeThere });
    context.log.warn({ err: error, ending: ending.kind }, "the build did not reach its object");
    return { ending, leaseEndsAt };
  }
}

/** @returns the record as written; undefined when it is somebody else's. */
async function settle(
  lease: Lease,
  ending: Ending,
  leaseEndsAt: () => number | undefined,
  { ledger, settings, now }: BuilderDependencies,
): Promise<Stored | undefined> {
  if (ending.kind === "lost") return undefined;
  const settlement = await lease.settle((request) =>
    moveTo(ending, request, { now: now(), leaseEndsAt: leaseEndsAt() }, settings),
  );
  if (settlement.kind === "settled") return settlement.stored;
  const { to } = settlement;
  if (to && isTakenForGone(to, lease)) await ledger.replace(to, blameSlowness(to.request));
  // We published, and meanwhile the request was given up: the file is there, so the file counts.
  if (ending.kind !== "executed" || !to || !wasGivenUp(to)) return undefined;
  const { object, result } = ending;
  const stored = await ledger.replace(to, execute(to.request, object, result, now()));
  return stored === "conflict" ? undefined : stored;
}

/** Somebody took over from a builder that lives: on a conflict the record keeps saying that it was gone. */
function isTakenForGone(to: Stored, { request }: Lease): to is Stored<ProcessingRequest> {
  const { status, attempt, lastError } = to.request;
  return status === "processing" && attempt === request.attempt + 1 && lastError === LEASE_EXPIRED;
}

function wasGivenUp(
  stored: Stored,
): stored is Stored<Extract<StatementRequest, { status: "failed" | "cancelled" }>> {
  const { request } = stored;
  if (request.status === "cancelled") return true;
  // Whatever it has failed for. One that somebody has found damaged is no statement.
  return request.status === "failed" && request.errorCode !== "object_damaged";
}

// --- telling -----------------------------------------------------------------------------------

/** Kinds of endings after which a Job starts at once; after a failure it waits for its time, as the tick does. */
const AT_ONCE: readonly Ending["kind"][] = ["oversized", "handed-over"];

async function tellEnd(
  stored: Stored,
  ending: Ending,
  context: EventContext,
  deps: BuilderDependencies,
): Promise<void> {
  const { request } = stored;
  if (isFinal(request)) await tellOutcome({ ...stored, request }, context, deps);
  else if (request.lane === "job" && AT_ONCE.includes(ending.kind)) {
    await deps.sink.send(offerEvent(request, "statement-builder", deps.now()));
  }
}

/** What has ended already: its outcome may still be owed, or wished for once more. */
async function tellFinal(
  stored: Stored<FinalRequest>,
  wish: number | undefined,
  context: EventContext,
  deps: BuilderDependencies,
): Promise<void> {
  if (wish === undefined || wish !== repeatsOf(stored.request)) {
    await tellOutcome(stored, context, deps);
    return;
  }
  const owed = await deps.ledger.replace(stored, oweOutcome(stored.request));
  if (owed === "conflict") return;
  await deps.story.onStep("owed-again");
  await tellOutcome(owed, context, deps);
}

/**
 * At least once to the sink and to the callback: the record says so only after each has accepted the event.
 * Neither waits for what the other does with it.
 */
async function tellOutcome(
  stored: Stored<FinalRequest>,
  context: EventContext,
  deps: BuilderDependencies,
): Promise<void> {
  const after = await tellSink(stored, context, deps);
  // On a conflict somebody else has told it, or it will be told once more.
  if (after !== "conflict") await callBack(after, context, deps);
}

async function tellSink(
  stored: Stored<FinalRequest>,
  { log }: EventContext,
  { sink, ledger }: BuilderDependencies,
): Promise<Stored<FinalRequest> | "conflict"> {
  if (isAccepted(stored.request)) return stored;
  const sent = await sink.send(outcomeEvent(stored.request));
  if (sent.kind !== "accepted") {
    log.warn({ sent }, "the outcome was not accepted, the next tick sends it again");
    return stored;
  }
  return await ledger.replace(stored, announce(stored.request));
}

async function callBack(
  stored: Stored<FinalRequest>,
  { log }: EventContext,
  { callbacks, ledger, story, now }: BuilderDependencies,
): Promise<void> {
  const { request } = stored;
  const url = owesCallback(request);
  if (url === undefined || (request.callback?.nextAt ?? 0) > now()) return;
  const result = await callbacks.send(url, outcomeEvent(request));
  await story.onStep("callback-sent");
  const next = calledBack(request, result, { now: now(), random: random() });
  if (next.callback?.state === "given-up")
    log.error({ result, alert: "callback_given_up" }, "the callback is given up");
  await ledger.replace(stored, next);
}
