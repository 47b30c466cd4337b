/**
 * The file of a request, proved from its own bytes, and what is in it: nothing of a file is shown before all
 * of it has been proved. One pass; what is kept of it has a bound.
 */
import type { Readable } from "node:stream";
import { TRANSACTIONS_FILE, type Manifest } from "../../../functions/domain/manifest.ts";
import type { ExecutedRequest } from "../../../functions/domain/statement-request.ts";
import { CsvReader } from "../../../functions/verification/rows/csv-reader.ts";
import type { VerificationKey } from "../../../functions/verification/manifest-signature.ts";
import {
  verifyStatement,
  type Verification,
} from "../../../functions/verification/verify-statement.ts";
import { readZip, type EntrySink } from "../../../functions/verification/zip/zip-reader.ts";

export interface Inspection {
  readonly verdicts: readonly Verdict[];
  /** Only of a file that is right, and the one its record names. */
  readonly contents?: Contents;
}

/** A word that says it all, and the sentence behind it. Who made a file is another question than whether it is right. */
export interface Verdict {
  readonly word: "ok" | "wrong" | "authentic" | "unchecked" | "unsigned";
  readonly text: string;
}

/** Lists are cut where nobody reads on; the numbers are of all. */
export interface Contents {
  readonly fileCount: number;
  readonly files: readonly Pick<Manifest["files"][number], "path" | "bytes" | "rows">[];
  readonly totalCount: number;
  readonly totals: Manifest["totals"];
  readonly rowCount: number;
  /** The header of transactions.csv and the rows that follow it, as they stand there. */
  readonly firstRows: readonly (readonly string[])[];
}

const SHOWN_FILES = 50;
const SHOWN_TOTALS = 50;
const SHOWN_ROWS = 10;
/** Of the zip: README.txt comes before the table, and rows deflate to a few dozen bytes each. */
const KEPT_BYTES = 256 * 1024;

/** @param onRead told now and then how many bytes of the zip have passed */
export async function inspect(
  body: Readable,
  { sha256 }: Pick<ExecutedRequest, "sha256">,
  keys: readonly VerificationKey[] | undefined,
  onRead: (bytes: number) => void,
): Promise<Inspection> {
  const beginning: Uint8Array[] = [];
  async function* passing(): AsyncGenerator<Uint8Array> {
    let read = 0;
    for await (const chunk of body) {
      const bytes = chunk as Uint8Array;
      if (read < KEPT_BYTES) beginning.push(bytes.slice(0, KEPT_BYTES - read));
      read += bytes.length;
      onRead(read);
      yield bytes;
    }
  }
  const found = await verifyStatement(passing(), { keys });
  const verdicts = verdictsOf(found, sha256);
  if (!found.ok || found.sha256 !== sha256) return { verdicts };
  return {
    verdicts,
    contents: contentsOf(found.manifest, await rowsOf(beginning, found.manifest)),
  };
}

function verdictsOf(found: Verification, sha256: string): readonly Verdict[] {
  if (!found.ok) return found.problems.map((text) => ({ word: "wrong", text }));
  const ofRecord: Verdict =
    found.sha256 === sha256
      ? { word: "ok", text: "hashes, rows, sums and balances agree; it is the record's file" }
      : { word: "wrong", text: "it is whole, but not the file that its record names" };
  return [ofRecord, authorOf(found)];
}

function authorOf({ signature }: Extract<Verification, { ok: true }>): Verdict {
  if (signature === "absent") return { word: "unsigned", text: "anybody may have made it" };
  if (signature === "unchecked") {
    return { word: "unchecked", text: "it has a signature; with keys it is looked at" };
  }
  const { keyId, algorithm } = signature;
  return {
    word: "authentic",
    text: `signed with ${keyId ?? "a key without a name"} (${algorithm})`,
  };
}

function contentsOf({ files, totals, rows }: Manifest, firstRows: Contents["firstRows"]): Contents {
  return {
    fileCount: files.length,
    files: files.slice(0, SHOWN_FILES).map(({ path, bytes, rows: inFile }) => ({
      path,
      bytes,
      rows: inFile,
    })),
    totalCount: totals.length,
    totals: totals.slice(0, SHOWN_TOTALS),
    rowCount: rows,
    firstRows,
  };
}

const IGNORED: EntrySink = { write: () => undefined, end: () => undefined };

class Enough extends Error {}

async function rowsOf(
  beginning: readonly Uint8Array[],
  { csv }: Manifest,
): Promise<Contents["firstRows"]> {
  const rows: (readonly string[])[] = [];
  const reader = new CsvReader((fields) => {
    rows.push(fields);
    if (rows.length > SHOWN_ROWS) throw new Enough();
  }, csv.delimiter);
  const table: EntrySink = {
    write: (bytes) => reader.write(bytes),
    end: () => {
      throw new Enough();
    },
  };
  async function* bytes(): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    yield* beginning;
  }
  try {
    await readZip(
      bytes(),
      (name) => (name === TRANSACTIONS_FILE ? table : IGNORED),
      () => undefined,
    );
  } catch {
    // It has enough, or what was kept ends in the middle of an entry: all of it was proved by then.
  }
  const [header = [], ...others] = rows;
  return [header.map((name) => name.replace("\uFEFF", "")), ...others];
}
