/** One look through the ledger, for all that it is judged by: counts and one of each kind, however many records there are. */
import { isAccepted } from "../../../functions/domain/outcome/telling.ts";
import { parseStatementKey } from "../../../functions/domain/statement-key.ts";
import {
  endedAt,
  isFinal,
  type StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import { WAKE_UP_MS } from "../../../functions/pending-scanner/backlog.ts";
import { isLive } from "../../../functions/pending-scanner/due.ts";
import type { Session } from "../session/session.ts";
import { actsOf } from "../words/acts.ts";
import { dueSince } from "../words/due-since.ts";

/** As the alert StatementsBacklogOld has it: longer than a tick, a cold start and the longest build of the service. */
export const LATE_MS = 15 * 60_000;
/** What happened lately is what happened since then. */
export const LATELY_MS = LATE_MS;

export interface Kind<T> {
  readonly count: number;
  /** The oldest, where the ledger tells. */
  readonly first?: T | undefined;
}

export interface Due {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export interface Census {
  readonly total: number;
  readonly unreadable: Kind<string>;
  readonly failed: number;
  readonly unannounced: number;
  readonly rejected: number;
  /** A builder may begin: pending and its time has come, or its builder's lease is over. */
  readonly due: Kind<Due>;
  /** Of these, since more than `LATE_MS`. */
  readonly late: number;
  /** Wished to be cancelled for longer than `LATE_MS`, of requests that have not ended. */
  readonly unheard: Kind<StatementRequest>;
  /** Held by a builder. */
  readonly busy: number;
  /** How many have ended in so many milliseconds, up to `LATELY_MS`. */
  readonly endedWithin: (ms: number) => number;
  readonly firstClaims: FirstClaims;
}

/** Of requests that a builder has taken for the first time within `LATELY_MS`. */
export interface FirstClaims {
  /** Within `WAKE_UP_MS` of the recording: before the scanner offers what is new. */
  readonly soon: number;
  readonly later: number;
}

/** @throws LedgerUnavailable */
export async function takeCensus(
  session: Pick<Session, "ledger" | "now" | "signal">,
): Promise<Census> {
  const { signal } = session;
  const opened = await session.ledger();
  const at = session.now();
  const [unreadable, due, unheard] = [
    makeKind<string>(),
    makeKind<Due>(),
    makeKind<StatementRequest>(),
  ];
  const endings = new Uint32Array(LATELY_MS / 1000 + 1);
  let [total, failed, unannounced, rejected, late, busy, soon, later] = [0, 0, 0, 0, 0, 0, 0, 0];
  for await (const page of opened.list({}, signal)) {
    for (const name of page.unreadable) unreadable.add(name, 0);
    total += page.records.length;
    for (const stored of page.records) {
      const { name, request } = stored;
      const waited = firstWait(request, at);
      if (waited !== undefined && waited < WAKE_UP_MS) soon++;
      else if (waited !== undefined) later++;
      if (request.status === "failed") failed++;
      if (isFinal(request)) {
        if (!isAccepted(request)) unannounced++;
        const second = Math.floor(Math.max(0, at - endedAt(request)) / 1000);
        if (second < endings.length) endings[second] = (endings[second] ?? 0) + 1;
        continue;
      }
      if (isLive(request, at)) busy++;
      const since = dueSince(request, actsOf(stored));
      if (since <= at) due.add({ name, since }, since);
      if (at - since > LATE_MS) late++;
      const wishedAt = request.cancelRequestedAt ?? Infinity;
      if (at - wishedAt > LATE_MS) unheard.add(request, wishedAt);
    }
  }
  for await (const page of opened.listRejected({}, signal)) rejected += page.length;
  const endedWithin = (ms: number): number =>
    endings.subarray(0, Math.ceil(ms / 1000)).reduce((sum, count) => sum + count, 0);
  return {
    ...{ total, failed, unannounced, rejected, late, busy, endedWithin },
    ...{ unreadable: unreadable.kind(), due: due.kind(), unheard: unheard.kind() },
    firstClaims: { soon, later },
  };
}

/** From the recording to the first claim, which the object's name tells; undefined unless that was lately. */
function firstWait({ object, facts }: StatementRequest, now: number): number | undefined {
  const claimedAt = object && parseStatementKey(object.key)?.uploadedAt;
  if (claimedAt === undefined || now - claimedAt > LATELY_MS) return undefined;
  return claimedAt - facts.recordedAt;
}

function makeKind<T>() {
  let count = 0;
  let first: { readonly one: T; readonly at: number } | undefined;
  return {
    add(one: T, at: number): void {
      count++;
      if (at < (first?.at ?? Infinity)) first = { one, at };
    },
    kind: (): Kind<T> => ({ count, first: first?.one }),
  };
}
