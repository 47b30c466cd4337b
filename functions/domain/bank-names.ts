/** The bank, its customer's accounts and their owners by name: what a statement says of them beside numbers. */

/** From the settings of the installation. */
export interface BankNames {
  readonly name?: string | undefined;
  /** ISO 9362, eight or eleven characters. */
  readonly bic?: string | undefined;
  readonly address: readonly string[];
  /** Register, supervision, tax number: what the law wants on a letter. */
  readonly legal: readonly string[];
  /** Of headings, `#RRGGBB`. */
  readonly colour?: string | undefined;
  readonly logo?: BankLogo | undefined;
}

/** Three bytes a pixel, red, green and blue, from the upper left, deflated as in zlib's format. */
export interface BankLogo {
  readonly width: number;
  readonly height: number;
  readonly deflatedRgb: Uint8Array;
}

/** From the account view, where a setting names a column for it; none is empty. */
export interface AccountNames {
  /** ISO 13616, without spaces. */
  readonly iban?: string;
  readonly name?: string;
  readonly product?: string;
  readonly owner?: string;
}

/** In the order they are read and shown. */
export const ACCOUNT_NAMES = ["iban", "name", "product", "owner"] as const;

/** Characters of each. */
export const MAX_NAME = 256;

/**
 * What may stand on a line of its own: no control, no end of a line, nothing that turns the direction of what
 * stands beside it, no half of a character. The rest is a name's own business: joiners are letters' spelling in
 * Persian and Hindi and make one picture of several, and a character that this Unicode does not know yet may
 * be in the bank's.
 */
export const NAME =
  /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{NChar}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]{1,256}$/u;

/** Whether a text is one, of at most so many units of UTF-16, and was UTF-8. */
export function isName(text: string, max = MAX_NAME): boolean {
  return text.length <= max && NAME.test(text) && !text.includes("\uFFFD");
}

/** What people know an account by. */
export function accountLabel({
  accountId,
  names,
}: {
  readonly accountId: string;
  readonly names?: AccountNames | undefined;
}): string {
  return names?.iban ?? accountId;
}

/** Whom accounts belong to, each once. */
export function ownersOf(
  accounts: readonly { readonly names?: AccountNames | undefined }[],
): readonly string[] {
  return [...new Set(accounts.flatMap(({ names }) => names?.owner ?? []))];
}
