/**
 * How a format writes a row, as data: whoever has the rows as bytes writes them by it, without an object or a
 * text for each. It says the same as the format's own function of a row, which writes what a template cannot
 * (`contents/row-texts/README.md`); tests hold the two to the same bytes.
 */

export interface RowTemplate {
  /** How texts are escaped; a value in JSON stands between quotes, or is `null`. */
  readonly escape: "json" | "xml";
  /** By country, how long an IBAN is there, for steps that ask whether a number is one. */
  readonly ibanLengths?: Readonly<Record<string, number>>;
  readonly steps: readonly TemplateStep[];
}

/** What is written, one behind the other. A `column` is one of `domain/columns.ts`. */
export type TemplateStep =
  /** As it is. */
  | string
  /** The row's number, or money at the account's scale; `magnitude` is the amount without its sign. */
  | { readonly number: "line" | "amount" | "magnitude" | "balance" }
  /** By the sign of the amount. */
  | { readonly side: readonly [credit: string, debit: string] }
  /** Left away where no column in it has a value. A longer one, in units of UTF-16, no template writes. */
  | { readonly group: readonly TemplateStep[]; readonly longest?: number }
  /** In a group: this text, where the group around it has written a value before. */
  | { readonly between: string }
  /** Where the column has no value. */
  | { readonly unless: string; readonly steps: readonly TemplateStep[] }
  /** The first that has a value; the last may be a text as it is. */
  | { readonly first: readonly [...ValueStep[], ValueStep | string] }
  | ValueStep;

/** What is made of a column; nothing where it is empty, in JSON `null` if it is nullable, else `""`. */
export type ValueStep =
  | TextStep
  /** The text in pieces that are no longer, in units of UTF-16, each between these two. */
  | {
      readonly pieces: string;
      readonly longest: number;
      readonly around: readonly [before: string, behind: string];
    }
  /** At the account's scale. */
  | { readonly decimal: string; readonly nullable?: true }
  | { readonly instant: string; readonly nullable?: true }
  /** `2026-01-31`, or its digits alone. */
  | { readonly date: string; readonly digits?: true }
  /** Domain, family or sub-family of a code of ISO 20022. */
  | { readonly code: string; readonly part: 0 | 1 | 2 }
  /** Writes nothing, and has a value where the column has one. */
  | { readonly present: string }
  /** What the text is called, escaped already; the text itself, where it is not called anything. */
  | { readonly word: string; readonly words: ReadonlyMap<string, string> }
  /** `*7788` of a number that is hidden but for its end, nothing of any other. */
  | { readonly lastFour: string };

/** A text, masked where the statement masks its column. */
export interface TextStep {
  readonly text: string;
  readonly nullable?: true;
  /** A line end or a tab is a space, and there is none in front or behind. */
  readonly oneLine?: true;
  /** A longer one ends in "…", and is so long with it. */
  readonly cut?: number;
  /** Only a number that is hidden, that is an IBAN, or that is another one. */
  readonly only?: "hidden" | "iban" | "other";
  /** Only a text that is longer, and another one than that of the column. */
  readonly beyond?: { readonly units: number; readonly unlike: string };
}
