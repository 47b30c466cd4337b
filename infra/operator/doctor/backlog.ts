/** What is due, set against what the builders end and how many of them there may be. */
import type { Capacity } from "../session/capacity.ts";
import { formatDuration } from "../words/duration.ts";
import { count } from "../words/plural.ts";
import type { Session } from "../session/session.ts";
import { LATE_MS, LATELY_MS, type Census } from "./census.ts";
import { ok, unknown, wrong, type Finding } from "./finding.ts";

/** Two ticks and a cold start: something that is due has come to a builder by then. */
const STALLED_MS = 3 * 60_000;
/** Of less than this no rate is reckoned. */
const SHORTEST_LOOK_MS = 60_000;

type Load = Pick<Census, "due" | "busy" | "endedWithin">;

export async function* checkBacklog(load: Load, session: Session): AsyncGenerator<Finding> {
  const capacity = await capacityOf(session);
  yield judgeBacklog(load, capacity, session.now());
  yield* judgeCapacity(capacity);
}

/** Where the Services cannot be read, the ledger alone tells how fast requests end. */
async function capacityOf(session: Session): Promise<Capacity> {
  if (session.isLocal) return {};
  try {
    return await session.capacity();
  } catch {
    session.signal.throwIfAborted();
    return {};
  }
}

/** Since the oldest came due something always was, so what has ended since then is what the builders can do. */
export function judgeBacklog(
  { due, busy, endedWithin }: Load,
  { builds }: Capacity,
  now: number,
): Finding {
  const most = builds === undefined ? "" : ` of at most ${builds}`;
  const running = `${count(busy, "request")}${most} ${busy === 1 ? "is" : "are"} being built`;
  if (!due.first) {
    const ended = count(endedWithin(LATELY_MS), "request");
    return ok(
      `nothing is due; ${running}, ${ended} ended in the last ${formatDuration(LATELY_MS)}`,
    );
  }
  const waited = now - due.first.since;
  const lookMs = Math.min(waited, LATELY_MS);
  const ended = endedWithin(lookMs);
  const queue = `${count(due.count, "request")} ${due.count === 1 ? "is" : "are"} due, the oldest since ${formatDuration(waited)}`;
  if (ended === 0) {
    const idle = `${queue}, and none has ended meanwhile; ${running}`;
    if (waited < STALLED_MS) return ok(idle);
    return busy === 0
      ? wrong(
          idle,
          "no builder takes them: see ticks and pods above, then kubectl get ksvc,broker,trigger -n statements",
        )
      : unknown(idle, "statements list --state processing -o wide shows how far those are");
  }
  if (lookMs < SHORTEST_LOOK_MS) return ok(`${queue}, and ${ended} ended meanwhile; ${running}`);
  const perMs = ended / lookMs;
  const leftMs = due.count / perMs;
  const what =
    `${queue}; in the last ${formatDuration(lookMs)} the builders ended ${perMinute(perMs)} a minute: ` +
    `about ${formatDuration(leftMs)} until all are done; ${running}`;
  if (leftMs <= LATE_MS && waited <= LATE_MS) return ok(what);
  return unknown(what, nextOfSlow(builds === undefined ? undefined : busy >= builds));
}

function nextOfSlow(isFull: boolean | undefined): string {
  const raise =
    "raise max-scale of statement-builder and BUILDER_CAPACITY of pending-scanner together, as far as the database bears it";
  if (isFull === undefined) return `if all builders are at work, ${raise}`;
  return isFull
    ? `all builders are at work: ${raise}`
    : "builders are free, so what is due does not get to them: see ticks and pods above, then kubectl get broker,trigger -n statements";
}

/** The scanner offers as many as it is told to, whatever the builders may scale to. */
export function* judgeCapacity({ builds, offered }: Capacity): Generator<Finding> {
  if (builds === undefined || offered === undefined || builds === offered) return;
  const effect =
    offered > builds ? "the rest waits in the Broker, out of turn" : "some builders stay idle";
  yield unknown(
    `the scanner offers for ${count(offered, "build")} at a time, and the builders take ${builds}: ${effect}`,
    "BUILDER_CAPACITY of pending-scanner is to be max-scale × containerConcurrency of statement-builder",
  );
}

function perMinute(perMs: number): string {
  const rate = perMs * 60_000;
  return rate < 10 ? rate.toFixed(1) : String(Math.round(rate));
}
