import type { BankNames } from "./bank-names.ts";
import { formatStatementKey } from "./statement-key.ts";
import type { Language, StatementOptions } from "./statement-options.ts";
import type { StatementPeriod } from "./statement-period.ts";

/** By type, by language; a type or a language that is not there is shown as its code. */
export type TypeWords = Readonly<Record<string, Readonly<Partial<Record<Language, string>>>>>;

/** What a statement is of, apart from its rows. */
export interface StatementFacts {
  /** Name of the request's record. */
  readonly requestId: string;
  readonly attempt: number;
  readonly customerId: string;
  readonly period: StatementPeriod;
  /** The upload time fixed in the ledger, milliseconds since the epoch. */
  readonly generatedAt: number;
  readonly options: StatementOptions;
  /** Whether only the last four characters of a counterparty's account show. */
  readonly masked: boolean;
  /** How OFX names the bank: a code of its country's, at most nine characters. */
  readonly bankId?: string | undefined;
  readonly bank?: BankNames | undefined;
  /** The bank's own words for types of transactions. */
  readonly typeWords?: TypeWords | undefined;
}

/** Whether the period was not over at the instant of the snapshot, as the request allows. */
export function isPartial({ options, period }: StatementFacts, asOf: number): boolean {
  return options.partial && asOf < period.to;
}

/**
 * How far, in milliseconds, the data of a snapshot ends before the period does, which the request wants whole;
 * 0 where it does not.
 */
export function missingMs({ options, period }: StatementFacts, asOf: number): number {
  return options.partial ? 0 : Math.max(0, period.to - asOf);
}

/** What its object is called. */
export function statementKeyOf(
  {
    customerId,
    period,
    generatedAt,
  }: Pick<StatementFacts, "customerId" | "period" | "generatedAt">,
  prefix?: string,
): string {
  const startEpoch = period.from / 1000;
  const endEpoch = period.lastDayFrom / 1000;
  return formatStatementKey({ customerId, startEpoch, endEpoch, uploadedAt: generatedAt }, prefix);
}

/** The object's file name without its ending. */
export function statementId(facts: StatementFacts): string {
  return statementKeyOf(facts).replace(/\.zip$/, "");
}
