/**
 * The files of a statement, in their order. The proof stands between the rows and the rest: unless
 * count, sums and balances agree, there is no manifest.
 */
import { createHash } from "node:crypto";
import { balances } from "../../domain/money/account-totals.ts";
import { ownersOf } from "../../domain/bank-names.ts";
import { TRANSACTION_AMOUNTS, TRANSACTION_IDS, TRANSACTION_NAMES } from "../../domain/columns.ts";
import {
  BALANCE_AMOUNTS,
  BALANCE_COLUMNS,
  BALANCE_IDS,
  BALANCES_FILE,
  MANIFEST_FILE,
  MAX_MANIFEST_BYTES,
  PENDING_FILE,
  README_FILE,
  SIGNATURE_FILE,
  SUMS_FILE,
  TRANSACTIONS_FILE,
  type ManifestFile,
} from "../../domain/manifest.ts";
import { dialectLines } from "../lines/csv-dialect-lines.ts";
import { StatementFailure } from "../../domain/failure.ts";
import { loadFormat } from "../formats/load-format.ts";
import { isPartial, type StatementFacts } from "../../domain/statement-facts.ts";
import { formatFiles } from "./format-files.ts";
import { makeManifest, sha256Sums } from "./manifest.ts";
import { readmeText } from "./readme-text.ts";
import type { RowBatch } from "../source/row-stream.ts";
import { makeStatementContent } from "./statement-content.ts";
import {
  balancesCsv,
  headerOf,
  makeTransactionsCsv,
  type TransactionsCsv,
} from "../lines/statement-csv.ts";
import type { StatementSnapshot } from "../source/statement-snapshot.ts";
import { isManifest } from "../../verification/manifest-shape.ts";

/** Whom README.txt names. */
const MAX_OWNERS = 5;

const NO_MANIFEST =
  "the manifest would hold what no reader takes: more than 16 MiB, which is some 40,000 accounts, or " +
  "a sum of more than 40 digits";

/** Puts one file behind the other; answers what was written. `rows`: of a file of one account. */
export type AddFile = (
  path: string,
  mediaType: string,
  content: Buffer | AsyncIterable<Buffer>,
  rows?: number,
) => Promise<Omit<ManifestFile, "rows">>;

/** A detached JWS of the manifest's bytes. */
export type SignManifest = (manifest: Buffer) => Promise<string>;

export interface StatementParts {
  /** Of no rows yet. */
  readonly csv: TransactionsCsv;
  readonly addFile: AddFile;
  readonly sign: SignManifest | undefined;
  /** Told before the first row. */
  readonly onRows?: (() => void | Promise<void>) | undefined;
}

/** @throws StatementFailure `proof_mismatch`, `balance_mismatch`, `invalid_amount`, `invalid_value` */
export async function writeStatementFiles(
  facts: StatementFacts,
  snapshot: StatementSnapshot,
  { csv, addFile, sign, onRows }: StatementParts,
): Promise<void> {
  const { asOf, asOfBasis } = snapshot;
  const partial = isPartial(facts, asOf);
  const counted = { asOf, rows: snapshot.rows, accounts: snapshot.balances };
  const owners = ownersOf(snapshot.balances).slice(0, MAX_OWNERS);
  const text = readmeText({ ...facts, ...counted, owners, partial, signed: sign !== undefined });
  const readme = await addFile(README_FILE, "text/plain", Buffer.from(text));
  // 1. The rows, hashed in the canonical form whatever the dialect, and proved.
  const content = createHash("sha256");
  const lines = tableLines(facts, csv, snapshot.batches(), {
    onLines: (block) => content.update(block),
    onFirst: onRows,
  });
  const transactions = await addFile(TRANSACTIONS_FILE, "text/csv", lines);
  prove(snapshot, csv);
  const { rows, totals } = csv;
  const files: ManifestFile[] = [
    { ...readme, rows: null },
    { ...transactions, rows },
    { ...(await addBalances(facts, csv, addFile)), rows: totals.length },
  ];
  // 2. What else was asked for, each a pass of its own.
  if (facts.options.includePending) files.push(await addPending(facts, snapshot, addFile));
  const statement = makeStatementContent(facts, snapshot, totals);
  for (const name of facts.options.formats) {
    if (name === "csv") continue;
    const format = await loadFormat(name);
    for (const { path, content: part, ...account } of formatFiles(name, format.path, statement)) {
      const ownRows = part.isPart ? part.rows : undefined;
      const file = await addFile(path, format.mediaType, format.write(part), ownRows);
      files.push({ ...file, rows: format.isTable ? rows : null, ...account });
    }
  }
  // 3. What was written, for whoever checks it.
  const contentSha256 = content.digest("hex");
  const proved = { columns: snapshot.columns, rows, totals, contentSha256, asOf, asOfBasis };
  const manifest = makeManifest(facts, proved, files);
  // What no reader takes is not published.
  const json = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  if (!isManifest(manifest) || json.length > MAX_MANIFEST_BYTES) {
    throw new StatementFailure("invalid_value", NO_MANIFEST, { detail: MANIFEST_FILE });
  }
  const last = [await addFile(MANIFEST_FILE, "application/json", json)];
  if (sign) {
    const signature = Buffer.from(await sign(json));
    last.push(await addFile(SIGNATURE_FILE, "application/jose", signature));
  }
  await addFile(SUMS_FILE, "text/plain", Buffer.from(sha256Sums([...files, ...last])));
}

