/** The rows of a statement, batch after batch, each as an object or as its template has it. */
import type { RowTemplate } from "../formats/row-template.ts";
import type { Rows, StatementRow } from "../formats/statement-format.ts";
import { makeRowTexts, type RowReading } from "./row-texts/row-texts.ts";
import { makeRowReader } from "./statement-rows.ts";

export interface BatchRows extends Rows {
  /** Reads what nobody asked for: it is proved all the same. */
  readRest(): void;
}

/** Writes nothing: rows are read and added up. */
const NOTHING: RowTemplate = { escape: "xml", steps: [] };

/**
 * The rows of a block: adds each to the totals of its account once it is asked for, and numbers them from
 * block to block. A row that waited for others would outlive a collection of garbage or two, and cost more than
 * all that is done with it. Who leaves early may go on later.
 * @throws StatementFailure `proof_mismatch`, `invalid_amount`, `invalid_value` from the rows
 */
export function makeBatchRows(reading: RowReading): (block: Buffer) => BatchRows {
  const reader = makeRowReader(reading);
  const textsOf = makeRowTexts(reading);
  let line = 0;

  return (block) => {
    const texts = textsOf?.(block);
    let at = 0;

    function readRow(): StatementRow {
      const { row, next } = reader.read(block, at, (line += 1));
      at = next;
      return row;
    }

    function* written(template: RowTemplate, plain: (row: StatementRow) => string) {
      while (at < block.length) {
        const some = texts?.write(template, at, line + 1);
        if (!some) {
          yield plain(readRow());
          continue;
        }
        line += some.rows;
        at = some.next;
        yield some.bytes;
      }
    }

    return {
      [Symbol.iterator]: () => ({
        next: () =>
          at < block.length ? { done: false, value: readRow() } : { done: true, value: undefined },
      }),
      written,
      readRest() {
        const rest = written(NOTHING, () => "");
        while (!rest.next().done);
      },
    };
  };
}
