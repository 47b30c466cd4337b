/**
 * Whether a zip is a whole and right statement, from its bytes alone: anyone can check it. The
 * hashes, the row count, every sum and balance are computed anew from the tables and held against
 * what the manifest says. One pass, flat memory, web standards only.
 */
import { isAmountName } from "../domain/columns.ts";
import { MalformedCsv } from "./csv-reader.ts";
import { isManifest } from "./manifest-shape.ts";
import { checkSignature, type SignatureCheck, type VerificationKey } from "./manifest-signature.ts";
import {
  BALANCE_AMOUNTS,
  BALANCE_COLUMNS,
  BALANCES_FILE,
  FORMAT_FILES,
  MANIFEST_FILE,
  MANIFEST_SCHEMAS,
  PENDING_FILE,
  README_FILE,
  SIGNATURE_FILE,
  SUMS_FILE,
  TRANSACTIONS_FILE,
  type Manifest,
} from "../domain/manifest.ts";
import { parseStatementKey } from "../domain/statement-key.ts";
import { makeSha256 } from "./sha256.ts";
import { pendingColumnsOf } from "./statement-columns.ts";
import { StatementTable } from "./statement-table.ts";
import { MAX_ACCOUNTS } from "./limits.ts";
import { TransactionSums } from "./transaction-sums.ts";
import { WrongStatement } from "./wrong-statement.ts";
import { DamagedZip, readZip, type EntrySink } from "./zip-reader.ts";

export interface VerificationOptions {
  /**
   * Public keys of whoever may sign. With them, a statement without a signature of one of these is
   * none; without them, signatures are not looked at.
   */
  readonly keys?: readonly VerificationKey[] | undefined;
}

export type Verification =
  | {
      readonly ok: true;
      readonly manifest: Manifest;
      /**
       * Whether one of the keys has signed it. Without keys nobody knows who made it, however right
       * it is: whoever can write a zip can also write its hashes.
       */
      readonly authentic: boolean;
      /** Without keys `absent`, or `unchecked` where there is one. */
      readonly signature: SignatureCheck;
      /** Of the zip. */
      readonly bytes: number;
      /** Of the zip, lower-case hex. */
      readonly sha256: string;
    }
  | {
      readonly ok: false;
      /** What is wrong, for a log or a person; no values of the statement. */
      readonly problems: readonly string[];
      /** Of what was read up to the first problem. */
      readonly bytes: number;
      /** Of the same bytes. */
      readonly sha256: string;
    };

/** Of manifest.json, its signature and SHA256SUMS, which are read whole. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;
/** Every entry a statement can have. */
const ENTRIES: ReadonlySet<string> = new Set([
  README_FILE,
  ...Object.values(FORMAT_FILES),
  BALANCES_FILE,
  PENDING_FILE,
  MANIFEST_FILE,
  SIGNATURE_FILE,
  SUMS_FILE,
]);
/** Entries that say what the others are. */
const ABOUT_THE_REST: readonly string[] = [MANIFEST_FILE, SIGNATURE_FILE, SUMS_FILE];

/** Never throws for what the bytes are, only what their source throws. */
export async function verifyStatement(
  bytes: AsyncIterable<Uint8Array>,
  { keys }: VerificationOptions = {},
): Promise<Verification> {
  const whole = makeSha256();
  let length = 0;
  const onBytes = (chunk: Uint8Array): void => {
    whole.update(chunk);
    length += chunk.length;
  };
  const contents = new StatementContents();
  try {
    await readZip(bytes, (name) => contents.open(name), onBytes);
    const signature = await contents.checkSignature(keys);
    const manifest = contents.check();
    const authentic = typeof signature === "object";
    return { ok: true, authentic, manifest, signature, bytes: length, sha256: whole.digest() };
  } catch (error) {
    if (!isProblem(error)) throw error;
    return { ok: false, problems: [error.message], bytes: length, sha256: whole.digest() };
  }
}

function isProblem(error: unknown): error is Error {
  return [DamagedZip, WrongStatement, MalformedCsv].some((type) => error instanceof type);
}

