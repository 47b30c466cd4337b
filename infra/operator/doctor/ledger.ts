/** What the ledger holds that somebody should look at. */
import { isAccepted } from "../../../functions/domain/outcome/telling.ts";
import { isFinal, type StatementRequest } from "../../../functions/domain/statement-request.ts";
import { formatDuration } from "../words/duration.ts";
import { count } from "../words/plural.ts";
import type { Session } from "../session/session.ts";
import { ok, reasonOf, unknown, wrong, type Finding } from "./finding.ts";

/** Longer than a tick, a cold start and the longest build of the service. */
const LATE_MS = 15 * 60_000;

interface Census {
  readonly unreadable: readonly string[];
  readonly failed: number;
  readonly unannounced: number;
  readonly rejected: number;
  readonly total: number;
  /** Due for longer than `LATE_MS`. */
  readonly late: readonly StatementRequest[];
  /** Wished to be cancelled for longer than `LATE_MS`, of requests that have not ended. */
  readonly unheard: readonly StatementRequest[];
}

export async function* checkLedger(session: Session): AsyncGenerator<Finding> {
  const { LEDGER_NAMESPACE: namespace } = session.config;
  let census: Census;
  try {
    census = await takeCensus(session);
  } catch (error) {
    session.signal.throwIfAborted();
    yield unknown(
      `the ledger in ${namespace} cannot be read: ${reasonOf(error)}`,
      "see the findings on the cluster and on your rights; is LEDGER_NAMESPACE right?",
    );
    return;
  }
  yield* judgeLedger(census, namespace, session.now());
}

export function* judgeLedger(census: Census, namespace: string, now: number): Generator<Finding> {
  const { unreadable, late, unheard, unannounced, failed, rejected, total } = census;
  if (unreadable.length > 0) {
    const [first = ""] = unreadable;
    yield wrong(
      `${count(unreadable.length, "record")} cannot be read as requests, such as ${first}`,
      `see who changed them: kubectl get configmap -n ${namespace} ${first} -o yaml`,
    );
  }
  const [oldest] = late;
  if (oldest) {
    yield wrong(
      `due for more than ${formatDuration(LATE_MS)}: ${count(late.length, "request")}, the oldest since ` +
        formatDuration(now - dueSince(oldest)),
      `statements explain ${oldest.facts.name}; then the scanner's log: does it tick?`,
    );
  }
  const [wished] = unheard;
  if (wished) {
    yield wrong(
      `wished to be cancelled for more than ${formatDuration(LATE_MS)}, and not: ${count(unheard.length, "request")}`,
      `statements explain ${wished.facts.name}; with status-api, is CANCEL_WISHES=true at the builder?`,
    );
  }
  if (unannounced > 0) {
    yield unknown(
      `outcome events not accepted yet: those of ${count(unannounced, "request")}`,
      "if the number stays, look at the Broker and at the builder's log",
    );
  }
  if (failed > 0)
    yield unknown(`failed: ${count(failed, "request")}`, "statements list --state failed");
  if (rejected > 0) yield unknown(`rejected: ${count(rejected, "event")}`, "statements rejected");
  if (unreadable.length + late.length + unheard.length === 0) {
    yield ok(`the ledger in ${namespace} holds ${count(total, "request")}, none of them stuck`);
  }
}

async function takeCensus(session: Session): Promise<Census> {
  const { signal, now } = session;
  const opened = await session.ledger();
  const unreadable: string[] = [];
  const late: StatementRequest[] = [];
  const unheard: StatementRequest[] = [];
  let [failed, unannounced, rejected, total] = [0, 0, 0, 0];
  for await (const page of opened.list({}, signal)) {
    unreadable.push(...page.unreadable);
    total += page.records.length;
    for (const { request } of page.records) {
      if (request.status === "failed") failed++;
      if (isFinal(request)) unannounced += isAccepted(request) ? 0 : 1;
      else if (now() - dueSince(request) > LATE_MS) late.push(request);
      if (!isFinal(request) && now() - (request.cancelRequestedAt ?? Infinity) > LATE_MS)
        unheard.push(request);
    }
  }
  for await (const page of opened.listRejected()) rejected += page.length;
  late.sort((a, b) => dueSince(a) - dueSince(b));
  return { unreadable, late, unheard, failed, unannounced, rejected, total };
}

function dueSince(request: StatementRequest): number {
  if (request.status === "pending") return request.nextAttemptAt;
  return request.status === "processing" ? request.leaseExpiresAt : Infinity;
}
