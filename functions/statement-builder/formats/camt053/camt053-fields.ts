/** Parts that several elements of camt.053 are made of, each in the form the schema asks for. */
import { Temporal } from "temporal-polyfill";
import { formatAmount } from "../../../domain/money/money.ts";
import { isIban } from "./iban.ts";
import { element, firstCharacters, fits } from "../xml-text.ts";

/** `Max34Text`, `Max35Text` … of the schema. */
export const MAX_ACCOUNT = 34;
export const MAX_REFERENCE = 35;
export const MAX_TEXT = 140;
export const MAX_INFORMATION = 500;

/** An amount has no sign in ISO 20022: it stands in the indicator beside it; zero is a credit. */
export interface Signed {
  /** Decimal, at the currency's scale, without a sign. */
  readonly magnitude: string;
  readonly indicator: "CRDT" | "DBIT";
}

export function signed(minor: bigint, minorUnit: number): Signed {
  const debit = minor < 0n;
  const magnitude = formatAmount(debit ? -minor : minor, minorUnit);
  return { magnitude, indicator: debit ? "DBIT" : "CRDT" };
}

/** `Amt` and `CdtDbtInd`, which follow each other wherever money is stated. */
export function money(minor: bigint, minorUnit: number, currency: string): string {
  const { magnitude, indicator } = signed(minor, minorUnit);
  return `<Amt Ccy="${currency}">${magnitude}</Amt><CdtDbtInd>${indicator}</CdtDbtInd>`;
}

/** The `Id` of an account: its IBAN, or else the bank's own number, which must fit. */
export function accountId(account: string): string {
  if (isIban(account)) return `<Id><IBAN>${account}</IBAN></Id>`;
  return `<Id><Othr>${element("Id", account)}</Othr></Id>`;
}

/** The element with the text, cut to `max`; without a text no element: none may be empty. */
export function cutElement(name: string, text: string, max: number): string {
  return text === "" ? "" : element(name, firstCharacters(text, max));
}

/** The element with a reference, whole or not at all: one cut short would be another reference. */
export function reference(name: string, text: string | null): string {
  return text && fits(text, MAX_REFERENCE) ? element(name, text) : "";
}

/**
 * An instant in local time with its offset, so that whoever reads the date alone reads the right
 * one. `epochMicroseconds`: whole microseconds since the epoch.
 */
export function isoDateTime(epochMicroseconds: bigint, timeZone: string): string {
  const instant = Temporal.Instant.fromEpochNanoseconds(epochMicroseconds * 1000n);
  const local = instant.toZonedDateTimeISO(timeZone);
  // XML Schema knows offsets in whole minutes; some zones of the early seventies had others.
  const wholeMinutes = local.offsetNanoseconds % 60_000_000_000 === 0;
  return (wholeMinutes ? local : local.withTimeZone("UTC")).toString({ timeZoneName: "never" });
}
