/** Whether the scanner does its work: at the end of each whole tick it writes down what it counted, and when. */
import { formatDuration } from "../words/duration.ts";
import type { Session } from "../session/session.ts";
import { isSilent, ok, reasonOf, unknown, wrong, type Finding, type Findings } from "./finding.ts";

/** As the alert StatementsNoTick has it: five ticks. */
const LATE_MS = 5 * 60_000;
const BUSY = "is the API server's store, etcd, well? kubectl get --raw /readyz?verbose";

export async function* checkTicks(session: Session): Findings {
  let countedAt: number | undefined;
  try {
    const { connectLedger } =
      await import("../../../functions/platform/ledger/configmap-ledger.ts");
    const { openSourceCounts } =
      await import("../../../functions/platform/ledger/source-counts.ts");
    const { kubeconfig, config } = session;
    const where = { namespace: config.LEDGER_NAMESPACE, kubeconfig, tries: 2 };
    const counts = openSourceCounts(where, connectLedger(where));
    countedAt = (await counts.read())?.countedAt;
    if (countedAt === undefined && !(await counts.exists())) {
      yield noInstallation(config.LEDGER_NAMESPACE);
      return undefined;
    }
    const now = session.now();
    const hasWaited = countedAt === undefined && (await hasRequestFrom(session, now - LATE_MS));
    yield judgeTicks(countedAt, now, hasWaited);
    return undefined;
  } catch (error) {
    session.signal.throwIfAborted();
    // What else keeps it from being read is found out of cluster and ledger.
    if (!isSilent(error)) return undefined;
    yield unknown(`it cannot be seen when the scanner has ticked: ${reasonOf(error)}`, BUSY);
    return "silent";
  }
}

/** A namespace that is not there, or another one, reads as an empty ledger, in which all is well. */
function noInstallation(namespace: string): Finding {
  return wrong(
    `${namespace} is no ledger: it has no ConfigMap records-by-source, which every installation brings`,
    "is it the ledger's namespace (LEDGER_NAMESPACE, --namespace), and is this the cluster? Else make deploy",
  );
}

/** Whether one is older: had the scanner ticked, it would have been counted. */
async function hasRequestFrom(session: Session, before: number): Promise<boolean> {
  try {
    for await (const { records } of (await session.ledger()).list({}, session.signal))
      if (records.some(({ request }) => request.facts.recordedAt < before)) return true;
  } catch (error) {
    if (isSilent(error)) throw error;
    session.signal.throwIfAborted();
    // It is a finding of the ledger.
  }
  return false;
}

/**
 * @param countedAt undefined where no tick has written it down
 * @param hasWaited whether there are requests that one should have seen
 */
export function judgeTicks(
  countedAt: number | undefined,
  now: number,
  hasWaited: boolean,
): Finding {
  const next =
    "the scanner's log and the PingSource say why: kubectl get pods,pingsource -n statements";
  if (countedAt === undefined && hasWaited) {
    return wrong("there are requests, and the scanner has never ticked: it has counted none", next);
  }
  if (countedAt === undefined) {
    return unknown(
      "it is not known when the scanner has ticked: it has written nothing down",
      next,
    );
  }
  const ago = formatDuration(Math.max(0, now - countedAt));
  if (now - countedAt > LATE_MS) return wrong(`the scanner's last whole tick was ${ago} ago`, next);
  return ok(`the scanner ticked ${ago} ago`);
}
