/**
 * Lines of transactions.csv straight from the bytes of the text protocol, without a string or an
 * object for a row. `test/support/statements/plain-csv.ts` has the same line in plain words; tests hold the two
 * to the same bytes.
 */
import { isUtf8 } from "node:buffer";
import type { RunningTotals } from "../../domain/money/account-totals.ts";
import { AccountSums, putSide } from "./byte-amounts.ts";
import { ROW, USUAL_COLUMNS } from "../../domain/columns.ts";
import { StatementFailure } from "../../domain/failure.ts";
import { BlockPool, type LentBlock } from "../memory/lent-block.ts";
import { putInstant, putMasked, putNumber, putPlain, putRaw, putText } from "./byte-fields.ts";
import { linePlan, WRITE, type LineBalance } from "./line-plan.ts";
import { readRow, VALUES } from "./row-bytes.ts";
import { misformed, misformedValue, refuseLongLine, refuseNotUtf8 } from "./row-forms.ts";
import { unknownAccount } from "../source/row-values.ts";

const [CR, LF] = [0x0d, 0x0a];

/** The longest line for a row of so many bytes. */
const longestLine = (bytes: number): number => bytes * 2 + 256;

/** Memory for the lines of rows that are larger than most is not kept. */
export const KEPT_BYTES = 512 * 1024;

export interface ByteLines {
  /** The lines of whole rows; they are numbered from `firstLine`. */
  format(block: Buffer, firstLine: number): { readonly lines: LentBlock; readonly rows: number };
}

/** @throws StatementFailure `invalid_value`, `invalid_amount`, `proof_mismatch` from `format`. */
export function makeByteLines(
  totals: readonly RunningTotals[],
  masked: boolean,
  balance: LineBalance = "bank",
  all = USUAL_COLUMNS,
): ByteLines {
  const { columns, writes, places } = linePlan(masked, balance, all);
  // The one used last is looked at first.
  const accounts = totals.map((one) => new AccountSums(one));
  const pool = new BlockPool(0, KEPT_BYTES);
  const starts = new Int32Array(VALUES);
  const ends = new Int32Array(VALUES);
  const start = (column: number): number => starts[column] ?? 0;
  const end = (column: number): number => ends[column] ?? 0;
  /** The column that is being written; none before a row's first. */
  let column = -1;

  function accountOf(row: Buffer): AccountSums {
    for (let i = 0; i < accounts.length; i++) {
      const account = accounts[i];
      if (!account || !holds(row, ROW.accountId, account.id)) continue;
      if (!holds(row, ROW.currency, account.currency)) continue;
      if (i > 0) [accounts[0], accounts[i]] = [account, accounts[0] ?? account];
      return account;
    }
    throw unknownAccount();
  }

  function holds(row: Buffer, column: number, bytes: Buffer): boolean {
    const from = start(column);
    if (end(column) - from !== bytes.length) return false;
    // Ids differ at their end.
    for (let i = bytes.length - 1; i >= 0; i--) if (row[from + i] !== bytes[i]) return false;
    return true;
  }

  /** One line, column by column; answers its end. */
  function putLine(out: Buffer, begin: number, row: Buffer, number: number): number {
    column = -1;
    const wrong = misformed(row, starts, ends);
    if (wrong >= 0) throw misformedValue(wrong, number);
    const account = accountOf(row);
    let at = begin;
    for (column = 0; column < writes.length; column++) {
      const place = places[column] ?? 0;
      const from = starts[place] ?? 0;
      const to = ends[place] ?? 0;
      switch (writes[column] ?? WRITE.raw) {
        case WRITE.raw:
          at = putRaw(out, at, row, from, to);
          break;
        case WRITE.plain:
          at = putPlain(out, at, row, from, to);
          break;
        case WRITE.text:
          at = putText(out, at, row, from, to);
          break;
        case WRITE.masked:
          at = putMasked(out, at, row, from, to);
          break;
        case WRITE.instant:
          at = putInstant(out, at, row, from, to);
          break;
        case WRITE.side:
          at = putSide(out, at, row, from, to);
          break;
        case WRITE.amount:
          at = account.putAmount(out, at, row, from, to);
          break;
        case WRITE.balance:
          at = account.putBalance(out, at, row, from, to);
          break;
        case WRITE.running:
          at = account.putRunning(out, at);
          break;
        case WRITE.decimal:
          at = account.putDecimal(out, at, row, from, to);
          break;
        case WRITE.line:
          at = putNumber(out, at, number);
          break;
      }
    }
    // In the place of the last comma.
    out[at - 1] = CR;
    out[at] = LF;
    return at + 1;
  }

  return {
    format(block, firstLine) {
      let out = pool.room(block.length + (block.length >> 2));
      let at = 0;
      let line = firstLine;
      for (let next = 0; next < block.length; line++) {
        const from = next;
        next = readRow(block, from, starts, ends);
        if (out.length - at < longestLine(next - from)) {
          out = enlarged(out, longestLine(block.length - from));
        }
        const begin = at;
        try {
          at = putLine(out, begin, block, line);
        } catch (error) {
          throw atRow(error, line, columns[column]?.name);
        }
        refuseLongLine(at - begin, [block, starts, ends], line);
      }
      if (!isUtf8(out.subarray(0, at))) refuseNotUtf8(block, firstLine);
      for (const account of accounts) account.settle();
      return { lines: pool.lend(out, at), rows: line - firstLine };
    },
  };
}

/** Says where, if the error does not. */
function atRow(error: unknown, row: number, column: string | undefined): unknown {
  if (!(error instanceof StatementFailure) || error.detail !== undefined) return error;
  const detail = column === undefined ? `row ${row}` : `${column}, row ${row}`;
  return new StatementFailure(error.code, error.message, { cause: error, detail });
}

function enlarged(buffer: Buffer, bytes: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(buffer.length + bytes);
  buffer.copy(larger);
  return larger;
}
