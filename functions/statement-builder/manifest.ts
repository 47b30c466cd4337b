/** What goes into the zip beside the tables: README.txt, manifest.json and SHA256SUMS. */
import { totalsEntry, type AccountTotals } from "../domain/account-totals.ts";
import {
  MANIFEST_FILE,
  MANIFEST_SCHEMA,
  type Manifest,
  type ManifestFile,
} from "../domain/manifest.ts";
import { formatStatementKey } from "../domain/statement-key.ts";
import type { StatementPeriod } from "../domain/statement-period.ts";

/** What a statement is of, apart from its rows. */
export interface StatementFacts {
  /** Name of the request's record. */
  readonly requestId: string;
  readonly attempt: number;
  readonly customerId: string;
  readonly period: StatementPeriod;
  /** The upload time fixed in the ledger, milliseconds since the epoch. */
  readonly generatedAt: number;
}

/** What the rows have proved. */
export interface ProvedRows {
  readonly rows: number;
  readonly totals: readonly AccountTotals[];
  readonly contentSha256: string;
  /** Instant of the snapshot, milliseconds since the epoch. */
  readonly asOf: number;
}

const GENERATOR = { name: "transactions-collector", version: "0.1.0" } as const;

/** Each was passed before the manifest could be written. */
const CHECKS = ["row_count", "opening_plus_net_is_closing", "last_balance_is_closing"] as const;

export function makeManifest(
  facts: StatementFacts,
  proved: ProvedRows,
  files: readonly ManifestFile[],
): Manifest {
  const { period } = facts;
  return {
    schema: MANIFEST_SCHEMA,
    statement_id: statementId(facts),
    request_id: facts.requestId,
    attempt: facts.attempt,
    supersedes: null,
    customer_id: facts.customerId,
    accounts: proved.totals.map(({ accountId, currency }) => ({ account_id: accountId, currency })),
    period: {
      start_date: period.startDate,
      end_date: period.endDate,
      time_zone: period.timeZone,
      from: rfc3339(period.from),
      to: rfc3339(period.to),
      from_epoch: period.from / 1000,
      to_epoch: period.to / 1000,
      end_inclusive: true,
    },
    as_of: rfc3339(proved.asOf),
    generated_at: rfc3339(facts.generatedAt),
    generator: GENERATOR,
    rows: proved.rows,
    totals: proved.totals.map(totalsEntry),
    content_sha256: proved.contentSha256,
    files,
    checks: CHECKS.map((name) => ({ name, result: "passed" })),
    partial: false,
    pending_included: false,
    masking: { counterparty_account: "last_four" },
    formats: ["csv"],
  };
}

/** The object's file name without its ending. */
function statementId({ customerId, period, generatedAt }: StatementFacts): string {
  const startEpoch = period.from / 1000;
  const endEpoch = period.lastDayFrom / 1000;
  const key = formatStatementKey({ customerId, startEpoch, endEpoch, uploadedAt: generatedAt });
  return key.replace(/\.zip$/, "");
}

/** For the customer who opens the zip; no word in it depends on the attempt. */
export function readmeText({ customerId, period }: StatementFacts): string {
  return [
    "Statement of transactions",
    "",
    `Customer:  ${customerId}`,
    `Period:    ${period.startDate} to ${period.endDate}, both days included (${period.timeZone})`,
    "",
    "transactions.csv  every booked transaction, in the order it was posted (UTC)",
    "balances.csv      opening and closing balance, credits and debits of each account",
    "manifest.json     the same totals for machines, and how they were checked",
    "SHA256SUMS        check the files with: sha256sum -c SHA256SUMS",
    "",
    "Both tables are CSV (RFC 4180, UTF-8). Amounts have a decimal point; a negative amount is a",
    "debit. A text that a spreadsheet could take for a formula starts with an apostrophe.",
    "",
  ].join("\n");
}

/** In the form of `sha256sum`; lists every entry but itself. */
export function sha256Sums(files: readonly ManifestFile[], manifestSha256: string): string {
  return [...files, { path: MANIFEST_FILE, sha256: manifestSha256 }]
    .map(({ path, sha256 }) => `${sha256}  ${path}\n`)
    .join("");
}

function rfc3339(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
