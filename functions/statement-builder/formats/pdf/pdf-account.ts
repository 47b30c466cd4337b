/** One account and currency in statement.pdf: opening balance, transactions by days and months, sums, closing balance. */
import type { AccountTotals } from "../../../domain/money/account-totals.ts";
import { accountLabel } from "../../../domain/bank-names.ts";
import { block } from "./pdf-block.ts";
import { detailsOf } from "./pdf-details.ts";
import { monthsOf } from "./pdf-months.ts";
import type { PdfStatement } from "./pdf-statement.ts";
import { CONTENT_WIDTH, PAGE } from "./pdf-style.ts";
import { amountCell, openTable, roomOf, type Cells, type Column, type Table } from "./pdf-table.ts";
import { hasReplaced, stack, wrap, type Line } from "./text/pdf-text.ts";
import type { StatementRow } from "../statement-format.ts";

/** Room for a heading, the table's head and some rows; less than that is left blank. */
const LEAST_HEIGHT = 150;
/** Points above and below the lines of a row. */
const PADDING = 1.5;

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
  const { cell, strongCell, quietCell } = paper.styles;
  const { period, customerId } = content.facts;
  const { minorUnit } = totals;
  const title = `${words.account} ${accountLabel(totals)} · ${totals.currency}`;
  const dates = `${locale.longDate(period.startDate)} – ${locale.longDate(period.endDate)}`;
  paper.header = `${words.title} · ${customerId} · ${title} · ${dates}`;
  if (statement.isCover || paper.y + LEAST_HEIGHT > PAGE.bottom) paper.nextPage();
  else if (!paper.isBlank) paper.y += 22;
  statement.isCover = false;
  paper.bookmark(title);
  const section = paper.open("Sect", paper.root);
  block(statement, section, "H2", title, paper.styles.heading);
  const names = namesOf(totals);
  if (names !== "") block(statement, section, "P", names, paper.styles.note);
  paper.y += 2;
  const columns = columnsOf(statement);
  const [, , details, amountColumn, balanceColumn] = columns;
  let balance = totals.opening;
  const table = openTable(paper, section, columns, {
    padding: PADDING,
    carry: {
      forward: () => summaryCells(words.carriedForward, { balance }),
      back: () => summaryCells(words.broughtForward, { balance }),
    },
  });
  summary(words.openingOn(locale.longDate(period.startDate)), { balance: totals.opening });
  const count = totals.creditCount + totals.debitCount;
  if (count === 0) note(table, words.noTransactions);

  const months = monthsOf(period);
  const month = { credits: 0n, debits: 0n, rows: 0 };
  let lastDay = "";
  let replaced = false;
  return {
    get replaced() {
      return replaced;
    },
    row(row) {
      while (months[0]?.endsBefore(row)) endMonth();
      const cells = cellsOf(statement, columns, row);
      replaced ||= hasReplaced(cells[2] ?? []);
      table.row(cells, { joined: row.bookingDate === lastDay });
      lastDay = row.bookingDate;
      balance = row.balanceAfter;
      month.rows += 1;
      if (row.amount < 0n) month.debits += row.amount;
      else month.credits += row.amount;
    },
    end() {
      if (shown < count) note(table, words.notShownOfAccount(locale.count(count - shown)));
      else endMonth();
      table.keep(3 * (strongCell.leading + 2 * PADDING));
      summary(words.totalCredits(locale.count(totals.creditCount)), { amount: totals.creditSum });
      summary(words.totalDebits(locale.count(totals.debitCount)), { amount: -totals.debitSum });
      summary(words.closingOn(locale.longDate(period.endDate)), { balance: totals.closing });
      table.end();
      section.end();
    },
  };

  /** Of a month without rows nothing is said. */
  function endMonth(): void {
    const date = months.shift()?.date;
    if (date === undefined || month.rows === 0) return;
    const { credits, debits } = month;
    const sums = `${words.credits}\u00a0${locale.movement(credits, minorUnit)} · ${words.debits}\u00a0${locale.movement(debits, minorUnit)}`;
    const label = words.monthTotal(locale.month(date));
    const beneath = wrap(sums, quietCell, { width: roomOf(details) });
    table.row(summaryCells(label, { amount: credits + debits, balance }, beneath), {
      marked: true,
    });
    Object.assign(month, { credits: 0n, debits: 0n, rows: 0 });
    lastDay = "";
  }

  function summary(text: string, sums: Sums): void {
    table.row(summaryCells(text, sums), { marked: true });
  }

  function summaryCells(text: string, sums: Sums, beneath: readonly Line[] = []): Cells {
    const style = sums.balance === undefined ? cell : strongCell;
    const amount = sums.amount === undefined ? "" : locale.movement(sums.amount, minorUnit);
    const end = sums.balance === undefined ? "" : locale.balance(sums.balance, minorUnit);
    return [
      [],
      [],
      stack(wrap(text, style, { width: roomOf(details) }), beneath),
      amountCell(amount, amountColumn, style),
      amountCell(end, balanceColumn, style),
    ];
  }

  function note(table: Table, text: string): void {
    table.row([[], [], wrap(text, quietCell, { width: roomOf(details) }), [], []]);
  }
}

/** What else is known of an account than what it is called by. */
function namesOf({ accountId, names = {} }: AccountTotals): string {
  const { iban, name, product, owner } = names;
  const parts = [owner, name, product, iban === undefined ? undefined : accountId];
  const known = parts.filter((part) => part !== undefined && part !== iban);
  const joined = known.join(" · ");
  // One behind the other from the left, whichever way each is read.
  return RIGHT_TO_LEFT.test(joined) ? LRM + known.join(`${LRM} · `) : joined;
}
const LRM = "\u200E";
const RIGHT_TO_LEFT =
  /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

interface Sums {
  readonly amount?: bigint;
  readonly balance?: bigint;
}

type Columns = readonly [Column, Column, Column, Column, Column];

function columnsOf({ words }: PdfStatement): Columns {
  const [date, amount] = [54, 82];
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
): Cells {
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
