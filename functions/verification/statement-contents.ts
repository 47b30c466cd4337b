/** What is kept of a statement's files while they pass by, and what they must say of each other. */
import {
  BALANCE_AMOUNTS,
  BALANCE_COLUMNS,
  BALANCES_FILE,
  MANIFEST_FILE,
  MANIFEST_SCHEMAS,
  MAX_MANIFEST_BYTES,
  PENDING_FILE,
  SIGNATURE_FILE,
  SUMS_FILE,
  TRANSACTIONS_FILE,
  type Manifest,
} from "../domain/manifest.ts";
import { parseStatementKey } from "../domain/statement-key.ts";
import { checkAccountFiles } from "./account-files.ts";
import { MalformedCsv } from "./rows/csv-reader.ts";
import { isEntryName } from "./entry-names.ts";
import { problemsOfList, readSums, type ListedFile } from "./file-list.ts";
import { MAX_ACCOUNTS, MAX_ENTRIES } from "./limits.ts";
import { checkClaims } from "./manifest-claims.ts";
import { isOneReading } from "./json-reading.ts";
import { isManifest } from "./manifest-shape.ts";
import { checkSignature, type SignatureCheck, type VerificationKey } from "./manifest-signature.ts";
import { PendingRows } from "./rows/pending-rows.ts";
import { makeSha256 } from "./sha256.ts";
import { StatementTable } from "./statement-table.ts";
import { TransactionSums } from "./rows/transaction-sums.ts";
import { shownName, WrongStatement, type StatementProblem } from "./wrong-statement.ts";
import { DamagedZip } from "./zip/zip-records.ts";
import type { EntrySink } from "./zip/zip-reader.ts";

/** Entries that say what the others are. */
const ABOUT_THE_REST: readonly string[] = [MANIFEST_FILE, SIGNATURE_FILE, SUMS_FILE];

export interface CheckedContents {
  /** `undefined` where there is none of a known form. */
  readonly manifest: Manifest | undefined;
  readonly signature: SignatureCheck;
  /** In the order in which they say most. */
  readonly problems: readonly StatementProblem[];
}

