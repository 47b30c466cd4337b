/** What an operator may do to a request; each is a compare-and-swap, repeated when somebody was quicker. */
import {
  isFinal,
  requestCancel,
  startAgain,
  type StatementRequest,
} from "../../functions/domain/statement-request.ts";
import type { Ledger, Stored } from "../../functions/platform/ledger/configmap-ledger.ts";

export interface OperatorDesk {
  readonly ledger: Pick<Ledger, "replace">;
  /** The request as it is now. */
  readonly find: () => Promise<Stored>;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

export interface Moved {
  /** `refused` by the state it is in. */
  readonly kind: "moved" | "refused";
  readonly before: StatementRequest;
}

/** What has failed is owed once more. @throws LedgerUnavailable, and what `find` throws */
export async function retryRequest(desk: OperatorDesk): Promise<Moved> {
  return await move(desk, (request) =>
    request.status === "failed" ? startAgain(request, desk.now()) : undefined,
  );
}

/** Asks for the end of what has not ended. @throws LedgerUnavailable, and what `find` throws */
export async function cancelRequest(desk: OperatorDesk): Promise<Moved> {
  return await move(desk, (request) =>
    isFinal(request) ? undefined : requestCancel(request, desk.now()),
  );
}

/** The outcome of what has ended is owed once more. @throws LedgerUnavailable, and what `find` throws */
export async function announceRequest(desk: OperatorDesk): Promise<Moved> {
  return await move(desk, (request) =>
    isFinal(request) ? { ...request, announced: false } : undefined,
  );
}

async function move(
  { ledger, find, signal }: OperatorDesk,
  next: (request: StatementRequest) => StatementRequest | undefined,
): Promise<Moved> {
  for (;;) {
    const stored = await find();
    const request = next(stored.request);
    if (!request) return { kind: "refused", before: stored.request };
    if ((await ledger.replace(stored, request, signal)) === "conflict") continue;
    return { kind: "moved", before: stored.request };
  }
}
