/** Reads RFC 4180 as it streams by: fields with or without quotes, records ended by CRLF. */
import { LONGEST_LINE } from "../../domain/manifest.ts";

export class MalformedCsv extends Error {
  override readonly name = "MalformedCsv";
}

export class CsvReader {
  readonly #onRecord: (fields: readonly string[]) => void;
  readonly #delimiter: string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #rest = "";
  /** How far `#rest` was looked through for quotes and line ends: nothing is looked at twice. */
  #scanned = 0;
  #isQuoted = false;

  constructor(onRecord: (fields: readonly string[]) => void, delimiter = ",") {
    this.#onRecord = onRecord;
    this.#delimiter = delimiter;
  }

  /** @throws MalformedCsv, or what the record's reader throws */
  write(bytes: Uint8Array): void {
    this.#read(this.#decode(bytes));
  }

  end(): void {
    this.#read(this.#decode());
    if (this.#rest !== "") throw new MalformedCsv("the last line has no end");
  }

  #decode(bytes?: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw new MalformedCsv("not UTF-8");
    }
  }

  #read(text: string): void {
    this.#rest += text;
    const rest = this.#rest;
    let at = 0;
    let scanned = this.#scanned;
    let quote = indexOf(rest, '"', scanned);
    let lineEnd = indexOf(rest, "\r\n", scanned);
    while (this.#isQuoted ? quote < Infinity : Math.min(quote, lineEnd) < Infinity) {
      if (this.#isQuoted || quote < lineEnd) {
        this.#isQuoted = !this.#isQuoted;
        scanned = quote + 1;
      } else {
        this.#onRecord(splitRecord(rest.slice(at, lineEnd), this.#delimiter));
        scanned = at = lineEnd + 2;
      }
      // What lies ahead stays known until the scan has passed it.
      if (quote < scanned) quote = indexOf(rest, '"', scanned);
      if (lineEnd < scanned) lineEnd = indexOf(rest, "\r\n", scanned);
    }
    // A CR at the end may be half of a line end.
    this.#rest = rest.slice(at);
    this.#scanned = this.#rest.length - (this.#rest.endsWith("\r") ? 1 : 0);
    if (this.#rest.length > LONGEST_LINE) throw new MalformedCsv("a line is too long");
  }
}

function indexOf(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? Infinity : found;
}

function splitRecord(record: string, delimiter: string): readonly string[] {
  if (!record.includes('"')) return record.split(delimiter);
  const fields: string[] = [];
  for (let at = 0; at <= record.length;) {
    const read = record[at] === '"' ? quoted : plain;
    const [field, next] = read(record, at, delimiter);
    fields.push(field);
    at = next + 1;
  }
  return fields;
}

type Field = readonly [value: string, end: number];

function plain(record: string, from: number, delimiter: string): Field {
  const found = record.indexOf(delimiter, from);
  const end = found < 0 ? record.length : found;
  const field = record.slice(from, end);
  if (field.includes('"')) throw new MalformedCsv("a quote inside a field without quotes");
  return [field, end];
}

function quoted(record: string, from: number, delimiter: string): Field {
  let value = "";
  for (let at = from + 1; ;) {
    const quote = record.indexOf('"', at);
    if (quote < 0) throw new MalformedCsv("a quote that does not close");
    value += record.slice(at, quote);
    const next = record[quote + 1];
    if (next === undefined || next === delimiter) return [value, quote + 1];
    if (next !== '"') throw new MalformedCsv("text behind a closing quote");
    value += '"';
    at = quote + 2;
  }
}
