/**
 * The rows of a format in WebAssembly, by its template (see README.md): a tenth of the time that an object and
 * a text for each row take, the same bytes and sums. Rows that the module does not know how to write are
 * left to the format's own function.
 */
import { ROW } from "../../../domain/columns.ts";
import type { RunningTotals } from "../../../domain/money/account-totals.ts";
import type { RowTemplate } from "../../formats/row-template.ts";
import { VALUES } from "../../lines/row-bytes.ts";
import { moduleAccounts, type AccountsModule } from "../../lines/row-lines/module-accounts.ts";
import { compiledModule, type Global } from "../../webassembly/compiled-module.ts";
import { compileTemplate, type CompiledTemplate } from "./compiled-template.ts";

/** Of assembly/row-texts.ts. */
interface Exports extends AccountsModule {
  readonly STEPS: Global;
  readonly MOST_STEPS: Global;
  readonly MOST_GROUPS: Global;
  readonly IBANS: Global;
  readonly LITERALS: Global;
  readonly LITERALS_BYTES: Global;
  readonly ROWS: Global;
  readonly ROWS_BYTES: Global;
  readonly TEXTS: Global;
  readonly textsEnd: Global;
  readonly nextRow: Global;
  readonly rows: Global;
  readonly beginRows: (
    values: number,
    accounts: number,
    running: boolean,
    idPlace: number,
    currencyPlace: number,
    amountPlace: number,
    balancePlace: number,
  ) => void;
  readonly beginTemplate: (steps: number, isJson: boolean) => void;
  readonly write: (from: number, end: number, firstLine: number) => void;
}

// Read and compiled with this file: a program without it ends when it starts, not with a statement.
const module = compiledModule(new URL("row-texts.wasm", import.meta.url))() as Exports;
const memory = Buffer.from(module.memory.buffer);
const moduleRows = moduleAccounts(module);
const [ROWS, TEXTS] = [module.ROWS.value, module.TEXTS.value];
const TEMPLATE_ROOM = {
  steps: module.MOST_STEPS.value,
  groups: module.MOST_GROUPS.value,
  literalsAt: module.LITERALS.value,
  literalsBytes: module.LITERALS_BYTES.value,
};
/** The module counts lines in 32 bits. */
const LAST_LINE = 2 ** 32 - 2 ** 20;

/** Whose rows and template are in its memory. */
let holder: { readonly block: BlockTexts; readonly template: RowTemplate } | undefined;

export interface WrittenRows {
  /** In the module's memory: good until anybody writes again. */
  readonly bytes: Buffer;
  readonly rows: number;
  /** Where the row behind them is in the block. */
  readonly next: number;
}

export interface BlockTexts {
  /**
   * Writes rows from `from` on, the first of which has the number `line`, and adds them to their totals; undefined
   * for a row that is left to the plain writer. Not all of them: ask again.
   */
  write(template: RowTemplate, from: number, line: number): WrittenRows | undefined;
}

export interface RowReading {
  readonly accounts: readonly RunningTotals[];
  /** Whether only the last four characters of a counterparty's account show. */
  readonly masked: boolean;
  /** Whether balances are the statement's own. */
  readonly running: boolean;
}

/** Of blocks of rows; undefined for accounts that are too many or have names that are too long. */
export function makeRowTexts(reading: RowReading): ((block: Buffer) => BlockTexts) | undefined {
  const { accounts, masked, running } = reading;
  if (!moduleRows.fits(accounts)) return undefined;
  return (block) => {
    const self: BlockTexts = {
      write(template, from, line) {
        if (line > LAST_LINE || block.length > module.ROWS_BYTES.value) return undefined;
        if (holder?.block !== self || holder.template !== template) {
          const code = compiledOnce(template, masked);
          if (!code) return undefined;
          begin(code, block, reading);
          holder = { block: self, template };
        } else if (running) moduleRows.tellBalances(accounts);
        module.write(ROWS + from, ROWS + block.length, line);
        const rows = module.rows.value;
        if (rows === 0) return undefined;
        moduleRows.settle(accounts, true);
        const bytes = memory.subarray(TEXTS, module.textsEnd.value);
        return { bytes, rows, next: module.nextRow.value - ROWS };
      },
    };
    return self;
  };
}

function begin(code: CompiledTemplate, block: Buffer, { accounts, running }: RowReading): void {
  Buffer.from(code.words.buffer).copy(memory, module.STEPS.value);
  code.literals.copy(memory, module.LITERALS.value);
  code.ibans.copy(memory, module.IBANS.value);
  module.beginTemplate(code.steps, code.isJson);
  block.copy(memory, ROWS);
  moduleRows.begin(accounts);
  const { accountId, currency, amount, balanceAfter } = ROW;
  module.beginRows(VALUES, accounts.length, running, accountId, currency, amount, balanceAfter);
}

const known = new WeakMap<RowTemplate, Map<boolean, CompiledTemplate | undefined>>();

function compiledOnce(template: RowTemplate, masked: boolean): CompiledTemplate | undefined {
  const codes = known.get(template) ?? new Map<boolean, CompiledTemplate | undefined>();
  known.set(template, codes);
  if (!codes.has(masked)) codes.set(masked, compileTemplate(template, masked, TEMPLATE_ROOM));
  return codes.get(masked);
}