interface TableEvents {
  /** Canonical lines, without the header. */
  readonly onLines?: (block: Buffer) => void;
  /** Before the first rows. */
  readonly onFirst?: (() => void | Promise<void>) | undefined;
}

/** A table of transactions in the dialect of the request. */
async function* tableLines(
  { options }: StatementFacts,
  csv: TransactionsCsv,
  batches: AsyncIterable<RowBatch>,
  { onLines, onFirst }: TableEvents = {},
): AsyncGenerator<Buffer> {
  const inDialect = dialectLines(options.csv, csv.columns, {
    amounts: TRANSACTION_AMOUNTS,
    ids: TRANSACTION_IDS,
    names: TRANSACTION_NAMES,
  });
  const header = Buffer.from(headerOf(csv.columns));
  yield inDialect ? inDialect(header) : header;
  for await (const batch of batches) {
    if (csv.rows === 0) await onFirst?.();
    const lines = csv.lines(batch);
    onLines?.(lines.bytes);
    if (!inDialect) {
      yield lines.handOn();
      continue;
    }
    const translated = inDialect(lines.bytes);
    lines.release();
    yield translated;
  }
}

/** The rows that were written against the queries that were asked before them. */
function prove(snapshot: StatementSnapshot, csv: TransactionsCsv): void {
  proveCount(csv.rows, snapshot.rows);
  const wrong = csv.totals.flatMap((totals, place) => (balances(totals) ? [] : place + 1));
  if (wrong.length > 0) {
    const message = `the rows of ${wrong.length} accounts do not lead from opening to closing balance`;
    const detail = `the account in row ${wrong[0]} of the account view`;
    throw new StatementFailure("balance_mismatch", message, { detail });
  }
}

function proveCount(written: number, counted: number): void {
  if (written === counted) return;
  const counts = `${written} rows were written and ${counted} counted`;
  throw new StatementFailure("proof_mismatch", counts);
}

async function addBalances({ options }: StatementFacts, csv: TransactionsCsv, addFile: AddFile) {
  const table = balancesCsv(csv.totals);
  const inDialect = dialectLines(options.csv, BALANCE_COLUMNS, {
    amounts: BALANCE_AMOUNTS,
    ids: BALANCE_IDS,
  });
  return await addFile(BALANCES_FILE, "text/csv", inDialect ? inDialect(table) : table);
}

/** Rows that are no part of any balance, and have none: their count alone is proved. */
async function addPending(
  facts: StatementFacts,
  snapshot: StatementSnapshot,
  addFile: AddFile,
): Promise<ManifestFile> {
  const pending = await snapshot.pending();
  const csv = makeTransactionsCsv(snapshot.balances, facts.masked, "none", snapshot.columns);
  const lines = toldAsPending(tableLines(facts, csv, pending.batches()));
  const file = await addFile(PENDING_FILE, "text/csv", lines);
  proveCount(csv.rows, pending.rows);
  return { ...file, rows: csv.rows };
}

/** A failure names a row by its number, and those of transactions.csv begin with 1 as well. */
async function* toldAsPending(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* lines;
  } catch (error) {
    if (!(error instanceof StatementFailure) || error.detail === undefined) throw error;
    const detail = `${error.detail} of ${PENDING_FILE}`;
    throw new StatementFailure(error.code, error.message, { cause: error, detail });
  }
}