interface FoundFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Everything that is kept while the entries pass by. */
class StatementContents {
  readonly #files: FoundFile[] = [];
  readonly #texts = new Map<string, string>();
  readonly #transactions = new TransactionSums();
  readonly #balances: (readonly string[])[] = [];
  readonly #tables: Readonly<Record<string, StatementTable>> = {
    [BALANCES_FILE]: new StatementTable({
      path: BALANCES_FILE,
      columns: BALANCE_COLUMNS,
      isAmount: (name) => BALANCE_AMOUNTS.some((one) => one === name),
      onLine: (fields, line) => {
        if (line > MAX_ACCOUNTS) throw new WrongStatement("too many accounts");
        this.#balances.push(fields);
      },
    }),
    [PENDING_FILE]: new StatementTable({
      path: PENDING_FILE,
      columns: ["line", "status"],
      isAmount: isAmountName,
      onLine: checkPendingLine,
    }),
  };

  open(path: string): EntrySink {
    // Whoever unpacks a statement has just these files, wherever that is done.
    if (!ENTRIES.has(path)) throw new WrongStatement("an entry that no statement has");
    if (this.#files.some((file) => file.path === path)) throw new WrongStatement(`${path} twice`);
    const hash = makeSha256();
    const reader = this.#readerOf(path);
    let bytes = 0;
    return {
      write: (chunk) => {
        bytes += chunk.length;
        hash.update(chunk);
        reader?.write(chunk);
      },
      end: () => {
        reader?.end();
        this.#files.push({ path, bytes, sha256: hash.digest() });
      },
    };
  }

  #readerOf(path: string): EntrySink | undefined {
    if (path === TRANSACTIONS_FILE) return this.#transactions;
    if (!ABOUT_THE_REST.includes(path)) return this.#tables[path];
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
    const decode = (chunk?: Uint8Array): string => {
      try {
        return decoder.decode(chunk, { stream: chunk !== undefined });
      } catch {
        // What is signed are bytes: no others may read as the same text.
        throw new WrongStatement(`${path} is not UTF-8`);
      }
    };
    let text = "";
    return {
      write: (chunk) => {
        text += decode(chunk);
        if (text.length > MAX_TEXT_BYTES) throw new WrongStatement(`${path} is too large`);
      },
      end: () => void this.#texts.set(path, text + decode()),
    };
  }

  /** @throws WrongStatement */
  check(): Manifest {
    this.#checkSums();
    const manifest = this.#parseManifest();
    this.#checkFiles(manifest);
    this.#transactions.check(manifest);
    this.#checkBalances(manifest);
    this.#checkPending(manifest);
    return manifest;
  }

  /** @throws WrongStatement when there are keys, and none of them has signed the manifest. */
  async checkSignature(keys: VerificationOptions["keys"]): Promise<SignatureCheck> {
    if (!keys) return this.#texts.has(SIGNATURE_FILE) ? "unchecked" : "absent";
    return await checkSignature(this.#text(SIGNATURE_FILE), this.#text(MANIFEST_FILE), keys);
  }

  #text(path: string): string {
    const text = this.#texts.get(path);
    if (text === undefined) throw new WrongStatement(`${path} is missing`);
    return text;
  }

  #checkSums(): void {
    const listed = this.#files.filter(({ path }) => path !== SUMS_FILE);
    const expected = listed.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join("");
    if (this.#text(SUMS_FILE) !== expected) {
      throw new WrongStatement(`${SUMS_FILE} does not list the files as they are`);
    }
    if (this.#files.at(-1)?.path !== SUMS_FILE) {
      throw new WrongStatement(`${SUMS_FILE} is not the last entry`);
    }
  }

  #parseManifest(): Manifest {
    const value = parseJson(this.#text(MANIFEST_FILE));
    if (!hasSchema(value)) throw new WrongStatement(`${MANIFEST_FILE} has another schema`);
    if (!isManifest(value)) {
      throw new WrongStatement(`${MANIFEST_FILE} lacks a field, or has one of another form`);
    }
    const named = parseStatementKey(`${value.statement_id}.zip`);
    const { customer_id, period, generated_at } = value;
    if (
      named?.customerId !== customer_id ||
      named.startEpoch !== period.from_epoch ||
      named.uploadedAt !== Date.parse(generated_at)
    ) {
      throw new WrongStatement("statement_id is not of this customer, period and time");
    }
    return value;
  }

  #checkFiles(manifest: Manifest): void {
    const found = this.#files.filter(({ path }) => !ABOUT_THE_REST.includes(path));
    const described = manifest.files.map(({ path, bytes, sha256 }) => ({
      path,
      bytes,
      sha256,
    }));
    if (JSON.stringify(found) !== JSON.stringify(described)) {
      throw new WrongStatement("the manifest does not describe the files as they are");
    }
  }

  #checkBalances(manifest: Manifest): void {
    const { totals } = manifest;
    if (rowsOf(BALANCES_FILE, manifest) !== totals.length) {
      throw new WrongStatement(`${BALANCES_FILE} has other rows`);
    }
    this.#tables[BALANCES_FILE]?.checkColumns(BALANCE_COLUMNS);
    this.#tables[BALANCES_FILE]?.checkDialect(manifest);
    const expected = totals.map((one) => [
      one.account_id,
      one.currency,
      one.opening,
      String(one.credits.count),
      one.credits.sum,
      String(one.debits.count),
      one.debits.sum,
      one.net,
      one.closing,
    ]);
    if (JSON.stringify(this.#balances) !== JSON.stringify(expected)) {
      throw new WrongStatement(`${BALANCES_FILE} and the manifest's totals differ`);
    }
  }

  #checkPending(manifest: Manifest): void {
    const rows = rowsOf(PENDING_FILE, manifest);
    if (manifest.pending_included !== (rows !== undefined)) {
      throw new WrongStatement(`${PENDING_FILE} and the manifest's options differ`);
    }
    if (rows === undefined) return;
    const table = this.#tables[PENDING_FILE];
    table?.checkColumns(pendingColumnsOf(manifest, table.columns));
    table?.checkDialect(manifest);
    if (table?.lines !== rows) throw new WrongStatement(`${PENDING_FILE} has other rows`);
  }
}

function rowsOf(file: string, { files }: Manifest): number | null | undefined {
  return files.find(({ path }) => path === file)?.rows;
}

function checkPendingLine([line, status]: readonly string[], number: number): void {
  if (line === String(number) && status === "PDNG") return;
  throw new WrongStatement(`${PENDING_FILE}: line ${number} is not a pending one`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WrongStatement(`${MANIFEST_FILE} is not JSON`);
  }
}

function hasSchema(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const schema: unknown = Reflect.get(value, "schema");
  return MANIFEST_SCHEMAS.some((one) => one === schema);
}
