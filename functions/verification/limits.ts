/** How much of a statement is read, whatever its zip says. */
import { FORMAT_FOLDERS, MAX_ACCOUNT_FILES } from "../domain/manifest.ts";

/** More than any customer has. */
export const MAX_ACCOUNTS = 100_000;
/** Of the zip: every account's files, and some others. */
export const MAX_ENTRIES = 64 + Object.keys(FORMAT_FOLDERS).length * MAX_ACCOUNT_FILES;
