/** One account and currency in statement.pdf: opening balance, transactions, sums, closing balance. */
import type { AccountTotals } from "../../../domain/account-totals.ts";
import { block } from "./pdf-block.ts";
import type { PdfStatement } from "./pdf-statement.ts";
import { CONTENT_WIDTH, PAGE } from "./pdf-style.ts";
import { amountCell, openTable, roomOf, type Column, type Table } from "./pdf-table.ts";
import { hasReplaced, stack, wrap, type Line } from "./pdf-text.ts";
import type { StatementRow } from "../statement-format.ts";

/** Room for a heading, the table's head and some rows; less than that is left blank. */
const LEAST_HEIGHT = 150;

/** Longer texts end with an ellipsis, so that a row has room on a page. */
const MAX_LINES = { name: 4, description: 12, note: 6 } as const;

const LONG_MASK = /\*{5,}/;

export interface AccountSection {
  row(row: StatementRow): void;
  end(): void;
  /** Whether any of its rows shows a character as its number. */
  readonly replaced: boolean;
}

/** @param shown how many of the account's rows will come. */
export function openAccount(
  statement: PdfStatement,
  totals: AccountTotals,
  shown: number,
): AccountSection {
  const { paper, words, locale, content } = statement;
  const { cell, strongCell } = paper.styles;
  const { period } = content.facts;
  if (paper.y + LEAST_HEIGHT > PAGE.bottom) paper.nextPage();
  else if (!paper.isBlank) paper.y += 22;
  const title = `${words.account} ${totals.accountId} · ${totals.currency}`;
  paper.bookmark(title);
  const section = paper.open("Sect", paper.root);
  block(statement, section, "H2", title, paper.styles.heading);
  paper.y += 2;
  const columns = columnsOf(statement);
  const table = openTable(paper, section, columns);
  summary(words.openingOn(locale.longDate(period.startDate)), { balance: totals.opening });
  const count = totals.creditCount + totals.debitCount;
  if (count === 0) note(table, words.noTransactions);

  let replaced = false;
  return {
    get replaced() {
      return replaced;
    },
    row(row) {
      const cells = cellsOf(statement, columns, row);
      replaced ||= hasReplaced(cells[2] ?? []);
      table.row(cells);
    },
    end() {
      if (shown < count) note(table, words.notShownOfAccount(locale.count(count - shown)));
      table.keep(3 * 18);
      summary(words.totalCredits(locale.count(totals.creditCount)), { amount: totals.creditSum });
      summary(words.totalDebits(locale.count(totals.debitCount)), { amount: -totals.debitSum });
      summary(words.closingOn(locale.longDate(period.endDate)), { balance: totals.closing });
      table.end();
      section.end();
    },
  };

  function summary(text: string, sums: { amount?: bigint; balance?: bigint }): void {
    const [, , details, amountColumn, balanceColumn] = columns;
    const { minorUnit } = totals;
    const style = sums.balance === undefined ? cell : strongCell;
    const amount = sums.amount === undefined ? "" : locale.movement(sums.amount, minorUnit);
    const balance = sums.balance === undefined ? "" : locale.balance(sums.balance, minorUnit);
    const label = wrap(text, style, { width: roomOf(details) });
    const sum = amountCell(amount, amountColumn, style);
    const end = amountCell(balance, balanceColumn, style);
    table.row([[], [], label, sum, end], { marked: true });
  }

  function note(table: Table, text: string): void {
    const [, , details] = columns;
    table.row([[], [], wrap(text, paper.styles.quietCell, { width: roomOf(details) }), [], []]);
  }
}

type Columns = readonly [Column, Column, Column, Column, Column];

function columnsOf({ words }: PdfStatement): Columns {
  const [date, amount] = [57, 84];
  return [
    { title: words.booked, width: date, align: "left" },
    { title: words.valueDate, width: date, align: "left" },
    { title: words.details, width: CONTENT_WIDTH - 2 * date - 2 * amount, align: "left" },
    { title: words.amount, width: amount, align: "right" },
    { title: words.balance, width: amount, align: "right" },
  ];
}

function cellsOf(
  statement: PdfStatement,
  [, , details, amount, balance]: Columns,
  row: StatementRow,
): readonly (readonly Line[])[] {
  const { locale, paper } = statement;
  const { cell } = paper.styles;
  return [
    [{ shown: locale.shortDate(row.bookingDate), style: cell }],
    [{ shown: locale.shortDate(row.valueDate), style: cell }],
    detailsOf(statement, row, roomOf(details)),
    amountCell(locale.movement(row.amount, row.minorUnit), amount, cell),
    amountCell(locale.balance(row.balanceAfter, row.minorUnit), balance, cell),
  ];
}

/** Who, what for, and in small what identifies it. */
function detailsOf({ words, paper }: PdfStatement, row: StatementRow, width: number): Line[] {
  const { cell, strongCell, quietCell } = paper.styles;
  const of = (text: string | null, style: Line["style"], maxLines: number): Line[] => {
    if (text === null || text === "") return [];
    const lines = wrap(text, style, { width, maxLines });
    const whole = !lines.at(-1)?.shown.endsWith("…") || text.endsWith("…");
    return whole ? lines : stack(lines, wrap(`(${words.fullText})`, quietCell, { width }));
  };
  const identity = [
    row.type,
    row.counterpartyAccount?.replace(LONG_MASK, "****"),
    labelled(words.reference, row.reference),
    labelled(words.transactionId, row.transactionId),
    labelled(words.reversalOf, row.reversalOf),
  ];
  const identityText = identity.filter(Boolean).join("\u00a0· ");
  return stack(
    of(row.counterpartyName, strongCell, MAX_LINES.name),
    of(row.description, cell, MAX_LINES.description),
    of(identityText, quietCell, MAX_LINES.note),
  );
}

function labelled(label: string, value: string | null): string | null {
  return value === null || value === "" ? null : `${label}\u00a0${value}`;
}
