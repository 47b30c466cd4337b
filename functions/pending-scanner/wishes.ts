/**
 * Deletes wishes to cancel that are over: their records have ended, or are gone. Until then a wish stays,
 * since the builder that holds the record, or claims it next, reads it there.
 */
import { isFinal } from "../domain/statement-request.ts";
import { mapConcurrently } from "../platform/limits/concurrency.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import type { StoredWish } from "../platform/ledger/cancel-wish.ts";
import type { Log } from "../platform/telemetry/log.ts";
import { findRecord } from "./find-record.ts";

const AT_ONCE = 8;

interface WishContext {
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** @returns how many wishes are left: their requests have not ended yet. @throws LedgerUnavailable */
export function makeWishes(ledger: Pick<Ledger, "list" | "listWishes" | "remove">) {
  async function isOver({ wish }: StoredWish, { signal, log }: WishContext): Promise<boolean> {
    const request = (await findRecord(ledger, wish.record, signal))?.request;
    if (request && !isFinal(request)) return false;
    log.info({ request_id: wish.record, status: request?.status }, "the wish to cancel is over");
    return true;
  }

  return async (context: WishContext): Promise<{ readonly wishes: number }> => {
    let wishes = 0;
    for await (const page of ledger.listWishes({}, context.signal)) {
      for (const wish of page.unreadable) context.log.error({ wish }, "unreadable wish to cancel");
      wishes += page.unreadable.length;
      await mapConcurrently(page.wishes, AT_ONCE, async (wish) => {
        const mayDelete = !context.signal.aborted && (await isOver(wish, context));
        if (!mayDelete || (await ledger.remove(wish)) !== "removed") wishes++;
      });
    }
    return { wishes };
  };
}
