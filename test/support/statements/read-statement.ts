/** A statement as whoever gets it reads it: verified, unpacked and parsed by others. */
import type { Manifest } from "../../../functions/domain/manifest.ts";
import { verifyStatement } from "../../../functions/verification/verify-statement.ts";
import type { Transactions } from "../../../functions/statement-builder/source/transactions.ts";
import { chunks } from "./sample-statement.ts";
import { records, statementZip, unzip, type Asked } from "./statement.ts";

export interface ReadStatement {
  readonly files: Readonly<Record<string, string>>;
  /** Of transactions.csv. */
  readonly rows: readonly Readonly<Record<string, string>>[];
  readonly manifest: Manifest;
}

/** @throws Error with what `verifyStatement` found. */
export async function readStatement(
  transactions: Transactions,
  asked: Asked,
): Promise<ReadStatement> {
  const zip = await statementZip(transactions, asked);
  const checked = await verifyStatement(chunks(zip));
  if (!checked.ok) throw new Error(checked.problems.join("; "));
  const files = await unzip(zip);
  return {
    files,
    rows: records(files["transactions.csv"]),
    manifest: JSON.parse(files["manifest.json"] ?? "") as Manifest,
  };
}
