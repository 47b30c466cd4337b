import type { Ledger, Stored } from "../platform/ledger/configmap-ledger.ts";

/** As it is now; a list of one name, as the scanner may not get. @throws LedgerUnavailable */
export async function findRecord(
  ledger: Pick<Ledger, "list">,
  name: string,
  signal: AbortSignal,
): Promise<Stored | undefined> {
  for await (const { records } of ledger.list({ name }, signal)) {
    const found = records.find((stored) => stored.name === name);
    if (found) return found;
  }
  return undefined;
}
