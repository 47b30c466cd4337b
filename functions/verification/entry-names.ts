/** The names that entries of a statement have. Each is a plain file of that name on every system. */
import {
  BALANCES_FILE,
  FORMAT_FILES,
  FORMAT_FOLDERS,
  MANIFEST_FILE,
  PENDING_FILE,
  README_FILE,
  SIGNATURE_FILE,
  SUMS_FILE,
} from "../domain/manifest.ts";

/** Every entry that a statement of this version can have, beside the accounts' own. */
const ENTRIES: ReadonlySet<string> = new Set([
  README_FILE,
  ...Object.values(FORMAT_FILES),
  BALANCES_FILE,
  PENDING_FILE,
  MANIFEST_FILE,
  SIGNATURE_FILE,
  SUMS_FILE,
]);

/** Windows takes them for devices, whatever follows the point. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)\./i;
/** What a later version may add, if its lists name it: of a kind that runs nothing. */
const LATER_ENTRY = /^[a-z0-9][a-z0-9._-]*\.(?:csv|jsonl?|ofx|pdf|txt|xml)$/;
/** No part of it leads to another folder, and none is hidden. */
const ACCOUNT_FILE = /^[A-Za-z0-9](?:\.?[A-Za-z0-9_-])*$/;
const LONGEST_ACCOUNT_FILE = 100;

export function isEntryName(path: string): boolean {
  if (accountFolder(path) !== undefined) return isAccountFile(path);
  if (DEVICE.test(path)) return false;
  return ENTRIES.has(path) || (LATER_ENTRY.test(path) && path !== README_FILE.toLowerCase());
}

/** Whether a file of one account may be called so: its folder, and a name of letters, digits, `.`, `_` and `-`. */
export function isAccountFile(path: string): boolean {
  const place = folderOf(path);
  if (!place || !path.endsWith(place.ending)) return false;
  const name = path.slice(place.folder.length + 1);
  return ACCOUNT_FILE.test(name) && !DEVICE.test(name) && name.length <= LONGEST_ACCOUNT_FILE;
}

/** `camt.053/` of a file in it: unlike the file's name it says nothing of an account. */
export function accountFolder(path: string): string | undefined {
  const place = folderOf(path);
  return place && `${place.folder}/`;
}

function folderOf(path: string): { readonly folder: string; readonly ending: string } | undefined {
  return Object.values(FORMAT_FOLDERS).find(({ folder }) => path.startsWith(`${folder}/`));
}
