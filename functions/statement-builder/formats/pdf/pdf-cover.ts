/** The first page of statement.pdf: whose statement it is, of when, and the balances of all accounts. */
import { net, type AccountTotals } from "../../../domain/money/account-totals.ts";
import { accountLabel, ownersOf, type BankLogo } from "../../../domain/bank-names.ts";
import { isPartial, statementId } from "../../../domain/statement-facts.ts";
import { block, drawLines } from "./pdf-block.ts";
import { shownSize } from "./pdf-logo.ts";
import type { Element } from "./paper/pdf-structure.ts";
import type { PdfStatement } from "./pdf-statement.ts";
import { COLOURS, CONTENT_WIDTH, PAGE, type TextStyle } from "./pdf-style.ts";
import { amountCell, openTable, roomOf, type Column } from "./pdf-table.ts";
import { fit, stack, wrap, type Line } from "./text/pdf-text.ts";

/** Of a customer with very many accounts all are at their accounts. */
const MAX_OWNERS = 5;
const LABEL_WIDTH = 110;
/** Points. */
const LEAST_SIZE = 6;
const NOTE_GAP = 4;
const NOTE_PADDING = 9;

/** @param turn called with each row of the balances */
export async function writeCover(
  statement: PdfStatement,
  turn: () => Promise<void>,
): Promise<void> {
  const { paper, words, content } = statement;
  const dates = datesOf(statement);
  paper.nextPage();
  // The first page says so itself, what goes on behind it does not.
  paper.header = `${words.title} · ${content.facts.customerId} · ${dates}`;
  paper.bookmark(words.title);
  const section = paper.open("Sect", paper.root);
  writeBank(statement, section);
  paper.decorate(() => paper.panel(PAGE.left, paper.y, 44, 4, paper.styles.accent));
  paper.y += 24;
  block(statement, section, "H1", words.title, paper.styles.title);
  const period = `${dates} (${words.bothDaysIncluded})`;
  block(statement, section, "P", period, paper.styles.subtitle);
  paper.y += 16;
  writeFacts(statement, section);
  paper.y += 14;
  writeNotes(statement, section);
  block(statement, section, "H2", words.balances, paper.styles.heading);
  paper.y += 2;
  if (statement.content.totals.length === 0)
    block(statement, section, "P", words.noAccounts, paper.styles.text);
  else await writeBalances(statement, section, turn);
  paper.y += 8;
  block(statement, section, "P", words.howToRead, paper.styles.note);
  const { legal = [] } = statement.content.facts.bank ?? {};
  if (legal.length > 0) paper.y += 6;
  for (const line of legal) block(statement, section, "P", line, paper.styles.note);
  section.end();
}

/** The bank as its letters have it, where the installation names it. */
function writeBank(statement: PdfStatement, section: Element): void {
  const { paper, content } = statement;
  const { name, bic, address, logo } = content.facts.bank ?? { address: [] };
  if (logo) writeLogo(statement, section, logo);
  const lines = [...address, ...(bic === undefined ? [] : [`BIC ${bic}`])];
  if (name === undefined && lines.length === 0) return;
  if (name !== undefined) block(statement, section, "P", name, paper.styles.heading);
  if (lines.length > 0) block(statement, section, "P", lines.join(" · "), paper.styles.note);
  paper.y += 14;
}

/** The bank's name is what it says. */
function writeLogo(statement: PdfStatement, section: Element, logo: BankLogo): void {
  const { paper, words, content } = statement;
  const { width, height } = shownSize(logo);
  const bbox = [PAGE.left, paper.y, PAGE.left + width, paper.y + height] as const;
  const alt = content.facts.bank?.name ?? words.bank;
  paper.place("Figure", section, () => paper.picture(logo, bbox), { alt, bbox });
  paper.y += height + 10;
}

function datesOf({ content, locale }: PdfStatement): string {
  const { startDate, endDate } = content.facts.period;
  return `${locale.longDate(startDate)} – ${locale.longDate(endDate)}`;
}

function writeFacts({ paper, words, locale, content }: PdfStatement, section: Element): void {
  const { facts, asOf, rows, totals } = content;
  const { timeZone, basis } = facts.period;
  const owners = ownersOf(totals).slice(0, MAX_OWNERS);
  const table = paper.open("Table", section);
  for (const [label, value] of [
    ...owners.map((owner) => [words.holder, owner] as const),
    [words.customer, facts.customerId],
    [words.daysOf, words.basis[basis]],
    [words.timeZone, timeZone],
    [words.asOf, locale.instant(asOf, timeZone)],
    [words.transactionCount, locale.count(rows)],
    [words.statement, statementId(facts)],
  ] as const) {
    const { label: quiet, text } = paper.styles;
    const row = paper.open("TR", table);
    const top = paper.y;
    const labels = wrap(label, quiet, { width: LABEL_WIDTH - 8 });
    paper.place("TH", row, () => drawLines(paper, labels, PAGE.left), { scope: "Row" });
    const below = paper.y;
    paper.y = top;
    const values = wrap(value, text, { width: CONTENT_WIDTH - LABEL_WIDTH });
    paper.place("TD", row, () => drawLines(paper, values, PAGE.left + LABEL_WIDTH));
    paper.y = Math.max(below, paper.y) + 3;
    row.end();
  }
  table.end();
}

