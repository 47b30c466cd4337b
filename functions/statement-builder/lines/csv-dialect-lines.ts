/**
 * Lines of a table in the dialect that was asked for, from its canonical lines. What stands between
 * quotes stays so; a field gets quotes where the delimiter of the dialect makes them needed.
 */
import { mayBeWrittenAsText, quoteField, writtenAsText } from "../../domain/csv/csv-field.ts";
import { BYTE_ORDER_MARK, CANONICAL_CSV, type CsvDialect } from "../../domain/csv/csv-dialect.ts";

const [COMMA, POINT, QUOTE, CR, LF] = [0x2c, 0x2e, 0x22, 0x0d, 0x0a];

/** Turns whole lines, the first call those with the header, into lines of the dialect. */
export type DialectLines = (lines: Buffer) => Buffer;

/** By name, the columns that a dialect may write in another way. */
export interface DialectColumns {
  readonly amounts: readonly string[];
  /** Of the bank's making. */
  readonly ids: readonly string[];
  /** Texts of others that may be all digits. */
  readonly names?: readonly string[];
}

/** How many times as long a line becomes at most: a field of one character is `"=""x"""` then. */
const AS_TEXT_GROWTH = 8;

/** `undefined` where the dialect is the canonical one. */
export function dialectLines(
  { bom, delimiter, decimalComma, idsAsText = false }: CsvDialect,
  columns: readonly string[],
  { amounts, ids, names = [] }: DialectColumns,
): DialectLines | undefined {
  if (!bom && !decimalComma && !idsAsText && delimiter === CANONICAL_CSV.delimiter) {
    return undefined;
  }
  const between = delimiter.charCodeAt(0);
  const isDecimal = columns.map((name) => decimalComma && amounts.includes(name));
  const isId = columns.map((name) => idsAsText && ids.includes(name));
  const isName = columns.map((name) => idsAsText && names.includes(name));
  let begun = false;
  let inHeader = true;

  /** What is to stand there as text; a table of such is for people, and its fields may be made one by one. */
  function textIn(column: number, lines: Buffer, from: number, to: number): string | undefined {
    if (inHeader || from === to || !(isId[column] || isName[column])) return undefined;
    const field = lines.toString("utf8", from, to);
    const value = field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
    if (isName[column] && !mayBeWrittenAsText(value)) return undefined;
    return quoteField(writtenAsText(value));
  }

  /** Answers where the field ends in `out`; the field is `lines[from, to)`, without quotes. */
  function putPlain(out: Buffer, at: number, lines: Buffer, from: number, to: number): number {
    const quoted = between !== COMMA && lines.subarray(from, to).includes(between);
    let next = at;
    if (quoted) out[next++] = QUOTE;
    next += lines.copy(out, next, from, to);
    if (quoted) out[next++] = QUOTE;
    return next;
  }

  return (lines) => {
    const mark = begun || !bom ? "" : BYTE_ORDER_MARK;
    begun = true;
    // A field grows by two quotes at most, and a field of nothing by none; as text by six, and each quote in it by two more.
    const out = Buffer.allocUnsafe(3 + lines.length * (idsAsText ? AS_TEXT_GROWTH : 2));
    let at = out.write(mark);
    let column = 0;
    for (let from = 0; from < lines.length;) {
      const quoted = lines[from] === QUOTE;
      const to = quoted ? quotedEnd(lines, from) : plainEnd(lines, from);
      const start = at;
      const text = textIn(column, lines, from, to);
      if (text !== undefined) at += out.write(text, at);
      else if (quoted) at += lines.copy(out, at, from, to);
      else at = putPlain(out, at, lines, from, to);
      if (isDecimal[column]) decimalCommas(out, start, at);
      if (lines[to] === COMMA) {
        out[at++] = between;
        from = to + 1;
        column += 1;
      } else {
        out[at++] = CR;
        out[at++] = LF;
        from = to + 2;
        column = 0;
        inHeader = false;
      }
    }
    return out.subarray(0, at);
  };
}

function plainEnd(lines: Buffer, from: number): number {
  let at = from;
  while (lines[at] !== COMMA && lines[at] !== CR) at += 1;
  return at;
}

/** Behind the closing quote. */
function quotedEnd(lines: Buffer, from: number): number {
  let at = from + 1;
  while (lines[at] !== QUOTE || lines[at + 1] === QUOTE) at += lines[at] === QUOTE ? 2 : 1;
  return at + 1;
}

function decimalCommas(out: Buffer, from: number, to: number): void {
  for (let at = from; at < to; at++) if (out[at] === POINT) out[at] = COMMA;
}
