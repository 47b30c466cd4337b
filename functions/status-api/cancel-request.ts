/** How status-api cancels: it leaves a wish beside the record, which it may not change. */
import { isFinal, type StatementRequest } from "../domain/statement-request.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";

export interface Wishing {
  /** Whose records know the wishes beside them. */
  readonly ledger: Pick<Ledger, "read" | "wish">;
  readonly now: () => number;
  /** Subject of the token of whoever asks. */
  readonly by: string;
}

/**
 * Asked for twice it is the same wish, and of what has ended it changes nothing.
 *
 * @returns the request as it stands then; undefined when its record was deleted meanwhile
 * @throws LedgerUnavailable; the signal's reason
 */
export async function wishForEnd(
  request: StatementRequest,
  { ledger, now, by }: Wishing,
  signal: AbortSignal,
): Promise<StatementRequest | undefined> {
  if (isFinal(request) || request.cancelRequestedAt !== undefined) return request;
  const { name: record, customerId } = request.facts;
  await ledger.wish({ record, customerId, requestedAt: now(), requestedBy: by }, signal);
  // Somebody else's may have been the first, and the request may have ended before either.
  return (await ledger.read(record, signal))?.request;
}
