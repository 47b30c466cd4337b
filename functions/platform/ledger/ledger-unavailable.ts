/** The ledger could not be read or written; whoever asked must ask again (HTTP 503). */
export class LedgerUnavailable extends Error {
  override readonly name = "LedgerUnavailable";
}
