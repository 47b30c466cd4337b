/**
 * `transactions.jsonl`: transactions.csv as JSON Lines (jsonlines.org), one object a line, for
 * programs. UTF-8 without a mark, LF. Amounts stay decimal strings and ids strings, as no JSON
 * number holds them exactly; what is absent is `null`. Texts are the bank's own: JSON is no
 * spreadsheet, so nothing is guarded against formulas here.
 */
import { FORMAT_FILES, type TRANSACTION_COLUMNS } from "../../domain/manifest.ts";
import { formatAmount } from "../../domain/money.ts";
import type { StatementContent, StatementFormat, StatementRow } from "./statement-format.ts";
import { inBlocks } from "./text-blocks.ts";

type Column = (typeof TRANSACTION_COLUMNS)[number];
type TransactionObject = Readonly<Record<Exclude<Column, "line">, string | null>> & {
  readonly line: number;
};

export const jsonl: StatementFormat = {
  path: FORMAT_FILES.jsonl,
  // Not registered at IANA, but what jsonlines.org names.
  mediaType: "application/jsonl",
  isTable: true,
  write: (content) => inBlocks(lines(content)),
};

async function* lines(content: StatementContent): AsyncGenerator<readonly string[]> {
  for await (const rows of content.allRows()) yield rows.map(line);
}

function line(row: StatementRow): string {
  return `${JSON.stringify(transactionObject(row))}\n`;
}

/** In the order of TRANSACTION_COLUMNS. */
function transactionObject(row: StatementRow): TransactionObject {
  return {
    line: row.line,
    account_id: row.accountId,
    transaction_id: row.transactionId,
    booking_date: row.bookingDate,
    posted_at: row.postedAt,
    value_date: row.valueDate,
    status: "BOOK",
    credit_debit: row.amount < 0n ? "DBIT" : "CRDT",
    amount: formatAmount(row.amount, row.minorUnit),
    currency: row.currency,
    balance_after: formatAmount(row.balanceAfter, row.minorUnit),
    type: row.type,
    description: row.description,
    counterparty_name: row.counterpartyName,
    counterparty_account: row.counterpartyAccount,
    reference: row.reference,
    reversal_of: row.reversalOf,
  };
}
