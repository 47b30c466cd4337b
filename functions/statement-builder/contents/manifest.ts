/** manifest.json and SHA256SUMS: what the other files of the zip are, and how they were proved. */
import { totalsEntry, type AccountTotals } from "../../domain/money/account-totals.ts";
import type { Column } from "../../domain/columns.ts";
import {
  MANIFEST_SCHEMA,
  type AsOfBasis,
  type Manifest,
  type ManifestFile,
} from "../../domain/manifest.ts";
import { isPartial, statementId, type StatementFacts } from "../../domain/statement-facts.ts";

/** What the rows have proved. */
export interface ProvedRows {
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly totals: readonly AccountTotals[];
  readonly contentSha256: string;
  /** Instant of the snapshot, milliseconds since the epoch. */
  readonly asOf: number;
  /** What that is, where it is not the clock of a server that takes the writes. */
  readonly asOfBasis: AsOfBasis | undefined;
}

const GENERATOR = { name: "transactions-collector", version: "0.1.0" } as const;

/** Each was passed before the manifest could be written. */
const CHECKS = ["row_count", "opening_plus_net_is_closing", "last_balance_is_closing"] as const;

export function makeManifest(
  facts: StatementFacts,
  proved: ProvedRows,
  files: readonly ManifestFile[],
): Manifest {
  const { period, options } = facts;
  return {
    schema: MANIFEST_SCHEMA,
    statement_id: statementId(facts),
    request_id: facts.requestId,
    attempt: facts.attempt,
    supersedes: options.supersedes,
    customer_id: facts.customerId,
    ...bankOf(facts),
    accounts: proved.totals.map(({ accountId, currency, names }) => ({
      account_id: accountId,
      currency,
      ...names,
    })),
    period: {
      start_date: period.startDate,
      end_date: period.endDate,
      time_zone: period.timeZone,
      from: rfc3339(period.from),
      to: rfc3339(period.to),
      from_epoch: period.from / 1000,
      to_epoch: period.to / 1000,
      basis: period.basis,
      end_inclusive: true,
    },
    as_of: rfc3339(proved.asOf),
    ...(proved.asOfBasis && { as_of_basis: proved.asOfBasis }),
    generated_at: rfc3339(facts.generatedAt),
    generator: GENERATOR,
    columns: proved.columns.map(({ name, kind }) => ({ name, kind })),
    rows: proved.rows,
    totals: proved.totals.map(totalsEntry),
    content_sha256: proved.contentSha256,
    files,
    checks: CHECKS.map((name) => ({ name, result: "passed" })),
    partial: isPartial(facts, proved.asOf),
    pending_included: options.includePending,
    masking: { counterparty_account: facts.masked ? "last_four" : "none" },
    formats: options.formats,
    language: options.language,
    csv: {
      bom: options.csv.bom,
      delimiter: options.csv.delimiter,
      decimal_comma: options.csv.decimalComma,
      ids_as_text: options.csv.idsAsText === true,
    },
  };
}

function bankOf({ bank }: StatementFacts): Pick<Manifest, "bank"> {
  if (bank?.name === undefined && bank?.bic === undefined) return {};
  const { name, bic } = bank;
  return { bank: { ...(name !== undefined && { name }), ...(bic !== undefined && { bic }) } };
}

/** In the form of `sha256sum`, of every entry in its order but of this one. */
export function sha256Sums(files: readonly Pick<ManifestFile, "path" | "sha256">[]): string {
  return files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join("");
}

function rfc3339(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
