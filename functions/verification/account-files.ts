/** The files of single accounts, as the manifest lists them: all of a format's accounts, or none. */
import { accountKey } from "../domain/money/account-totals.ts";
import { FORMAT_FILES, FORMAT_FOLDERS, type Manifest } from "../domain/manifest.ts";
import { accountFolder } from "./entry-names.ts";
import { WrongStatement } from "./wrong-statement.ts";

/** @throws WrongStatement */
export function checkAccountFiles({ files, totals }: Manifest): void {
  const wrong = (what: string): WrongStatement => new WrongStatement(`the manifest ${what}`);
  const accounts = totals.map(({ account_id, currency }) => accountKey(account_id, currency));
  const named = new Map<string, string[]>();
  for (const { path, account_id, currency } of files) {
    const folder = accountFolder(path);
    if (folder === undefined && account_id === undefined && currency === undefined) continue;
    if (folder === undefined) throw wrong("names an account of a file that is not one account's");
    if (account_id === undefined || currency === undefined) {
      throw wrong(`does not say of which account a file in ${folder} is`);
    }
    const keys = named.get(folder) ?? [];
    keys.push(accountKey(account_id, currency));
    named.set(folder, keys);
  }
  for (const [format, { folder }] of Object.entries(FORMAT_FOLDERS)) {
    const keys = named.get(`${folder}/`);
    if (!keys) continue;
    if (keys.join() !== accounts.join()) {
      throw wrong(`does not list one file in ${folder}/ for each account, in their order`);
    }
    const whole = FORMAT_FILES[format as keyof typeof FORMAT_FOLDERS];
    if (files.some(({ path }) => path === whole)) {
      throw wrong(`lists ${whole} beside the files in ${folder}/`);
    }
  }
}
