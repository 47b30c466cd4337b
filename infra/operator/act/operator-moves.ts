/**
 * What an operator may do to a request; each is a compare-and-swap, repeated when somebody was quicker, and
 * leaves in the record who did it.
 */
import { oweAgain } from "../../../functions/domain/outcome/outcome-repeats.ts";
import {
  isFinal,
  requestCancel,
  startAgain,
  type StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import type { Ledger, Stored } from "../../../functions/platform/ledger/configmap-ledger.ts";
import type { Session } from "../session/session.ts";
import { withAct, type Act, type ActName } from "../words/acts.ts";

export interface OperatorDesk {
  readonly ledger: Pick<Ledger, "replace" | "readWish" | "remove">;
  /** The request as it is now. */
  readonly find: () => Promise<Stored>;
  readonly now: () => number;
  /** Who does it. */
  readonly by: string;
  readonly signal: AbortSignal;
}

export async function deskOf(session: Session, name: string): Promise<OperatorDesk> {
  const { now, signal } = session;
  const [ledger, by] = await Promise.all([session.ledger(), session.who()]);
  return { ledger, find: () => session.find(name), now, by, signal };
}

export type Moved =
  | { readonly kind: "moved"; readonly before: StatementRequest; readonly act: Act }
  /** By the state it is in. */
  | { readonly kind: "refused"; readonly before: StatementRequest };

/** What has failed is owed once more. @throws LedgerUnavailable, and what `find` throws */
export async function retryRequest(desk: OperatorDesk): Promise<Moved> {
  return await move(
    desk,
    "retry",
    (request) => (request.status === "failed" ? startAgain(request) : undefined),
    (stored) => dropLateWish(desk, stored),
  );
}

/**
 * A wish beside the record came too late, and would end the new attempt. It goes first: after a crash the request
 * is as failed as before, and the scanner would have deleted the wish as well.
 *
 * @returns false when it may be of a later attempt, for somebody was quicker: look again
 */
async function dropLateWish({ ledger, find, signal }: OperatorDesk, stored: Stored) {
  const wish = await ledger.readWish(stored.name, signal);
  if (!wish) return true;
  // The record unchanged since before the wish was read: it is of no attempt after this failure.
  if ((await find()).version !== stored.version) return false;
  return (await ledger.remove(wish)) === "removed";
}

/** Asks for cancellation of what has not ended. @throws LedgerUnavailable, and what `find` throws */
export async function cancelRequest(desk: OperatorDesk): Promise<Moved> {
  return await move(desk, "cancel", (request) =>
    isFinal(request) ? undefined : requestCancel(request, desk.now()),
  );
}

/** The outcome of what has ended is owed once more. @throws LedgerUnavailable, and what `find` throws */
export async function announceRequest(desk: OperatorDesk): Promise<Moved> {
  return await move(desk, "announce", (request) =>
    isFinal(request) ? oweAgain(request) : undefined,
  );
}

/** Something that changes nothing of the request, in whatever state. @throws as the others */
export async function recordAct(desk: OperatorDesk, name: "link" | "replay"): Promise<Moved> {
  return await move(desk, name, (request) => request);
}

async function move(
  { ledger, find, now, by, signal }: OperatorDesk,
  name: ActName,
  next: (request: StatementRequest) => StatementRequest | undefined,
  /** False: look again. */
  prepare: (stored: Stored) => Promise<boolean> = () => Promise.resolve(true),
): Promise<Moved> {
  for (;;) {
    const stored = await find();
    const request = next(stored.request);
    if (!request) return { kind: "refused", before: stored.request };
    if (!(await prepare(stored))) continue;
    const act: Act = { act: name, by, at: new Date(now()).toISOString() };
    if ((await ledger.replace(withAct(stored, act), request, signal)) === "conflict") continue;
    return { kind: "moved", before: stored.request, act };
  }
}
