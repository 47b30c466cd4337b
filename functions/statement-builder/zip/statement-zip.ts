/**
 * A statement as a zip, written while its rows arrive; what is in it is `statement-files.ts`. Unless
 * all of it is there and proved, the zip's end record is never written, and the stream ends with an
 * error.
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { ZipArchive } from "archiver";
import { FORMAT_FILES, PENDING_FILE, TRANSACTIONS_FILE } from "../../domain/manifest.ts";
import type { StatementFacts } from "../../domain/statement-facts.ts";
import { makeTransactionsCsv } from "../lines/statement-csv.ts";
import {
  writeStatementFiles,
  type AddFile,
  type SignManifest,
} from "../contents/statement-files.ts";
import type { StatementSnapshot } from "../source/statement-snapshot.ts";
import { accountFolder } from "../../verification/entry-names.ts";
import { makeSmallZip } from "./small-zip.ts";
import { deflateInBlocks } from "./zip-blocks.ts";
import { holdEnd, type WrittenFile, type WrittenFiles } from "./zip-end.ts";

export type Compression = "fast" | "balanced" | "small";

export interface StatementZipOptions {
  readonly compression: Compression;
  /** Tables too are deflated by zlib, as they always are with `small`. */
  readonly zlibOnly?: boolean;
  /** Makes manifest.jws; without it there is none. */
  readonly sign?: SignManifest | undefined;
  readonly signal: AbortSignal;
  /** Told of each file before its first byte; of one account's by its folder, `camt.053/`. */
  readonly onFile?: ((path: string) => void) | undefined;
  /** Told before the first row. */
  readonly onRows?: (() => void | Promise<void>) | undefined;
}

/** The files that are deflated as tables, beside those of single accounts. */
const TABLES: ReadonlySet<string> = new Set([
  TRANSACTIONS_FILE,
  PENDING_FILE,
  FORMAT_FILES.jsonl,
  FORMAT_FILES["camt.053"],
  FORMAT_FILES.ofx,
]);

/** With fewer rows the table deflate, and zlib that reads it back, take longer to set up than they save. */
const FEW_ROWS = 1_000;

/**
 * zlib's levels, for what is no table. 4 takes half the time of 6 for 5 % more bytes; 9 takes twice the time of 6 for
 * 2 % fewer.
 */
const LEVELS: Readonly<Record<Compression, number>> = { fast: 1, balanced: 4, small: 9 };

/** Pieces that wait for the upload: deflated blocks, of 30 KB where it is a table. */
const READ_AHEAD = 8;

/**
 * The zip's bytes. The stream is destroyed with a StatementFailure (`proof_mismatch`,
 * `balance_mismatch`, `invalid_amount`), a RetryableError (`deflate_mismatch`), with what the snapshot's rows threw, or with the signal's
 * reason.
 */
