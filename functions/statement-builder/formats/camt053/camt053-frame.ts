/** What stands around the entries of camt.053: the group header, account, balances and totals. */
import { createHash } from "node:crypto";
import type { BankNames } from "../../../domain/bank-names.ts";
import { accountKey, net, type AccountTotals } from "../../../domain/money/account-totals.ts";
import { formatAmount } from "../../../domain/money/money.ts";
import { StatementFailure } from "../../../domain/failure.ts";
import { isPartial, type StatementFacts } from "../../../domain/statement-facts.ts";
import {
  accountId,
  cutElement,
  isoDateTime,
  MAX_ACCOUNT,
  MAX_REFERENCE,
  MAX_TEXT,
  money,
  signed,
} from "./camt053-fields.ts";
import type { StatementContent } from "../statement-format.ts";
import { element, fits } from "../xml-text.ts";

const NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08";

export const DOCUMENT_END = "</BkToCstmrStmt></Document>\n";
export const STATEMENT_END = "</Stmt>\n";

/** `totalDigits` of every amount and sum in the schema. */
const MAX_DIGITS = 18;
const TOO_LARGE = 10n ** BigInt(MAX_DIGITS);
const CURRENCY = /^[A-Z]{3}$/;

/** Of an account. */
const MAX_NAME = 70;
/** Hexadecimal digits: 64 bits beside the period, and with it within the schema's 35 characters. */
const ID_HASH_LENGTH = 16;
/** The same for an account's number: 128 bits. */
const ACCOUNT_HASH_LENGTH = 32;

/**
 * Up to the first statement.
 * @throws StatementFailure `invalid_amount` when an amount cannot be stated in camt.053: it, or a
 * sum with it, has more than 18 digits, or its currency is no code of ISO 4217. Nothing was read yet.
 */
