/** The files that a format makes of a statement: one, or one for each account and currency. */
import { createHash } from "node:crypto";
import type { AccountTotals } from "../../domain/money/account-totals.ts";
import { FORMAT_FOLDERS, MAX_ACCOUNT_FILES, type ManifestFile } from "../../domain/manifest.ts";
import type { Format, StatementOptions } from "../../domain/statement-options.ts";
import { isAccountFile } from "../../verification/entry-names.ts";
import type { StatementContent } from "../formats/statement-format.ts";

export interface FormatFile extends Pick<ManifestFile, "account_id" | "currency"> {
  /** The entry's name in the zip. */
  readonly path: string;
  readonly content: StatementContent;
}

type FolderFormat = keyof typeof FORMAT_FOLDERS;

/** Whether each account and currency has a file of its own. */
export function isByAccount(
  format: Format,
  accounts: number,
  { combined }: StatementOptions,
): format is FolderFormat {
  return format in FORMAT_FOLDERS && !combined && accounts > 1 && accounts <= MAX_ACCOUNT_FILES;
}

/** In the order of the accounts. @param path where all are in one file */
export function* formatFiles(
  format: Format,
  path: string,
  statement: StatementContent,
): Generator<FormatFile> {
  const { totals, facts } = statement;
  if (!isByAccount(format, totals.length, facts.options)) {
    yield { path, content: statement };
    return;
  }
  const names = accountFileNames(format, totals);
  for (const [place, account] of totals.entries()) {
    const { accountId: account_id, currency } = account;
    yield { path: names[place] ?? "", content: partOf(statement, account), account_id, currency };
  }
}

function partOf(statement: StatementContent, account: AccountTotals): StatementContent {
  return {
    ...statement,
    isPart: true,
    rows: account.creditCount + account.debitCount,
    totals: [account],
    allRows: () => statement.rowsOf(account),
  };
}

/** Hexadecimal digits: 64 bits. */
const HASH_LENGTH = 16;
const SHOWN_LENGTH = 40;

/**
 * `camt.053/<account>-<currency>.xml`. An id that is no plain name on every system, or differs from another
 * by capitals alone, is what is plain of it, two hyphens, which no other name has, and the start of its SHA-256.
 */
export function accountFileNames(
  format: FolderFormat,
  accounts: readonly Pick<AccountTotals, "accountId" | "currency">[],
): readonly string[] {
  const { folder, ending } = FORMAT_FOLDERS[format];
  const plain = accounts.map(({ accountId, currency }) => `${accountId}-${currency}`);
  const seen = new Map<string, number>();
  for (const stem of plain.map((one) => one.toLowerCase())) {
    seen.set(stem, (seen.get(stem) ?? 0) + 1);
  }
  return accounts.map(({ accountId, currency }, place) => {
    const stem = plain[place] ?? "";
    const path = `${folder}/${stem}${ending}`;
    const isUnique = seen.get(stem.toLowerCase()) === 1;
    if (isUnique && !stem.includes("--") && isAccountFile(path)) return path;
    return `${folder}/${hashedName(accountId)}-${currency}${ending}`;
  });
}

function hashedName(accountId: string): string {
  const shown = accountId
    .replace(/[^A-Za-z0-9]+/g, "-")
    .slice(0, SHOWN_LENGTH)
    .replace(/^-|-$/g, "");
  const hash = createHash("sha256").update(accountId).digest("hex").slice(0, HASH_LENGTH);
  return `${shown || "account"}--${hash}`;
}