export function makeStatementZip(
  facts: StatementFacts,
  snapshot: StatementSnapshot,
  { compression, zlibOnly = false, sign, signal, onFile, onRows }: StatementZipOptions,
): Readable {
  const level = LEVELS[compression];
  // By booking dates rows stand in another order than the bank's balances beside them.
  const balance = facts.period.basis === "booking_date" ? "running" : "bank";
  const csv = makeTransactionsCsv(snapshot.balances, facts.masked, balance, snapshot.columns);
  const withTables = !zlibOnly && compression !== "small";
  if (withTables && isSmall(facts, snapshot)) {
    const date = facts.generatedAt;
    const write = async (addFile: AddFile): Promise<void> =>
      await writeStatementFiles(facts, snapshot, { csv, addFile, sign, onRows });
    return makeSmallZip({ level, date, signal, onFile, write });
  }
  // Zip64 comes by itself with an entry, or a zip, that turns out to be larger than 4 GiB.
  const archive = new ZipArchive({ zlib: { level } });
  /** Of the files of single accounts. */
  const manyRows = new Set<string>();
  const written: WrittenFiles = { files: [], isComplete: false };
  const out = holdEnd(written, READ_AHEAD);
  // Never abort(): it ends the zip cleanly, and a truncated statement would look whole.
  const fail = (error: Error): void => {
    archive.destroy(error);
    out.destroy(error);
  };
  archive.on("error", fail).on("warning", fail);
  deflateInBlocks(archive, {
    level,
    isTable: (path) => withTables && (TABLES.has(path) || manyRows.has(path)),
    onError: fail,
  });
  archive.pipe(out);
  const onAbort = (): void => fail(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  // An error without a listener would end the process; whoever reads the zip gets it all the same.
  out.on("error", () => undefined);
  out.once("close", () => {
    signal.removeEventListener("abort", onAbort);
    // Whoever reads the zip may give up first, with or without an error; then the rows must stop.
    if (!out.readableEnded) archive.destroy(out.errored ?? new Error("the zip was closed"));
  });
  if (signal.aborted) onAbort();

  const addFile = makeFileWriter(archive, {
    fail,
    written: written.files,
    manyRows,
    onFile,
    date: new Date(facts.generatedAt),
  });
  writeStatementFiles(facts, snapshot, { csv, addFile, sign, onRows })
    .then(() => {
      written.isComplete = true;
      return archive.finalize();
    })
    .catch(fail);
  return out;
}

/** Rows and accounts of which every file but the tables is one block of zlib's. */
const SMALL_ROWS = 5_000;
const SMALL_ACCOUNTS = 1_000;

/** Whether all of its files are tables, or small. */
function isSmall({ options }: StatementFacts, { rows, balances }: StatementSnapshot): boolean {
  return (
    rows <= SMALL_ROWS &&
    balances.length <= SMALL_ACCOUNTS &&
    options.formats.every((format) => format === "csv")
  );
}

interface FileWriterOptions {
  readonly fail: (error: Error) => void;
  /** Takes each file once it is in the archive. */
  readonly written: WrittenFile[];
  /** Takes each file of one account that has them, before its first byte. */
  readonly manyRows: Set<string>;
  readonly onFile: StatementZipOptions["onFile"];
  /** Of every entry, in UTC: the ledger's, so that equal statements are equal bytes. */
  readonly date: Date;
}

/** One entry at a time: archiver has no back-pressure across entries. */
function makeFileWriter(
  archive: ZipArchive,
  { fail, written: files, manyRows, onFile, date }: FileWriterOptions,
): AddFile {
  return async (path, mediaType, content, rows = 0) => {
    onFile?.(accountFolder(path) ?? path);
    if (rows >= FEW_ROWS) manyRows.add(path);
    const sha256 = createHash("sha256");
    let bytes = 0;
    const count = (block: Buffer): Buffer => {
      sha256.update(block);
      bytes += block.length;
      return block;
    };
    const written = Promise.withResolvers<undefined>();
    const onError = (error: Error): void => {
      // Archiver never hears of it.
      fail(error);
      written.reject(error);
    };
    const onClosed = (): void => onError(archive.errored ?? new Error("the zip was closed"));
    archive.once("close", onClosed);
    archive.once("entry", () => written.resolve(undefined));
    const source = Buffer.isBuffer(content) ? count(content) : streamOf(content, count, onError);
    archive.append(source, { name: path, date, mode: 0o644 });
    try {
      await written.promise;
    } finally {
      archive.off("close", onClosed);
      if (source instanceof Readable) source.destroy();
    }
    files.push({ path, bytes });
    return { path, media_type: mediaType, bytes, sha256: sha256.digest("hex") };
  };
}

function streamOf(
  blocks: AsyncIterable<Buffer>,
  count: (block: Buffer) => Buffer,
  onError: (error: Error) => void,
): Readable {
  async function* counted() {
    for await (const block of blocks) yield count(block);
  }
  return Readable.from(counted(), { objectMode: false, highWaterMark: 65_536 }).once(
    "error",
    onError,
  );
}
