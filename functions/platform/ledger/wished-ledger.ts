/**
 * The same ledger, whose open records say that their end was asked for also where that stands in a wish
 * beside them (`cancel-wish.ts`). So whoever claims, holds or offers a request knows one kind of wish, and
 * the next write makes it part of the record.
 */
import {
  isFinal,
  requestCancel,
  type OpenRequest,
  type StatementRequest,
} from "../../domain/statement-request.ts";
import type { Ledger, Stored } from "./configmap-ledger.ts";

/** Names are held while a list is read; wishes beyond them are seen when these have ended. */
const MOST_WISHES = 10_000;

export function wishedLedger(ledger: Ledger): Ledger {
  return {
    ...ledger,

    async read(name, signal) {
      const stored = await ledger.read(name, signal);
      if (!stored || !mayBeWished(stored.request)) return stored;
      // Behind the record: whoever sees what an earlier claim wrote sees every wish from before that, too.
      const wish = await ledger.readWish(name, signal);
      return wished(stored, wish?.wish.requestedAt);
    },

    async *list(filter, signal) {
      if (filter.atRest === true) {
        yield* ledger.list(filter, signal);
        return;
      }
      const wishes = new Map<string, number>();
      for await (const page of ledger.listWishes(filter, signal)) {
        for (const { wish } of page.wishes) wishes.set(wish.record, wish.requestedAt);
        if (wishes.size >= MOST_WISHES) break;
      }
      for await (const page of ledger.list(filter, signal)) {
        const records = page.records.map((stored) => wished(stored, wishes.get(stored.name)));
        yield { ...page, records };
      }
    },
  };
}

function wished(stored: Stored, requestedAt: number | undefined): Stored {
  const { request } = stored;
  if (requestedAt === undefined || !mayBeWished(request)) return stored;
  return { ...stored, request: requestCancel(request, requestedAt) };
}

/** Of what has ended a wish changes nothing, and the first one stays. */
function mayBeWished(request: StatementRequest): request is OpenRequest {
  return !isFinal(request) && request.cancelRequestedAt === undefined;
}
