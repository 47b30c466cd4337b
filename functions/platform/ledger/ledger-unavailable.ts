/** The ledger could not be read or written; whoever asked must ask again (HTTP 503). */
export class LedgerUnavailable extends Error {
  override readonly name = "LedgerUnavailable";
  /** It took the question, and said nothing in time. */
  readonly isSilent: boolean;

  constructor(
    message: string,
    { isSilent = false, ...options }: ErrorOptions & { readonly isSilent?: boolean } = {},
  ) {
    super(message, options);
    this.isSilent = isSilent;
  }
}