/** What makes this statement other than the usual one, in a panel. */
function writeNotes(statement: PdfStatement, section: Element): void {
  const { paper, words, content, shownRows, locale } = statement;
  const { facts, asOf, rows } = content;
  const { supersedes } = facts.options;
  const { strongText, text } = paper.styles;
  const notes: (readonly [string, TextStyle])[] = [];
  if (isPartial(facts, asOf)) notes.push([words.provisional, strongText]);
  if (supersedes !== null) notes.push([words.replaces(supersedes), text]);
  if (shownRows < rows) {
    notes.push([words.notAllShown, strongText]);
    notes.push([words.firstOf(locale.count(shownRows), locale.count(rows)), text]);
  }
  if (notes.length === 0) return;
  const width = CONTENT_WIDTH - 24;
  const wrapped = notes.map(([note, style]) => wrap(note, style, { width }));
  const textHeight = wrapped.flat().reduce((sum, { style }) => sum + style.leading, 0);
  const height = textHeight + (notes.length - 1) * NOTE_GAP + 2 * NOTE_PADDING;
  paper.decorate(() => {
    paper.panel(PAGE.left, paper.y, CONTENT_WIDTH, height, COLOURS.panel);
    paper.panel(PAGE.left, paper.y, 3, height, paper.styles.accent);
  });
  const below = paper.y + height;
  paper.y += NOTE_PADDING;
  for (const lines of wrapped) {
    paper.place("P", section, () => drawLines(paper, lines, PAGE.left + 14));
    paper.y += NOTE_GAP;
  }
  paper.y = below + 16;
}

async function writeBalances(
  statement: PdfStatement,
  section: Element,
  turn: () => Promise<void>,
): Promise<void> {
  const { paper, words, content, locale } = statement;
  const { cell, strongCell, quietCell } = paper.styles;
  const amounts = [words.opening, words.credits, words.debits, words.net, words.closing];
  const columns: Column[] = [
    { title: words.account, width: 118, align: "left" },
    { title: words.currency, width: 45, align: "left" },
    ...amounts.map((title, index): Column => {
      const counted = index === 1 || index === 2 ? `${title}\n(${words.count})` : title;
      return { title: counted, width: (CONTENT_WIDTH - 163) / 5, align: "right" };
    }),
  ];
  const [account, unit, amount] = columns as [Column, Column, Column];
  const table = openTable(paper, section, columns);
  const row = (totals: AccountTotals, name: string, style: TextStyle): void => {
    const { minorUnit, currency } = totals;
    const movement = (minor: bigint) =>
      amountCell(locale.movement(minor, minorUnit), amount, style);
    const balance = (minor: bigint, of: TextStyle) =>
      amountCell(locale.balance(minor, minorUnit), amount, of);
    const count = (value: number) => amountCell(`(${locale.count(value)})`, amount, quietCell);
    table.row(
      [
        accountCell(name, account, style),
        wrap(currency, style, { width: roomOf(unit) }),
        balance(totals.opening, style),
        stack(movement(totals.creditSum), count(totals.creditCount)),
        stack(movement(-totals.debitSum), count(totals.debitCount)),
        movement(net(totals)),
        balance(totals.closing, strongCell),
      ],
      { marked: style === strongCell },
    );
  };
  for (const totals of content.totals) {
    row(totals, accountLabel(totals), cell);
    await turn();
  }
  for (const sum of sumsByCurrency(content.totals)) row(sum, words.allAccounts, strongCell);
  table.end();
}

/** A number that is copied is in one piece: smaller where it needs to be, in lines where that were too small to read. */
function accountCell(name: string, column: Column, style: TextStyle): readonly Line[] {
  const line = fit(name, style, roomOf(column));
  return line.style.size >= LEAST_SIZE ? [line] : wrap(name, style, { width: roomOf(column) });
}

/** Of each currency that more than one account has. */
function sumsByCurrency(totals: readonly AccountTotals[]): readonly AccountTotals[] {
  const groups = Map.groupBy(totals, ({ currency }) => currency);
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) =>
      group.reduce((sum, one) => ({
        ...sum,
        opening: sum.opening + one.opening,
        closing: sum.closing + one.closing,
        creditCount: sum.creditCount + one.creditCount,
        creditSum: sum.creditSum + one.creditSum,
        debitCount: sum.debitCount + one.debitCount,
        debitSum: sum.debitSum + one.debitSum,
      })),
    );
}
