/** A statement made and read in a test: rows of the sample schema in, files of the zip out. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { parse } from "csv-parse/sync";
import pino from "pino";
import type { BankNames } from "../../../functions/domain/bank-names.ts";
import { CANONICAL_CSV } from "../../../functions/domain/csv/csv-dialect.ts";
import type { StatementOptions } from "../../../functions/domain/statement-options.ts";
import type { PeriodBasis } from "../../../functions/domain/manifest.ts";
import { statementPeriod } from "../../../functions/domain/statement-period.ts";
import type { StatementFacts } from "../../../functions/domain/statement-facts.ts";
import {
  makeStatementZip,
  type Compression,
} from "../../../functions/statement-builder/zip/statement-zip.ts";
import type { StatementSnapshot } from "../../../functions/statement-builder/source/statement-snapshot.ts";
import {
  makeTransactions,
  type Transactions,
  type TransactionsConfig,
} from "../../../functions/statement-builder/source/transactions.ts";
import { statementQuery } from "../../../functions/statement-builder/source/transactions-sql.ts";

const PLAIN_STATEMENT: StatementOptions = {
  formats: ["csv"],
  language: "en",
  partial: false,
  includePending: false,
  supersedes: null,
  combined: false,
  csv: CANONICAL_CSV,
};

export const SILENT = pino({ level: "silent" });

export function readTransactions(
  databaseUrl: string,
  options: Partial<TransactionsConfig> = {},
): Transactions {
  return makeTransactions({
    databaseUrl,
    transactionView: "statement_transactions",
    accountView: "statement_accounts",
    connections: 2,
    bookingOrderRows: 1_000_000,
    log: SILENT,
    ...options,
  });
}

export interface Asked {
  readonly customerId: string;
  readonly startDate: string;
  readonly endDate: string;
  readonly timeZone?: string;
  readonly basis?: PeriodBasis;
  readonly options?: Partial<StatementOptions>;
  readonly masked?: boolean;
  readonly bank?: BankNames;
}

export function factsOf({
  timeZone = "UTC",
  options,
  masked = true,
  ...asked
}: Asked): StatementFacts {
  return {
    requestId: `transaction-request-${asked.customerId.toLowerCase()}-1767225600000`,
    attempt: 1,
    customerId: asked.customerId,
    period: statementPeriod({ ...asked, timeZone }),
    generatedAt: Date.UTC(2026, 0, 2),
    options: { ...PLAIN_STATEMENT, ...options },
    masked,
    ...(asked.bank && { bank: asked.bank }),
  };
}

export async function openSnapshot(
  transactions: Transactions,
  asked: Asked,
  signal = new AbortController().signal,
): Promise<StatementSnapshot> {
  const { customerId, period } = factsOf(asked);
  return await transactions.open(statementQuery(customerId, period), signal);
}

/** The zip's bytes. */
export async function statementZip(
  transactions: Transactions,
  asked: Asked,
  compression: Compression = "balanced",
): Promise<Buffer> {
  await using snapshot = await openSnapshot(transactions, asked);
  return await buffer(zipOf(asked, snapshot, compression));
}

export function zipOf(
  asked: Asked,
  snapshot: StatementSnapshot,
  compression: Compression = "balanced",
  signal = new AbortController().signal,
): Readable {
  return makeStatementZip(factsOf(asked), snapshot, {
    compression,
    signal,
  });
}

export const run = promisify(execFile);

/** Puts the zip into a folder of its own and removes that afterwards. */
export async function withZipFile<T>(
  zip: Uint8Array,
  use: (folder: string, file: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "statement-"));
  try {
    const file = join(folder, "statement.zip");
    await writeFile(file, zip);
    return await use(folder, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The files of a zip by Info-ZIP, which knows nothing of how it was written. */
export async function unzip(zip: Uint8Array): Promise<Record<string, string>> {
  return await withZipFile(zip, async (folder, file) => {
    const { stdout } = await run("unzip", ["-Z1", file]);
    await run("unzip", ["-q", file, "-d", join(folder, "files")]);
    const names = stdout.trim().split("\n");
    const texts = names.map(async (name) => [
      name,
      await readFile(join(folder, "files", name), "utf8"),
    ]);
    return Object.fromEntries((await Promise.all(texts)) as [string, string][]);
  });
}

/** Records of transactions.csv or balances.csv by their column names, read by csv-parse. */
export function records(csv: string | undefined): Record<string, string>[] {
  return parse(csv ?? "", { columns: true, record_delimiter: "\r\n" });
}

export interface Posting {
  readonly customer?: string;
  readonly account?: string;
  readonly id: bigint | number;
  /** `YYYY-MM-DD hh:mm:ss.ffffff`, UTC. */
  readonly at: string;
  /** `YYYY-MM-DD`; the day of `at` where it is not said. */
  readonly booked?: string;
  readonly amount: string;
  readonly balance: string;
  readonly currency?: string;
  readonly status?: "BOOK" | "PDNG";
  readonly type?: string;
  readonly description?: string | null;
  readonly name?: string | null;
  readonly counterparty?: string | null;
  readonly reference?: string | null;
  readonly reversalOf?: bigint | number | null;
}

/** SQL that inserts an account of the sample schema. */
export function insertAccount(account: string, currency = "EUR", customer = "c1"): string {
  return (
    "INSERT INTO accounts (account_id, customer_id, currency, product, opened_on) " +
    `VALUES (${literal(account)}, ${literal(customer)}, ${literal(currency)}, 'x', '2020-01-01');`
  );
}

/** SQL that inserts transactions of the sample schema. */
export function insertPostings(...postings: readonly Posting[]): string {
  const rows = postings.map((p) => {
    const values = [
      p.id,
      p.customer ?? "c1",
      p.account ?? "a1",
      p.status ?? "BOOK",
      p.at,
      p.booked ?? p.at.slice(0, 10),
      p.at.slice(0, 10),
      p.amount,
      p.currency ?? "EUR",
      p.balance,
      p.type ?? "CARD",
      p.description ?? null,
      p.name ?? null,
      p.counterparty ?? null,
      p.reference ?? null,
      p.reversalOf ?? null,
    ];
    return `(${values.map(literal).join(", ")})`;
  });
  return (
    "INSERT INTO transactions (id, customer_id, account_id, status, posted_at, booking_date, " +
    "value_date, amount, currency, balance_after, type, description, counterparty_name, " +
    `counterparty_account, reference, reversal_of) VALUES ${rows.join(",\n")};`
  );
}

function literal(value: string | bigint | number | null): string {
  if (value === null) return "NULL";
  if (typeof value !== "string") return String(value);
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
