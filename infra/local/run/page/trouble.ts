/** Which function does not answer, what that means, and what to do about it. */
import { isReady } from "../function-processes.ts";
import type { FunctionName } from "../../../../functions/domain/function-names.ts";

export interface Watched {
  /** Address of each function. */
  readonly functions: Readonly<Record<FunctionName, string>>;
  /** Where their logs are, for people. */
  readonly logDir: string;
}

const MEANS: Readonly<Record<FunctionName, string>> = {
  "request-intake":
    "It takes no requests until the ledger answers it; senders keep theirs and repeat.",
  "pending-scanner": "What is owed is not offered again until the ledger answers it.",
  "statement-builder":
    "The database, the bucket or the ledger does not answer it. Requests wait in the ledger and " +
    "are built when it does; nothing is lost.",
};

export async function findTroubles({ functions, logDir }: Watched): Promise<readonly string[]> {
  const found = await Promise.all(
    Object.entries(functions).map(async ([name, url]) => {
      if (await isReady(url)) return [];
      const means = MEANS[name as FunctionName];
      return [`${name} is not ready. ${means} Its log says why: ${logDir}/${name}.log`];
    }),
  );
  return found.flat();
}
