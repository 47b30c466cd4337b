/** One look at everything that is not at rest: what is due, what is being built, what is out. */
import type { StatementRequest } from "../domain/statement-request.ts";
import type { Ledger, LedgerPage } from "../platform/ledger/configmap-ledger.ts";
import { isDue, isLive } from "./due.ts";
import { makeFairQueue, type FairQueue, type FairQueueLimits } from "./fair-queue.ts";

/** Offers of this tick: the record's name and the attempt it had when it was offered. */
export type Offers = ReadonlyMap<string, number>;

export interface Survey {
  readonly counts: { pending: number; processing: number; unannounced: number };
  /** Due and not out. */
  due: number;
  /** Held by a live lease, or offered and not claimed yet. */
  busy: number;
  readonly busyByCustomer: Map<string, number>;
  readonly queue: FairQueue;
  /** Milliseconds since the epoch; undefined when nothing is pending. */
  oldestPendingAt: number | undefined;
  readonly unreadable: string[];
}

export interface SurveyTerms {
  readonly now: number;
  readonly offers: Offers;
  readonly limits: FairQueueLimits;
}

export async function surveyLedger(
  ledger: Pick<Ledger, "list">,
  terms: SurveyTerms,
  signal: AbortSignal,
): Promise<Survey> {
  const survey: Survey = {
    counts: { pending: 0, processing: 0, unannounced: 0 },
    due: 0,
    busy: 0,
    busyByCustomer: new Map(),
    queue: makeFairQueue(terms.limits),
    oldestPendingAt: undefined,
    unreadable: [],
  };
  const add = (page: LedgerPage): void => {
    for (const { request } of page.records) addRequest(survey, request, terms);
    survey.unreadable.push(...page.unreadable);
  };
  // An offer that comes too late or twice does no harm: a claim looks at the record itself.
  for await (const page of ledger.list({ atRest: false, mayBeStale: true }, signal)) add(page);
  return survey;
}

function addRequest(survey: Survey, request: StatementRequest, terms: SurveyTerms): void {
  if (request.status === "pending" || request.status === "processing")
    survey.counts[request.status]++;
  else survey.counts.unannounced++;
  if (request.status === "pending")
    survey.oldestPendingAt = Math.min(survey.oldestPendingAt ?? Infinity, request.recordedAt);

  // A claim makes the attempt grow, so an offered record with its old attempt is still out.
  const isOut = terms.offers.get(request.name) === request.attempt;
  if (isOut || isLive(request, terms.now)) {
    const { customerId } = request;
    survey.busy++;
    survey.busyByCustomer.set(customerId, (survey.busyByCustomer.get(customerId) ?? 0) + 1);
  } else if (isDue(request, terms.now)) {
    survey.due++;
    survey.queue.add(request);
  }
}
