/**
 * statement.pdf: a tagged document for the customer to read and to file, in the statement's language. A
 * cover with the balances of all accounts, then each account with its transactions in the order they were posted.
 */
import type { AccountTotals } from "../../../domain/money/account-totals.ts";
import { FORMAT_FILES } from "../../../domain/manifest.ts";
import { nextTurn } from "../../../platform/clock/clock.ts";
import { statementId } from "../../../domain/statement-facts.ts";
import { openAccount } from "./pdf-account.ts";
import { block } from "./pdf-block.ts";
import { writeCover } from "./pdf-cover.ts";
import { pdfFaces } from "./text/pdf-font.ts";
import { openPaper } from "./paper/pdf-paper.ts";
import type { PdfStatement } from "./pdf-statement.ts";
import { makeStyles } from "./pdf-style.ts";
import type { StatementContent, StatementFormat, StatementRow } from "../statement-format.ts";
import { statementLocale } from "../statement-locale.ts";
import { STATEMENT_WORDS } from "../words/languages.ts";

/**
 * More rows than this are in transactions.csv alone: nobody reads further, and the structure that
 * screen readers need grows with every cell.
 */
const MAX_ROWS = 10_000;

/**
 * A row is up to half a millisecond of CPU, an account's own lines are as much, and rows that are at hand already never
 * wait: without a turn for others, the lease, a wish to cancel and the probes would stand still for as long as the whole
 * document takes.
 */
const TURN_ROWS = 50;

export function makePdfFormat(maxRows: number): StatementFormat {
  return {
    path: FORMAT_FILES.pdf,
    mediaType: "application/pdf",
    isTable: false,
    async *write(content) {
      const statement = begin(content, maxRows);
      const { paper } = statement;
      const turn = makeTurns();
      await writeCover(statement, turn);
      let left = statement.shownRows;
      let replaced = false;
      for (const account of content.totals) {
        const count = account.creditCount + account.debitCount;
        const shown = Math.min(count, left);
        left -= shown;
        const section = openAccount(statement, account, shown);
        for await (const rows of firstRows(content, account, shown)) {
          for (const row of rows) {
            section.row(row);
            await turn();
          }
          const bytes = paper.take();
          if (bytes) yield bytes;
        }
        section.end();
        replaced ||= section.replaced;
        const bytes = paper.take();
        if (bytes) yield bytes;
        await turn();
      }
      writeEnd(statement, replaced);
      const ending = paper.end();
      while (ending.next().done !== true) {
        const bytes = paper.take();
        if (bytes) yield bytes;
        await nextTurn();
      }
      const bytes = paper.take();
      if (bytes) yield bytes;
    },
  };
}

export const pdf: StatementFormat = makePdfFormat(MAX_ROWS);

/** To be called with each row that was drawn: others have their turn when there were some. */
function makeTurns(): () => Promise<void> {
  let drawn = 0;
  return async () => {
    if (++drawn % TURN_ROWS === 0) await nextTurn();
  };
}

function begin(content: StatementContent, maxRows: number): PdfStatement {
  const { facts, language, asOf, rows } = content;
  const { startDate, endDate } = facts.period;
  const words = STATEMENT_WORDS[language];
  const locale = statementLocale(language);
  const paper = openPaper(makeStyles(pdfFaces(), facts.bank?.colour), {
    language,
    title: `${words.title} · ${facts.customerId} · ${startDate} – ${endDate}`,
    statementId: statementId(facts),
    count: (value) => locale.count(value),
    pageOf: words.pageOf,
    createdAt: facts.generatedAt,
    modifiedAt: asOf,
  });
  return { content, paper, words, locale, shownRows: Math.min(rows, maxRows), isCover: true };
}

function writeEnd(statement: PdfStatement, replaced: boolean): void {
  const { content, paper, words, locale, shownRows } = statement;
  const { note } = paper.styles;
  paper.y += 14;
  if (replaced) block(statement, paper.root, "P", words.replacedCharacters, note);
  if (shownRows < content.rows) {
    const counts = words.firstOf(locale.count(shownRows), locale.count(content.rows));
    block(statement, paper.root, "P", counts, note);
  }
  block(statement, paper.root, "P", words.end, note);
}

/**
 * The first `count` rows of an account. The rest is read and added up as well, but made into no objects: the proof
 * stands at the end, and a result that is left early keeps the database's connection for itself.
 */
async function* firstRows(
  content: StatementContent,
  account: AccountTotals,
  count: number,
): AsyncGenerator<Iterable<StatementRow>> {
  if (count === 0) return;
  let left = count;
  for await (const rows of content.rowsOf(account)) {
    if (left === 0) continue;
    yield (function* () {
      for (const row of rows) {
        yield row;
        if (--left === 0) return;
      }
    })();
  }
}
