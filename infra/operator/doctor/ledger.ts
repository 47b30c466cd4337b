/** What the ledger holds that somebody should look at. */
import { formatDuration } from "../words/duration.ts";
import { count } from "../words/plural.ts";
import type { Session } from "../session/session.ts";
import { checkBacklog } from "./backlog.ts";
import { LATE_MS, takeCensus, type Census } from "./census.ts";
import { isSilent, ok, reasonOf, unknown, wrong, type Finding, type Findings } from "./finding.ts";
import { judgeWakeUps } from "./wake-ups.ts";

export async function* checkLedger(session: Session): Findings {
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
    return isSilent(error) ? "silent" : undefined;
  }
  yield* judgeLedger(census, namespace, session.now());
  yield* checkBacklog(census, session);
  yield judgeWakeUps(census.firstClaims);
  return undefined;
}

export function* judgeLedger(census: Census, namespace: string, now: number): Generator<Finding> {
  const { unreadable, due, late, unheard, unannounced, failed, rejected, total } = census;
  if (unreadable.first !== undefined) {
    yield wrong(
      `${count(unreadable.count, "record")} cannot be read as requests, such as ${unreadable.first}`,
      `see who changed them: kubectl get configmap -n ${namespace} ${unreadable.first} -o yaml`,
    );
  }
  if (late > 0 && due.first) {
    yield wrong(
      `due for more than ${formatDuration(LATE_MS)}: ${count(late, "request")}, the oldest since ` +
        formatDuration(now - due.first.since),
      `statements explain ${due.first.name}; then the scanner's log: does it tick?`,
    );
  }
  if (unheard.first) {
    yield wrong(
      `wished to be cancelled for more than ${formatDuration(LATE_MS)}, and not: ${count(unheard.count, "request")}`,
      `statements explain ${unheard.first.facts.name}; with status-api, is CANCEL_WISHES=true at the builder?`,
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
  if (unreadable.count + late + unheard.count === 0) {
    yield ok(`the ledger in ${namespace} holds ${count(total, "request")}, none of them stuck`);
  }
}
