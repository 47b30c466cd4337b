/** A table of a statement as it streams by, in whatever dialect it is written. */
import { readHeader, type CsvDialect } from "../domain/csv/csv-dialect.ts";
import { quoteField, readAsText } from "../domain/csv/csv-field.ts";
import { CsvReader } from "./rows/csv-reader.ts";
import { CSV_EOL, MANIFEST_SCHEMAS, type Manifest } from "../domain/manifest.ts";
import { formOf } from "./statement-columns.ts";
import { WrongStatement } from "./wrong-statement.ts";
import type { EntrySink } from "./zip/zip-reader.ts";

export interface TableReader {
  readonly path: string;
  /** The columns that are read; the table must have them, in any order. */
  readonly columns: readonly string[];
  /** Whether a decimal comma may stand in a column, one that is not read included. */
  readonly isAmount: (column: string) => boolean;
  /** Fields of `columns`, as the canonical dialect has them; lines are numbered from 1. */
  readonly onLine: (fields: readonly string[], line: number) => void;
  /** Bytes of the canonical lines, without the header. */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

/** No header is longer. */
const MAX_HEADER_BYTES = 16 * 1024;

/** `write` and `end` throw WrongStatement, MalformedCsv, or what `onLine` throws. */
export class StatementTable implements EntrySink {
  readonly #table: TableReader;
  /** Places of `columns` and of amounts in a line. */
  #read: readonly number[] = [];
  #amounts: readonly number[] = [];
  #formed: readonly (readonly [at: number, hasForm: (value: string) => boolean])[] = [];
  /** The first value without the form of its column. */
  #misformed: string | undefined;
  readonly #encoder = new TextEncoder();
  #head = new Uint8Array();
  #dialect: Omit<CsvDialect, "decimalComma"> | undefined;
  #reader: CsvReader | undefined;
  #points = false;
  #commas = false;
  /** Lines with a field that is written as text, and without any. */
  #linesAsText = 0;
  /** Of a table with commas: its bytes before its first line is known, and whether that is canonical. */
  #unread: Uint8Array[] | undefined;
  #isRaw = false;
  /** Of the header. */
  columns: readonly string[] = [];
  lines = 0;

  constructor(table: TableReader) {
    this.#table = table;
  }

  write(bytes: Uint8Array): void {
    if (this.#reader) this.#readLines(bytes);
    else this.#readHeader(bytes);
  }

  end(): void {
    if (!this.#reader) throw this.#wrong("has other columns");
    this.#reader.end();
  }

  /** @throws WrongStatement unless the table has these columns, in this order. */
  checkColumns(columns: readonly string[]): void {
    if (this.columns.join() !== columns.join()) throw this.#wrong("has other columns");
  }

  /** @throws WrongStatement when the table is not written as the manifest says. */
  checkDialect({ csv }: Manifest): void {
    const { bom, delimiter } = this.#dialect ?? {};
    const mark = csv.decimal_comma ? this.#points : this.#commas;
    const asText = csv.ids_as_text === true ? this.lines : 0;
    if (bom !== csv.bom || delimiter !== csv.delimiter || mark || this.#linesAsText !== asText) {
      throw this.#wrong("is not written as the manifest says");
    }
  }

  /** @throws WrongStatement when a value has not the form of its column. The first version promised none. */
  checkForms({ schema }: Manifest): void {
    if (this.#misformed !== undefined && schema !== MANIFEST_SCHEMAS[0]) {
      throw this.#wrong(this.#misformed);
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

  #begin(line: Uint8Array, rest: Uint8Array): void {
    const header = readHeader(new TextDecoder("utf-8", { ignoreBOM: true }).decode(line));
    const { columns, isAmount } = this.#table;
    if (!header || !columns.every((name) => header.columns.includes(name))) {
      throw this.#wrong("has other columns");
    }
    this.columns = header.columns;
    this.#read = columns.map((name) => header.columns.indexOf(name));
    this.#amounts = [...header.columns.keys()].filter((at) => isAmount(header.columns[at] ?? ""));
    this.#formed = header.columns.flatMap((name, at) => {
      const hasForm = formOf(name);
      return hasForm ? [[at, hasForm] as const] : [];
    });
    this.#dialect = header;
    this.#isRaw = this.#hasCommas;
    this.#reader = new CsvReader((fields) => this.#line(fields), header.delimiter);
    this.#head = new Uint8Array();
    this.#readLines(rest);
  }

  /** Canonical lines pass as they are. Only the first line says that they are: before, they wait. */
  #readLines(bytes: Uint8Array): void {
    const { onBytes } = this.#table;
    if (this.#isRaw && this.lines > 0) onBytes?.(bytes);
    else if (this.#isRaw) this.#unread = [...(this.#unread ?? []), Uint8Array.from(bytes)];
    this.#reader?.write(bytes);
    if (this.lines === 0 || !this.#unread) return;
    const unread = this.#unread;
    this.#unread = undefined;
    if (this.#isRaw) unread.forEach((one) => onBytes?.(one));
  }

  /** Where a comma stands between fields there is no decimal comma, and only ids may be written as text. */
  get #hasCommas(): boolean {
    return this.#dialect?.delimiter === ",";
  }

  #line(fields: readonly string[]): void {
    this.lines += 1;
    if (fields.length !== this.columns.length) {
      throw this.#wrong(`line ${this.lines} has more or fewer fields than the header`);
    }
    const canonical = fields.map((field) => readAsText(field) ?? field);
    const isAsText = canonical.some((field, at) => field !== fields[at]);
    if (isAsText) this.#linesAsText += 1;
    // One later on makes a table of neither dialect.
    if (isAsText && this.lines === 1) this.#isRaw = false;
    for (const column of this.#amounts) {
      const amount = fields[column] ?? "";
      this.#points ||= amount.includes(".");
      this.#commas ||= amount.includes(",");
      if (!this.#hasCommas) canonical[column] = amount.replace(",", ".");
    }
    const wrong = this.#formed.find(([at, hasForm]) => !hasForm(canonical[at] ?? ""));
    if (wrong) {
      this.#misformed ??= `line ${this.lines} has a ${this.columns[wrong[0]]} of another form`;
    }
    if (!this.#isRaw) {
      const line = canonical.map(quoteField).join(",") + CSV_EOL;
      this.#table.onBytes?.(this.#encoder.encode(line));
    }
    this.#table.onLine(
      this.#read.map((at) => canonical[at] ?? ""),
      this.lines,
    );
  }

  #wrong(what: string): WrongStatement {
    return new WrongStatement(`${this.#table.path}: ${what}`);
  }
}
