/**
 * A customer's requests, the newest first, a page at a time. The ledger lists by name, so each page
 * reads all of the customer's records and keeps the newest that are older than the cursor: memory holds
 * one page of the ledger's and one of the answer's.
 *
 * The order is that of `recordedAt` and name, which never change: a page follows the one before it
 * whatever is recorded or deleted meanwhile.
 */
import type { StatementRequest } from "../domain/statement-request.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import { RECORD } from "../platform/requests/request-status.ts";

/** Where a page ends. */
export interface Position {
  readonly recordedAt: number;
  readonly name: string;
}

export interface Listing {
  readonly customerId: string;
  readonly limit: number;
  /** Only what is older. */
  readonly after?: Position | undefined;
  readonly mayTell: (request: StatementRequest) => boolean;
}

export interface ListedPage {
  readonly requests: readonly StatementRequest[];
  /** Where the next page begins; undefined when there is none. */
  readonly next: Position | undefined;
}

/** @throws LedgerUnavailable; the signal's reason */
export async function listRequests(
  ledger: Pick<Ledger, "list">,
  { customerId, limit, after, mayTell }: Listing,
  signal: AbortSignal,
): Promise<ListedPage> {
  const newest: StatementRequest[] = [];
  for await (const page of ledger.list({ customerId, mayBeStale: true }, signal)) {
    for (const { request } of page.records) {
      const isOlder = after === undefined || compare(positionOf(request), after) > 0;
      if (!isOlder || !mayTell(request)) continue;
      const last = newest[limit];
      if (last && compare(positionOf(request), positionOf(last)) > 0) continue;
      newest.push(request);
      newest.sort((a, b) => compare(positionOf(a), positionOf(b)));
      newest.length = Math.min(newest.length, limit + 1);
    }
  }
  const requests = newest.slice(0, limit);
  const last = requests.at(-1);
  return { requests, next: newest.length > limit && last ? positionOf(last) : undefined };
}

function positionOf({ facts: { recordedAt, name } }: StatementRequest): Position {
  return { recordedAt, name };
}

/** Negative when `one` comes first. */
function compare(one: Position, other: Position): number {
  return (
    other.recordedAt - one.recordedAt ||
    (one.name < other.name ? -1 : Number(one.name > other.name))
  );
}

/** Says nothing that whoever asks does not know, and nothing is trusted in it: it is only compared with. */
export function cursorOf({ recordedAt, name }: Position): string {
  return Buffer.from(`${recordedAt} ${name}`).toString("base64url");
}

/** undefined for what is no cursor. */
export function readCursor(text: string): Position | undefined {
  const [, at, name] = /^(\d{1,15}) (.*)$/s.exec(Buffer.from(text, "base64url").toString()) ?? [];
  if (at === undefined || name === undefined || !RECORD.test(name)) return undefined;
  return { recordedAt: Number(at), name };
}
