/**
 * `statement.ofx`, or a file for each account and currency: OFX 2.2 (XML) for accounting software. In
 * one file each has a statement of its own, in the order of balances.csv. Source of the elements, their order and lengths: Open
 * Financial Exchange Specification 2.2, chapters 2, 3 and 11, and its XML schema.
 *
 * What OFX asks for and the bank's views do not have:
 * - `BANKID` is the setting `OFX_BANK_ID`, else `UNKNOWN`, and `ACCTTYPE` is `CHECKING`, as OFX knows no "other".
 * - `TRNTYPE` is `CREDIT` or `DEBIT` by the sign: what a bank's `type` means, its views do not say.
 * - `TRNUID` is 0, that of an answer no client has asked for.
 * - `LANGUAGE` is `ENG` for every statement: it is that of messages of errors, which a file has none of, and ofxtools
 *   refuses a whole file for a code that is not in its list, as those of German are not, nor the older one of French.
 *
 * What OFX has no place for is in transactions.csv: the time of a posting, the balance after it, the
 * counterparty's account (of a masked one the last four stand in the memo), and what a reversal reverses. That
 * is not `CORRECTFITID`, which takes back what a file said by mistake: software would delete a
 * transaction that was booked, and its balance would be wrong.
 */
import type { AccountTotals } from "../../../domain/money/account-totals.ts";
import { FORMAT_FILES } from "../../../domain/manifest.ts";
import { formatAmount } from "../../../domain/money/money.ts";
import { ofxAccountId } from "./ofx-account-id.ts";
import { day, instant, localInstant, nameAndMemo, oneLine, textElements } from "./ofx-fields.ts";
import { TRANSACTION } from "./ofx-template.ts";
import type { StatementContent, StatementFormat, StatementRow } from "../statement-format.ts";
import { inBlocks, writtenRows } from "../text-blocks.ts";
import { element } from "../xml-text.ts";

export const ofx: StatementFormat = {
  path: FORMAT_FILES.ofx,
  mediaType: "application/x-ofx",
  isTable: false,
  write: (content) => inBlocks(document(content)),
};

const DECLARATIONS = [
  '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
  '<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>',
];
const SUCCESS = ["<STATUS>", "<CODE>0</CODE>", "<SEVERITY>INFO</SEVERITY>", "</STATUS>"];

async function* document(content: StatementContent): AsyncGenerator<Iterable<string | Buffer>> {
  yield [documentStart(content)];
  for (const account of content.totals) {
    yield [statementStart(content, account)];
    for await (const rows of content.rowsOf(account))
      yield writtenRows(rows, TRANSACTION, transaction);
    yield [statementEnd(content, account)];
  }
  yield [lines("</BANKMSGSRSV1>", "</OFX>")];
}

function documentStart({ facts }: StatementContent): string {
  return lines(
    ...DECLARATIONS,
    "<OFX>",
    "<SIGNONMSGSRSV1>",
    "<SONRS>",
    ...SUCCESS,
    element("DTSERVER", instant(facts.generatedAt)),
    "<LANGUAGE>ENG</LANGUAGE>",
    ...organisation(facts.bank?.name),
    "</SONRS>",
    "</SIGNONMSGSRSV1>",
    "<BANKMSGSRSV1>",
  );
}

/** `FI`, where the bank has a name; longer than OFX has room for it ends in "…". */
function organisation(name = ""): readonly string[] {
  const org = textElements("ORG", name);
  return org.length === 0 ? [] : ["<FI>", ...org, "</FI>"];
}

function statementStart(content: StatementContent, account: AccountTotals): string {
  const { facts, asOf } = content;
  const { period, bankId = "UNKNOWN" } = facts;
  return lines(
    "<STMTTRNRS>",
    "<TRNUID>0</TRNUID>",
    ...SUCCESS,
    "<STMTRS>",
    element("CURDEF", account.currency),
    "<BANKACCTFROM>",
    element("BANKID", bankId),
    element("ACCTID", ofxAccountId(account, content)),
    "<ACCTTYPE>CHECKING</ACCTTYPE>",
    "</BANKACCTFROM>",
    "<BANKTRANLIST>",
    element("DTSTART", localInstant(period.from, period.timeZone)),
    // Where the next statement has to start so that nothing is missed.
    element("DTEND", localInstant(Math.min(period.to, asOf), period.timeZone)),
  );
}

function transaction(row: StatementRow): string {
  return lines(
    "<STMTTRN>",
    element("TRNTYPE", row.amount < 0n ? "DEBIT" : "CREDIT"),
    element("DTPOSTED", day(row.bookingDate)),
    element("DTAVAIL", day(row.valueDate)),
    element("TRNAMT", formatAmount(row.amount, row.minorUnit)),
    // The bank's own: where two statements overlap, software sees that it has the row already.
    element("FITID", row.transactionId),
    ...texts(row),
    "</STMTTRN>",
  );
}

function texts(row: StatementRow): readonly string[] {
  const description = oneLine(row.description);
  const name = oneLine(row.counterpartyName) || description || oneLine(row.type);
  return [
    ...textElements("REFNUM", oneLine(row.reference)),
    ...nameAndMemo(name, description, lastFour(row.counterpartyAccount)),
  ];
}

/** Of a masked account, `*7788`: a text, and no element that software would take for an account. */
function lastFour(account: string | null): string {
  return /^\*+([^*]+)$/.exec(oneLine(account))?.[1]?.replace(/^/, "*") ?? "";
}

function statementEnd(
  { facts: { period }, asOf }: StatementContent,
  { closing, minorUnit }: AccountTotals,
): string {
  return lines(
    "</BANKTRANLIST>",
    "<LEDGERBAL>",
    element("BALAMT", formatAmount(closing, minorUnit)),
    // On the last day, for software that keeps only the date.
    element("DTASOF", localInstant(Math.min(period.to - 1, asOf), period.timeZone)),
    "</LEDGERBAL>",
    "</STMTRS>",
    "</STMTTRNRS>",
  );
}

function lines(...texts: readonly string[]): string {
  return `${texts.join("\n")}\n`;
}
