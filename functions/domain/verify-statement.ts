/**
 * Whether a zip is a whole and right statement, from its bytes alone: anyone can check it. The
 * hashes, the row count, every sum and balance are computed anew from the tables and held against
 * what the manifest says. One pass, flat memory, web standards only.
 */
import {
  accountKey,
  balances,
  RunningTotals,
  totalsEntry,
  type TotalsEntry,
} from "./account-totals.ts";
import { CsvReader, MalformedCsv } from "./csv-reader.ts";
import { isManifest } from "./manifest-shape.ts";
import {
  BALANCE_COLUMNS,
  BALANCES_FILE,
  CSV_EOL,
  MANIFEST_FILE,
  MANIFEST_SCHEMA,
  SUMS_FILE,
  TRANSACTION_COLUMNS,
  TRANSACTIONS_FILE,
  type Manifest,
} from "./manifest.ts";
import { minorUnit, parseAmount } from "./money.ts";
import { makeSha256 } from "./sha256.ts";
import { DamagedZip, readZip, type EntrySink } from "./zip-reader.ts";

export type Verification =
  | {
      readonly ok: true;
      readonly manifest: Manifest;
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

/** Of manifest.json, SHA256SUMS and balances.csv, which are read whole. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;
/** A statement has a dozen; more are not read. */
const MAX_ENTRIES = 64;
/** More than a manifest of the size above can hold. */
const MAX_ACCOUNTS = 100_000;

/** The statement contradicts itself. */
class WrongStatement extends Error {
  override readonly name = "WrongStatement";
}

/** Never throws for what the bytes are, only what their source throws. */
export async function verifyStatement(bytes: AsyncIterable<Uint8Array>): Promise<Verification> {
  const whole = makeSha256();
  let length = 0;
  const onBytes = (chunk: Uint8Array): void => {
    whole.update(chunk);
    length += chunk.length;
  };
  const contents = new StatementContents();
  try {
    await readZip(bytes, (name) => contents.open(name), onBytes);
    const manifest = contents.check();
    return { ok: true, manifest, bytes: length, sha256: whole.digest() };
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

  open(path: string): EntrySink {
    if (this.#files.some((file) => file.path === path)) throw new WrongStatement(`${path} twice`);
    if (this.#files.length === MAX_ENTRIES) throw new WrongStatement("too many entries");
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
    if (![MANIFEST_FILE, SUMS_FILE, BALANCES_FILE].includes(path)) return undefined;
    const decoder = new TextDecoder();
    let text = "";
    return {
      write: (chunk) => {
        text += decoder.decode(chunk, { stream: true });
        if (text.length > MAX_TEXT_BYTES) throw new WrongStatement(`${path} is too large`);
      },
      end: () => void this.#texts.set(path, text + decoder.decode()),
    };
  }

  /** @throws WrongStatement */
  check(): Manifest {
    this.#checkSums();
    const manifest = this.#parseManifest();
    this.#checkFiles(manifest);
    this.#transactions.check(manifest);
    this.#checkBalances(manifest);
    return manifest;
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
      throw new WrongStatement(`${MANIFEST_FILE} lacks a field, or has one of another type`);
    }
    return value;
  }

  #checkFiles(manifest: Manifest): void {
    const found = this.#files.filter(({ path }) => ![MANIFEST_FILE, SUMS_FILE].includes(path));
    const described = manifest.files.map(({ path, bytes, sha256 }) => ({
      ...{ path, bytes, sha256 },
    }));
    if (JSON.stringify(found) !== JSON.stringify(described)) {
      throw new WrongStatement("the manifest does not describe the files as they are");
    }
  }

  #checkBalances({ totals, files }: Manifest): void {
    const table = files.find(({ path }) => path === BALANCES_FILE);
    if (table?.rows !== totals.length) throw new WrongStatement(`${BALANCES_FILE} has other rows`);
    const rows = totals.map((one) => [
      ...[one.account_id, one.currency, one.opening],
      ...[String(one.credits.count), one.credits.sum, String(one.debits.count), one.debits.sum],
      ...[one.net, one.closing],
    ]);
    const expected = [[...BALANCE_COLUMNS], ...rows];
    const found: (readonly string[])[] = [];
    const reader = new CsvReader((fields) => found.push(fields));
    reader.write(new TextEncoder().encode(this.#text(BALANCES_FILE)));
    reader.end();
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      throw new WrongStatement(`${BALANCES_FILE} and the manifest's totals differ`);
    }
  }
}

/** Adds up transactions.csv; the balances come from the manifest, which is behind it in the zip. */
class TransactionSums implements EntrySink {
  readonly #accounts = new Map<string, RunningTotals>();
  readonly #content = makeSha256();
  readonly #reader = new CsvReader((fields) => this.#record(fields));
  #headerLeft = TRANSACTION_COLUMNS.join(",").length + CSV_EOL.length;
  #records = 0;
  #first = "";
  #last = "";

  write(bytes: Uint8Array): void {
    const skipped = Math.min(this.#headerLeft, bytes.length);
    this.#headerLeft -= skipped;
    this.#content.update(bytes.subarray(skipped));
    this.#reader.write(bytes);
  }

  end(): void {
    this.#reader.end();
  }

  #record(fields: readonly string[]): void {
    this.#records += 1;
    if (this.#records === 1) {
      if (fields.join() === TRANSACTION_COLUMNS.join()) return;
      throw new WrongStatement(`${TRANSACTIONS_FILE} has other columns`);
    }
    const line = this.#records - 1;
    const value = (column: (typeof TRANSACTION_COLUMNS)[number]): string =>
      fields[TRANSACTION_COLUMNS.indexOf(column)] ?? "";
    const wrong = (what: string): WrongStatement =>
      new WrongStatement(`${TRANSACTIONS_FILE}: line ${line} ${what}`);
    if (fields.length !== TRANSACTION_COLUMNS.length) throw wrong("has another number of fields");
    if (value("line") !== String(line)) throw wrong("has another number");
    const account = this.#accountOf(value("account_id"), value("currency"));
    const amount = parseAmount(value("amount"), account.minorUnit);
    const balance = parseAmount(value("balance_after"), account.minorUnit);
    if (amount === undefined || balance === undefined) throw wrong("has an amount that is none");
    if (value("credit_debit") !== (amount < 0n ? "DBIT" : "CRDT")) throw wrong("has a wrong sign");
    if (value("posted_at") < this.#last) throw wrong("is out of order");
    this.#first ||= value("posted_at");
    this.#last = value("posted_at");
    account.add(amount, balance);
  }

  #accountOf(accountId: string, currency: string): RunningTotals {
    const key = accountKey(accountId, currency);
    const known = this.#accounts.get(key);
    if (known) return known;
    if (this.#accounts.size === MAX_ACCOUNTS) throw new WrongStatement("too many accounts");
    const added = new RunningTotals({ accountId, currency, opening: 0n, closing: 0n });
    this.#accounts.set(key, added);
    return added;
  }

  /** @throws WrongStatement */
  check(manifest: Manifest): void {
    const rows = Math.max(0, this.#records - 1);
    const file = manifest.files.find(({ path }) => path === TRANSACTIONS_FILE);
    if (rows !== manifest.rows || rows !== file?.rows) {
      throw new WrongStatement(`${rows} rows, and the manifest says ${manifest.rows}`);
    }
    if (this.#content.digest() !== manifest.content_sha256) {
      throw new WrongStatement("the hash of the rows differs");
    }
    const { from, to, from_epoch, to_epoch } = manifest.period;
    if (Date.parse(from) !== from_epoch * 1000 || Date.parse(to) !== to_epoch * 1000) {
      throw new WrongStatement("the period's instants and epochs differ");
    }
    if (rows > 0 && (this.#first < micros(from) || this.#last >= micros(to))) {
      throw new WrongStatement("a row lies outside of the period");
    }
    const left = new Map(this.#accounts);
    for (const entry of manifest.totals) {
      const key = accountKey(entry.account_id, entry.currency);
      checkTotals(entry, left.get(key));
      left.delete(key);
    }
    if (left.size > 0) throw new WrongStatement("rows of an account without totals");
    const accounts = manifest.totals.map(({ account_id, currency }) => ({ account_id, currency }));
    if (JSON.stringify(accounts) !== JSON.stringify(manifest.accounts)) {
      throw new WrongStatement("the manifest's accounts are not those of its totals");
    }
  }
}

/** The manifest's totals against the sums of the rows, and its balances against both. */
function checkTotals(entry: TotalsEntry, rows: RunningTotals | undefined): void {
  const wrong = new WrongStatement("the totals of an account do not follow from its rows");
  const { account_id: accountId, currency } = entry;
  // Not the entry's own: its padding would be as long as a forger likes.
  const scale = minorUnit(currency);
  const opening = parseAmount(entry.opening, scale);
  const closing = parseAmount(entry.closing, scale);
  if (opening === undefined || closing === undefined) throw wrong;
  const totals = new RunningTotals({ accountId, currency, opening, closing });
  if (rows) {
    totals.creditCount = rows.creditCount;
    totals.creditSum = rows.creditSum;
    totals.debitCount = rows.debitCount;
    totals.debitSum = rows.debitSum;
    totals.lastBalance = rows.lastBalance;
  }
  if (JSON.stringify(totalsEntry(totals)) !== JSON.stringify(entry)) throw wrong;
  if (!balances(totals)) throw new WrongStatement("an account's opening and closing do not agree");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WrongStatement(`${MANIFEST_FILE} is not JSON`);
  }
}

function hasSchema(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && Reflect.get(value, "schema") === MANIFEST_SCHEMA
  );
}

/** RFC 3339 with six decimals, as transactions.csv has it, so that texts compare as instants do. */
function micros(millis: string): string {
  return millis.replace("Z", "000Z");
}