export function documentStart({ facts, totals, isPart }: StatementContent): string {
  // Messages of one customer and period must not be taken for each other.
  const names = isPart
    ? ["message", ...totals.map((one) => accountKey(one.accountId, one.currency))]
    : [];
  for (const account of totals) checkAmounts(account);
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="${NAMESPACE}"><BkToCstmrStmt>\n` +
    `<GrpHdr>${element("MsgId", identification(facts, names))}` +
    `${createdAt(facts)}${element("AddtlInf", facts.requestId)}</GrpHdr>\n`
  );
}

/** Up to the first entry. */
export function statementStart(content: StatementContent, totals: AccountTotals): string {
  const { facts } = content;
  const { startDate, timeZone, from } = facts.period;
  const names = [accountKey(totals.accountId, totals.currency)];
  const end = statementEnd(content);
  return (
    `<Stmt>${element("Id", identification(facts, names))}` +
    `<StmtPgntn><PgNb>1</PgNb><LastPgInd>true</LastPgInd></StmtPgntn>${createdAt(facts)}` +
    `<FrToDt><FrDtTm>${isoDateTime(microseconds(from), timeZone)}</FrDtTm>` +
    `<ToDtTm>${end.dateTime}</ToDtTm></FrToDt>\n` +
    `${account(totals, facts)}\n` +
    `${balance("OPBD", totals.opening, startDate, totals)}\n` +
    `${balance(end.balance, totals.closing, end.date, totals)}\n` +
    `${summary(totals)}\n`
  );
}

interface StatementEnd {
  readonly dateTime: string;
  readonly date: string;
  readonly balance: BalanceCode;
}

/** Opening booked, closing booked, and interim booked: before the day is over. */
type BalanceCode = "OPBD" | "CLBD" | "ITBD";

/** A period that is not over ends with the instant of the snapshot, and has no closing balance yet. */
function statementEnd({ facts, asOf }: StatementContent): StatementEnd {
  const { endDate, timeZone, to } = facts.period;
  if (isPartial(facts, asOf)) {
    const dateTime = isoDateTime(microseconds(asOf), timeZone);
    return { dateTime, date: dateTime.slice(0, endDate.length), balance: "ITBD" };
  }
  // The last microsecond: a reader that takes the date alone must not take the next day.
  const dateTime = isoDateTime(microseconds(to) - 1n, timeZone);
  return { dateTime, date: endDate, balance: "CLBD" };
}

function microseconds(epochMs: number): bigint {
  return BigInt(epochMs) * 1000n;
}

function createdAt({ generatedAt, period }: StatementFacts): string {
  return `<CreDtTm>${isoDateTime(microseconds(generatedAt), period.timeZone)}</CreDtTm>`;
}

/**
 * `20260101-20260131-…`: software shows it as the statement's name. The request's own name is too
 * long; its hash makes it unique, and the same in every attempt.
 */
function identification({ requestId, period }: StatementFacts, names: readonly string[]): string {
  const [start, end] = [period.startDate, period.endDate].map((date) => date.replaceAll("-", ""));
  return `${start}-${end}-${hash([requestId, ...names], ID_HASH_LENGTH)}`;
}

function hash(names: readonly string[], length: number): string {
  return createHash("sha256").update(JSON.stringify(names)).digest("hex").slice(0, length);
}

/** A number that is too long stands whole as the account's alias, and hashed where it must fit. */
function account(
  { accountId: id, currency, names = {} }: AccountTotals,
  { bank }: StatementFacts,
): string {
  const { iban, name = "", product = "", owner = "" } = names;
  const short = fits(id, MAX_ACCOUNT);
  const known = iban ?? (short ? id : hash([id], ACCOUNT_HASH_LENGTH));
  const type = cutElement("Prtry", product, MAX_REFERENCE);
  const alias = known === id ? "" : `<Prxy>${element("Id", id)}</Prxy>`;
  const holder = cutElement("Nm", owner, MAX_TEXT);
  return (
    `<Acct>${accountId(known)}${type && `<Tp>${type}</Tp>`}<Ccy>${currency}</Ccy>` +
    `${cutElement("Nm", name, MAX_NAME)}${alias}${holder && `<Ownr>${holder}</Ownr>`}${servicer(bank)}</Acct>`
  );
}

function servicer(bank: BankNames | undefined): string {
  if (!bank) return "";
  const { name = "", bic, address } = bank;
  const lines = address.map((line) => element("AdrLine", line)).join("");
  const institution =
    (bic === undefined ? "" : element("BICFI", bic)) +
    cutElement("Nm", name, MAX_TEXT) +
    (lines && `<PstlAdr>${lines}</PstlAdr>`);
  return institution && `<Svcr><FinInstnId>${institution}</FinInstnId></Svcr>`;
}

function balance(
  code: BalanceCode,
  minor: bigint,
  date: string,
  { minorUnit, currency }: AccountTotals,
): string {
  const type = `<Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp>`;
  return `<Bal>${type}${money(minor, minorUnit, currency)}<Dt><Dt>${date}</Dt></Dt></Bal>`;
}

function summary(totals: AccountTotals): string {
  const { creditCount, creditSum, debitCount, debitSum, minorUnit } = totals;
  const { magnitude, indicator } = signed(net(totals), minorUnit);
  const counted = (count: number, sum: bigint) =>
    `<NbOfNtries>${count}</NbOfNtries><Sum>${formatAmount(sum, minorUnit)}</Sum>`;
  return (
    `<TxsSummry><TtlNtries>${counted(creditCount + debitCount, creditSum + debitSum)}` +
    `<TtlNetNtry><Amt>${magnitude}</Amt><CdtDbtInd>${indicator}</CdtDbtInd></TtlNetNtry></TtlNtries>` +
    `<TtlCdtNtries>${counted(creditCount, creditSum)}</TtlCdtNtries>` +
    `<TtlDbtNtries>${counted(debitCount, debitSum)}</TtlDbtNtries></TxsSummry>`
  );
}

/** The sum of all rows holds for each of them: none is larger. */
function checkAmounts({ currency, opening, closing, creditSum, debitSum }: AccountTotals): void {
  if (!CURRENCY.test(currency)) {
    throw invalidAmount("camt.053 needs currencies of three capitals");
  }
  const largest = [opening, -opening, closing, -closing, creditSum + debitSum];
  if (largest.some((minor) => minor >= TOO_LARGE)) {
    throw invalidAmount(`camt.053 holds amounts and sums of at most ${MAX_DIGITS} digits`);
  }
}

function invalidAmount(message: string): StatementFailure {
  return new StatementFailure("invalid_amount", message, { detail: "camt.053" });
}