export class StatementContents {
  readonly #files: ListedFile[] = [];
  /** By the name that a system without capitals gives it. */
  readonly #names = new Map<string, string>();
  #entries = 0;
  readonly #doubled: StatementProblem[] = [];
  /** Of what was written in a file, found while it was read. */
  readonly #misread: StatementProblem[] = [];
  readonly #texts = new Map<string, string>();
  readonly #transactions = new TransactionSums();
  readonly #balances: (readonly string[])[] = [];
  readonly #balanceTable = new StatementTable({
    path: BALANCES_FILE,
    columns: BALANCE_COLUMNS,
    isAmount: (name) => BALANCE_AMOUNTS.some((one) => one === name),
    onLine: (fields, line) => {
      if (line > MAX_ACCOUNTS) throw new WrongStatement("too many accounts");
      this.#balances.push(fields);
    },
  });
  readonly #pending = new PendingRows();

  /** @throws DamagedZip when there are more than any statement has */
  open(path: string): EntrySink {
    this.#entries += 1;
    if (this.#entries > MAX_ENTRIES) throw new DamagedZip("the zip has too many entries");
    const folded = path.toLowerCase();
    const other = this.#names.get(folded);
    this.#names.set(folded, path);
    if (other !== undefined) {
      const message =
        other === path
          ? `${shownName(path)} is in the zip twice`
          : `${shownName(path)} is also in the zip with other capitals: many systems take both for one file`;
      this.#doubled.push({ kind: "doubled", file: path, message });
      return { write: () => undefined, end: () => undefined };
    }
    const hash = makeSha256();
    const place = this.#files.push({ path, bytes: 0, sha256: "" }) - 1;
    let reader = this.#readerOf(path);
    let bytes = 0;
    const read = (use: (reader: EntrySink) => void): void => {
      if (!reader) return;
      const problem = problemOf(path, () => use(reader as EntrySink));
      if (!problem) return;
      this.#misread.push(problem);
      reader = undefined;
    };
    return {
      write: (chunk) => {
        bytes += chunk.length;
        hash.update(chunk);
        read((one) => one.write(chunk));
      },
      end: () => {
        read((one) => one.end());
        this.#files[place] = { path, bytes, sha256: hash.digest() };
      },
    };
  }

  #readerOf(path: string): EntrySink | undefined {
    if (path === TRANSACTIONS_FILE) return this.#transactions;
    if (path === BALANCES_FILE) return this.#balanceTable;
    if (path === PENDING_FILE) return this.#pending;
    if (!ABOUT_THE_REST.includes(path)) return undefined;
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
    const decode = (chunk?: Uint8Array): string => {
      try {
        return decoder.decode(chunk, { stream: chunk !== undefined });
      } catch {
        // What is signed are bytes: no others may read as the same text.
        throw new WrongStatement(`${path} is not UTF-8`);
      }
    };
    // In memory, and no longer in units of UTF-16 than in bytes.
    let text = "";
    return {
      write: (chunk) => {
        text += decode(chunk);
        if (text.length > MAX_MANIFEST_BYTES) throw new WrongStatement(`${path} is too large`);
      },
      end: () => void this.#texts.set(path, text + decode()),
    };
  }

  /** @param damaged entries whose bytes are not what the zip says: nothing is concluded from them */
  async check(
    damaged: ReadonlySet<string>,
    keys: readonly VerificationKey[] | undefined,
  ): Promise<CheckedContents> {
    const problems = [
      ...this.#doubled,
      // What could not be read as a text is there, but says nothing.
      ...this.#misread.filter(({ file }) => ABOUT_THE_REST.some((path) => path === file)),
    ];
    if (!damaged.has(SUMS_FILE)) problems.push(...this.#problemsOfSums());
    const add = (file: string, check: () => void): void => {
      const problem = problemOf(file, check);
      if (problem) problems.push(problem);
    };
    problems.push(...this.#strangers());
    let manifest: Manifest | undefined;
    if (!damaged.has(MANIFEST_FILE)) {
      add(MANIFEST_FILE, () => (manifest = this.#parseManifest()));
    }
    if (manifest) problems.push(...this.#problemsOfFiles(manifest));
    problems.push(...this.#misread);
    const known = manifest;
    if (known) {
      add(MANIFEST_FILE, () => checkAccountFiles(known));
      add(MANIFEST_FILE, () => checkClaims(known));
      add(TRANSACTIONS_FILE, () => this.#transactions.check(known));
      add(BALANCES_FILE, () => this.#checkBalances(known));
      add(PENDING_FILE, () => this.#pending.check(known));
    }
    const signature = await this.#checkSignature(keys).catch((error: unknown) => {
      if (!(error instanceof WrongStatement)) throw error;
      add(SIGNATURE_FILE, () => {
        throw error;
      });
      return "unchecked" as const;
    });
    return { manifest, signature, problems };
  }

  /** @throws WrongStatement when there are keys, and none of them has signed the manifest. */
  async #checkSignature(keys: readonly VerificationKey[] | undefined): Promise<SignatureCheck> {
    if (!keys) return this.#texts.has(SIGNATURE_FILE) ? "unchecked" : "absent";
    return await checkSignature(this.#text(SIGNATURE_FILE), this.#text(MANIFEST_FILE), keys);
  }

  /** @throws WrongStatement when it is not there */
  #text(path: string): string {
    const text = this.#texts.get(path);
    if (text === undefined) throw new WrongStatement(`${path} is missing`, "missing");
    return text;
  }

  #problemsOfSums(): readonly StatementProblem[] {
    const text = this.#texts.get(SUMS_FILE);
    if (text === undefined) {
      return [{ kind: "missing", file: SUMS_FILE, message: `${SUMS_FILE} is missing` }];
    }
    const listed = readSums(text);
    const found = this.#files.filter(({ path }) => path !== SUMS_FILE);
    if (!listed) {
      const message = `${SUMS_FILE} is no list of files and their SHA-256`;
      return [{ kind: "unknown", file: SUMS_FILE, message }];
    }
    const problems = problemsOfList(found, listed, SUMS_FILE);
    if (this.#files.at(-1)?.path === SUMS_FILE) return problems;
    const message = `${SUMS_FILE} was moved: it is not the last file in the zip`;
    return [...problems, { kind: "moved", file: SUMS_FILE, message }];
  }

  /** @throws WrongStatement */
  #parseManifest(): Manifest {
    const value = parseJson(this.#text(MANIFEST_FILE));
    if (!hasSchema(value)) {
      const message = `${MANIFEST_FILE} has a schema that this verifier does not know: a later version may`;
      throw new WrongStatement(message, "unknown");
    }
    if (!isManifest(value)) {
      const message = `${MANIFEST_FILE} lacks a field, or has one of another form`;
      throw new WrongStatement(message, "unknown");
    }
    const named = parseStatementKey(`${value.statement_id}.zip`);
    const { customer_id, period, generated_at } = value;
    if (
      named?.customerId !== customer_id ||
      named.startEpoch !== period.from_epoch ||
      named.uploadedAt !== Date.parse(generated_at)
    ) {
      throw new WrongStatement(
        `${MANIFEST_FILE}: statement_id is not of this customer, period and time`,
      );
    }
    return value;
  }

  #strangers(): readonly StatementProblem[] {
    const strangers = this.#files.filter(({ path }) => !isEntryName(path));
    return strangers.map(({ path }) => {
      const message = `${shownName(path)} was added: no statement has such a file`;
      return { kind: "added", file: path, message };
    });
  }

  #problemsOfFiles({ files }: Manifest): readonly StatementProblem[] {
    const found = this.#files.filter(({ path }) => !ABOUT_THE_REST.includes(path));
    return problemsOfList(found, files, MANIFEST_FILE);
  }

  #checkBalances(manifest: Manifest): void {
    const { totals, files } = manifest;
    if (files.find(({ path }) => path === BALANCES_FILE)?.rows !== totals.length) {
      throw new WrongStatement(`${BALANCES_FILE} has other rows`);
    }
    this.#balanceTable.checkColumns(BALANCE_COLUMNS);
    this.#balanceTable.checkDialect(manifest);
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
}

/** What a check of this file throws when the statement is wrong. */
function problemOf(file: string, check: () => void): StatementProblem | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof WrongStatement) {
      const { kind, message } = error;
      return { kind, file, message: message.includes(file) ? message : `${file}: ${message}` };
    }
    if (!(error instanceof MalformedCsv)) throw error;
    return { kind: "contradictory", file, message: `${file}: ${error.message}` };
  }
}

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new WrongStatement(`${MANIFEST_FILE} is not JSON`, "unknown");
  }
  if (!isOneReading(text, value)) {
    const message = `${MANIFEST_FILE} has a name twice, or a value in another spelling: readers may not read the same`;
    throw new WrongStatement(message, "unknown");
  }
  return value;
}

function hasSchema(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const schema: unknown = Reflect.get(value, "schema");
  return MANIFEST_SCHEMAS.some((one) => one === schema);
}
