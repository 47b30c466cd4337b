/**
 * `camt.053.xml`: ISO 20022 BankToCustomerStatement, version camt.053.001.08 of 2019, the one that the
 * rules of the German and the Swiss banks and of SWIFT's CGI-MP are written for.
 * A statement (`Stmt`) for each account and currency, an entry (`Ntry`) for each row.
 */
import { FORMAT_FILES } from "../../../domain/manifest.ts";
import type { TypeWords } from "../../../domain/statement-facts.ts";
import type { RowTemplate } from "../row-template.ts";
import type { StatementContent, StatementFormat } from "../statement-format.ts";
import { entry } from "./camt053-entry.ts";
import { DOCUMENT_END, documentStart, STATEMENT_END, statementStart } from "./camt053-frame.ts";
import { entryTemplate } from "./camt053-template.ts";
import { typeWord, wordsByType } from "../words/type-words.ts";
import { inBlocks, writtenRows } from "../text-blocks.ts";

export const camt053: StatementFormat = {
  path: FORMAT_FILES["camt.053"],
  mediaType: "application/xml",
  isTable: false,
  write: (content) => inBlocks(document(content)),
};

/** @throws StatementFailure `invalid_amount`, see `documentStart`. */
async function* document(content: StatementContent): AsyncGenerator<Iterable<string | Buffer>> {
  const template = templateOf(content);
  yield [documentStart(content)];
  for (const account of content.totals) {
    yield [statementStart(content, account)];
    for await (const rows of content.rowsOf(account)) {
      yield writtenRows(rows, template, (row) => entry(row, typeWord(content, row.type)));
    }
    yield [STATEMENT_END];
  }
  yield [DOCUMENT_END];
}

/** The one that was made last: most statements of an installation have the same words. */
let latest:
  | (Pick<StatementContent, "language"> & {
      readonly typeWords: TypeWords | undefined;
      readonly template: RowTemplate;
    })
  | undefined;

function templateOf(content: StatementContent): RowTemplate {
  const {
    language,
    facts: { typeWords },
  } = content;
  if (latest?.language !== language || latest.typeWords !== typeWords) {
    latest = { language, typeWords, template: entryTemplate(wordsByType(content)) };
  }
  return latest.template;
}
