/** The words of statement.pdf, and of README.txt where it says the same. Each language is a file; numbers and dates come as texts of it. */
import type { PeriodBasis } from "../../../domain/manifest.ts";

export interface StatementWords {
  readonly title: string;
  readonly customer: string;
  readonly bank: string;
  /** Of an account, by name. */
  readonly holder: string;
  /** Behind the two dates of the period. */
  readonly bothDaysIncluded: string;
  readonly timeZone: string;
  /** In front of what says by which day a row belongs to the period. */
  readonly daysOf: string;
  readonly basis: Readonly<Record<PeriodBasis, string>>;
  readonly asOf: string;
  readonly statement: string;
  readonly transactionCount: string;
  readonly balances: string;
  readonly account: string;
  readonly currency: string;
  readonly opening: string;
  readonly credits: string;
  readonly debits: string;
  /** Beside credits and debits: how many there are. */
  readonly count: string;
  readonly net: string;
  readonly closing: string;
  readonly allAccounts: string;
  readonly booked: string;
  readonly valueDate: string;
  readonly details: string;
  readonly amount: string;
  readonly balance: string;
  readonly openingOn: (date: string) => string;
  readonly closingOn: (date: string) => string;
  readonly totalCredits: (count: string) => string;
  readonly totalDebits: (count: string) => string;
  /** Of one month of several. */
  readonly monthTotal: (month: string) => string;
  /** At the end of a page and on top of the next one: the balance so far. */
  readonly carriedForward: string;
  readonly broughtForward: string;
  readonly reference: string;
  readonly transactionId: string;
  readonly reversalOf: string;
  readonly noTransactions: string;
  readonly noAccounts: string;
  readonly howToRead: string;
  readonly provisional: string;
  readonly replaces: (statementId: string) => string;
  readonly notAllShown: string;
  readonly firstOf: (shown: string, all: string) => string;
  readonly notShownOfAccount: (count: string) => string;
  readonly fullText: string;
  readonly replacedCharacters: string;
  readonly end: string;
  /** In front of a space and the number of all pages. */
  readonly pageOf: (page: string) => string;
}
