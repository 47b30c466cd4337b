/**
 * The lines of transactions.csv in WebAssembly: a seventh of the time that `byte-lines.ts` takes for them,
 * the same bytes and sums. Rows that the module does not know how to write (see README.md) go through
 * `byte-lines.ts`, each as a whole and in its place.
 */
import { isUtf8 } from "node:buffer";
import type { RunningTotals } from "../../../domain/money/account-totals.ts";
import { ROW, USUAL_COLUMNS, type Column } from "../../../domain/columns.ts";
import { BlockPool } from "../../memory/lent-block.ts";
import { KEPT_BYTES, makeByteLines, type ByteLines } from "../byte-lines.ts";
import { linePlan, type LineBalance, type LinePlan } from "../line-plan.ts";
import { readRow, VALUES } from "../row-bytes.ts";
import { refuseNotUtf8 } from "../row-forms.ts";
import { compiledModule, type Global } from "../../webassembly/compiled-module.ts";
import { moduleAccounts, type AccountsModule } from "./module-accounts.ts";

/** Of assembly/row-lines.ts. */
interface Exports extends AccountsModule {
  readonly WRITES: Global;
  readonly PLACES: Global;
  readonly FORMS: Global;
  readonly ENUMS: Global;
  readonly MOST_COLUMNS: Global;
  readonly ROWS: Global;
  readonly ROWS_BYTES: Global;
  readonly LINES: Global;
  readonly linesEnd: Global;
  readonly nextRow: Global;
  readonly rows: Global;
  readonly begin: (
    columns: number,
    values: number,
    accounts: number,
    idPlace: number,
    currencyPlace: number,
  ) => void;
  readonly format: (from: number, end: number, firstLine: number) => void;
}

// Read and compiled with this file: a program without it ends when it starts, not with a statement.
const module = compiledModule(new URL("row-lines.wasm", import.meta.url))() as Exports;
const memory = Buffer.from(module.memory.buffer);
const accounts = moduleAccounts(module);
const [ROWS, LINES] = [module.ROWS.value, module.LINES.value];
/** Whose accounts are in its memory. It keeps nothing from one call to the next but those. */
let owner: object | undefined;

/** The module counts lines in 32 bits. */
const LAST_LINE = 2 ** 32 - 2 ** 20;
/** Where more than one row in so many is left to the plain line, all are: to and fro costs more. */
const PLAIN_SHARE = 4;

/** As `makeByteLines`, which it is where the accounts are too many or have names that are too long. */
export function makeRowLines(
  totals: readonly RunningTotals[],
  masked: boolean,
  balance: LineBalance = "bank",
  all = USUAL_COLUMNS,
): ByteLines {
  const plain = makeByteLines(totals, masked, balance, all);
  const plan = linePlan(masked, balance, all);
  if (!fits(totals, plan)) return plain;
  const self = {};
  const starts = new Int32Array(VALUES);
  const ends = new Int32Array(VALUES);
  const pool = new BlockPool(0, KEPT_BYTES);
  let plainOnly = false;

  return {
    format(block, firstLine) {
      if (plainOnly || block.length > module.ROWS_BYTES.value || firstLine > LAST_LINE) {
        return plain.format(block, firstLine);
      }
      if (owner !== self) begin(totals, plan);
      owner = self;
      block.copy(memory, ROWS);
      let out = pool.room(block.length + (block.length >> 2));
      let at = 0;
      const append = (lines: Buffer): void => {
        if (out.length - at < lines.length) out = enlarged(out, lines.length + block.length);
        at += lines.copy(out, at);
      };
      let line = firstLine;
      let left = 0;
      for (let from = 0; from < block.length;) {
        module.format(ROWS + from, ROWS + block.length, line);
        const { rows, nextRow, linesEnd } = module;
        if (rows.value > 0) {
          append(memory.subarray(LINES, linesEnd.value));
          accounts.settle(totals, balance !== "none");
          line += rows.value;
          from = nextRow.value - ROWS;
          continue;
        }
        const next = readRow(block, from, starts, ends);
        const { lines } = plain.format(block.subarray(from, next), line);
        append(lines.bytes);
        lines.release();
        accounts.tellBalances(totals);
        from = next;
        line += 1;
        left += 1;
      }
      if (!isUtf8(out.subarray(0, at))) refuseNotUtf8(block, firstLine);
      plainOnly = left > PLAIN_SHARE && left * PLAIN_SHARE > line - firstLine;
      // Most statements have one block.
      const lines = firstLine === 1 ? pool.lendLast(out, at) : pool.lend(out, at);
      return { lines, rows: line - firstLine };
    },
  };
}

function fits(totals: readonly RunningTotals[], { columns }: LinePlan): boolean {
  return (
    columns.length <= module.MOST_COLUMNS.value &&
    columns.every((column) => column.kind !== "enum" || enumOf(column) !== undefined) &&
    accounts.fits(totals)
  );
}

// As in assembly/forms.ts.
const FORM = { any: 0, present: 1, date: 2, enum: 3, transaction_code: 4 } as const;
const [ENUM_VALUES, ENUM_BYTES] = [4, 16];

function formOf(column: Column): number {
  if (column.sql === undefined) return FORM.any;
  switch (column.kind) {
    case "id":
    case "integer":
    case "text":
      return column.nullable ? FORM.any : FORM.present;
    case "date":
    case "enum":
    case "transaction_code":
      // NULL goes the plain way.
      return FORM[column.kind];
    // The account says which currency, what writes a value looks at the others.
    default:
      return FORM.any;
  }
}

/** The values of an enum, each with its length before it; undefined where they have no room. */
function enumOf(column: Column): Buffer | undefined {
  const values = column.kind === "enum" ? column.values : [];
  if (values.length > ENUM_VALUES || values.some((value) => value.length >= ENUM_BYTES)) return;
  const bytes = Buffer.alloc(ENUM_VALUES * ENUM_BYTES);
  for (const [n, value] of values.entries()) {
    bytes[n * ENUM_BYTES] = bytes.write(value, n * ENUM_BYTES + 1);
  }
  return bytes;
}

function begin(totals: readonly RunningTotals[], { columns, writes, places }: LinePlan): void {
  memory.set(writes, module.WRITES.value);
  memory.set(places, module.PLACES.value);
  memory.set(columns.map(formOf), module.FORMS.value);
  for (const [n, column] of columns.entries()) {
    enumOf(column)?.copy(memory, module.ENUMS.value + n * ENUM_VALUES * ENUM_BYTES);
  }
  accounts.begin(totals);
  module.begin(writes.length, VALUES, totals.length, ROW.accountId, ROW.currency);
}

function enlarged(buffer: Buffer, bytes: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(buffer.length + bytes);
  buffer.copy(larger);
  return larger;
}
