/** A row as an entry (`Ntry`) of camt.053. The schema fixes the order of the elements. */
import { TRANSACTION_CODE } from "../../../domain/columns.ts";
import {
  accountId,
  cutElement,
  MAX_ACCOUNT,
  MAX_INFORMATION,
  MAX_REFERENCE,
  MAX_TEXT,
  money,
  reference,
} from "./camt053-fields.ts";
import type { StatementRow } from "../statement-format.ts";
import { element, fits, piecesOf } from "../xml-text.ts";

/** ISO's own code for a code that is not available. */
export const NO_TYPE = "NTAV";

/** @param word what its type is called in the statement's language */
export function entry(row: StatementRow, word: string): string {
  const { line, transactionId } = row;
  const amount = money(row.amount, row.minorUnit, row.currency);
  // The indicator says which way the money goes now; ISO has the original go the other way.
  const reversal = row.reversalOf === null ? "" : "<RvslInd>true</RvslInd>";
  return (
    `<Ntry><NtryRef>${line}</NtryRef>${amount}${reversal}<Sts><Cd>BOOK</Cd></Sts>` +
    `<BookgDt><Dt>${row.bookingDate}</Dt></BookgDt><ValDt><Dt>${row.valueDate}</Dt></ValDt>` +
    reference("AcctSvcrRef", transactionId) +
    transactionCode(row) +
    `<NtryDtls><TxDtls>${references(row)}${amount}${party(row)}${remittance(row)}</TxDtls></NtryDtls>` +
    `${cutElement("AddtlNtryInf", word, MAX_INFORMATION)}</Ntry>\n`
  );
}

/** ISO's code where the bank has one, and the bank's own: the schema asks for one of them. */
function transactionCode({ bankTransactionCode, type }: StatementRow): string {
  const [, domain, family, subFamily] = TRANSACTION_CODE.exec(bankTransactionCode ?? "") ?? [];
  const iso =
    domain &&
    `<Domn><Cd>${domain}</Cd><Fmly><Cd>${family}</Cd><SubFmlyCd>${subFamily}</SubFmlyCd></Fmly></Domn>`;
  const own = cutElement("Cd", type || NO_TYPE, MAX_REFERENCE);
  return `<BkTxCd>${iso ?? ""}<Prtry>${own}</Prtry></BkTxCd>`;
}

function references({ transactionId, reference: endToEnd, reversalOf }: StatementRow): string {
  const reversed = reference("Ref", reversalOf);
  const original = reversed && `<Prtry><Tp>REVERSAL_OF</Tp>${reversed}</Prtry>`;
  const all =
    reference("AcctSvcrRef", transactionId) + reference("EndToEndId", endToEnd) + original;
  return all && `<Refs>${all}</Refs>`;
}

/** Whom the money comes from, or whom it goes to. */
function party({ amount, counterpartyName, counterpartyAccount }: StatementRow): string {
  const role = amount < 0n ? "Cdtr" : "Dbtr";
  const name = cutElement("Nm", counterpartyName ?? "", MAX_TEXT);
  const who = name && `<${role}><Pty>${name}</Pty></${role}>`;
  const account = wholeAccount(counterpartyAccount ?? "");
  const where = account && `<${role}Acct>${accountId(account)}</${role}Acct>`;
  return who || where ? `<RltdPties>${who}${where}</RltdPties>` : "";
}

/**
 * None for a masked number: importers would take what shows of it for an account, and all that end alike
 * for the same one. None that is too long either: it goes in whole or not.
 */
function wholeAccount(account: string): string {
  return fits(account, MAX_ACCOUNT) && !isMasked(account) ? account : "";
}

/** As the builder masks a number, whatever its length. */
function isMasked(account: string): boolean {
  return account.startsWith("*");
}

/** The description, and behind it whole what its own element cannot hold: nothing is lost. */
function remittance(row: StatementRow): string {
  let lines = unstructured(row.description ?? "");
  for (const [name, property, max] of LIMITED) {
    const text = row[property];
    if (
      text === null ||
      (fits(text, max) && !(property === "counterpartyAccount" && isMasked(text)))
    )
      continue;
    lines += unstructured(`${name}: ${text}`);
  }
  return lines && `<RmtInf>${lines}</RmtInf>`;
}

function unstructured(text: string): string {
  if (fits(text, MAX_TEXT)) return text === "" ? "" : element("Ustrd", text);
  return piecesOf(text, MAX_TEXT)
    .map((piece) => element("Ustrd", piece))
    .join("");
}

/** What has an element of its own with less room than its text may need, under the names of transactions.csv. */
const LIMITED = [
  ["transaction_id", "transactionId", MAX_REFERENCE],
  ["type", "type", MAX_REFERENCE],
  ["counterparty_name", "counterpartyName", MAX_TEXT],
  ["counterparty_account", "counterpartyAccount", MAX_ACCOUNT],
  ["reference", "reference", MAX_REFERENCE],
  ["reversal_of", "reversalOf", MAX_REFERENCE],
] as const;
