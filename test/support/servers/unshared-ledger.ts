/** For tests in which no event source has a share of the ledger: nobody counts, nobody is refused. */
import type { LedgerTally } from "../../../functions/pending-scanner/ledger-tally.ts";
import type { SourceShare } from "../../../functions/request-intake/source-share.ts";

export const UNSHARED: SourceShare = { isUsedUp: () => false, recorded: () => undefined };

export const UNCOUNTED: Pick<LedgerTally, "bytes" | "tell"> = {
  bytes: () => 0,
  tell: () => Promise.resolve(),
};
