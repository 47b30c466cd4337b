/** A table of a statement as it streams by, in whatever dialect it is written. */
import { dialectOfHeader, type CsvDialect } from "../domain/csv-dialect.ts";
import { quoteField } from "../domain/csv-field.ts";
import { CsvReader } from "./csv-reader.ts";
import { CSV_EOL, type Manifest } from "../domain/manifest.ts";
import { WrongStatement } from "./wrong-statement.ts";
import type { EntrySink } from "./zip-reader.ts";

export interface TableReader {
  readonly path: string;
  readonly columns: readonly string[];
  /** The columns whose point may be a comma. */
  readonly amounts: readonly string[];
  /** Fields of a line as the canonical dialect has them, numbered from 1. */
  readonly onLine: (fields: readonly string[], line: number) => void;
  /** Bytes of the canonical lines, without the header. */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

/** No header is longer. */
const MAX_HEADER_BYTES = 1024;

/** `write` and `end` throw WrongStatement, MalformedCsv, or what `onLine` throws. */
export class StatementTable implements EntrySink {
  readonly #table: TableReader;
  readonly #amounts: readonly number[];
  readonly #encoder = new TextEncoder();
  #head = new Uint8Array();
  #dialect: Omit<CsvDialect, "decimalComma"> | undefined;
  #reader: CsvReader | undefined;
  #points = false;
  #commas = false;
  lines = 0;

  constructor(table: TableReader) {
    this.#table = table;
    this.#amounts = table.amounts.map((name) => table.columns.indexOf(name));
  }

  write(bytes: Uint8Array): void {
    if (this.#reader) this.#read(bytes);
    else this.#readHeader(bytes);
  }

  end(): void {
    if (!this.#reader) throw this.#wrong("has other columns");
    this.#reader.end();
  }

  /** @throws WrongStatement when the table is not written as the manifest says. */
  checkDialect({ csv }: Manifest): void {
    const { bom, delimiter } = this.#dialect ?? {};
    const mark = csv.decimal_comma ? this.#points : this.#commas;
    if (bom !== csv.bom || delimiter !== csv.delimiter || mark) {
      throw this.#wrong("is not written as the manifest says");
    }
  }

  #readHeader(bytes: Uint8Array): void {
    const head = new Uint8Array(this.#head.length + bytes.length);
    head.set(this.#head);
    head.set(bytes, this.#head.length);
    this.#head = head;
    const end = head.indexOf(0x0a) + 1;
    if (end > 0) this.#begin(head.subarray(0, end), head.subarray(end));
    else if (head.length > MAX_HEADER_BYTES) throw this.#wrong("has other columns");
  }

  #begin(header: Uint8Array, rest: Uint8Array): void {
    const { columns } = this.#table;
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(header);
    const dialect = dialectOfHeader(text, columns);
    const expected = columns.join(dialect?.delimiter) + CSV_EOL;
    if (!dialect || text.slice(dialect.bom ? 1 : 0) !== expected) {
      throw this.#wrong("has other columns");
    }
    this.#dialect = dialect;
    this.#reader = new CsvReader((fields) => this.#line(fields), dialect.delimiter);
    this.#head = new Uint8Array();
    this.#read(rest);
  }

  #read(bytes: Uint8Array): void {
    if (this.#isCanonical) this.#table.onBytes?.(bytes);
    this.#reader?.write(bytes);
  }

  /** Behind the header there is then no difference: a decimal comma needs another delimiter. */
  get #isCanonical(): boolean {
    return this.#dialect?.delimiter === ",";
  }

  #line(fields: readonly string[]): void {
    this.lines += 1;
    if (fields.length !== this.#table.columns.length) {
      throw this.#wrong(`line ${this.lines} has another number of fields`);
    }
    const canonical = [...fields];
    for (const column of this.#amounts) {
      const amount = fields[column] ?? "";
      this.#points ||= amount.includes(".");
      this.#commas ||= amount.includes(",");
      if (!this.#isCanonical) canonical[column] = amount.replace(",", ".");
    }
    if (!this.#isCanonical) {
      const line = canonical.map(quoteField).join(",") + CSV_EOL;
      this.#table.onBytes?.(this.#encoder.encode(line));
    }
    this.#table.onLine(canonical, this.lines);
  }

  #wrong(what: string): WrongStatement {
    return new WrongStatement(`${this.#table.path}: ${what}`);
  }
}
