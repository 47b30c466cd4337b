/** The fields of a CSV file by RFC 4180, safe to open in a spreadsheet. */

/** What a spreadsheet takes for the end of a cell, whichever the table is written with. */
const SEPARATORS = String.raw`,;\t|\r\n`;
/** Looked through, because importers drop it: LibreOffice 7.4 runs NUL and `=1+1`, and where it trims, spaces and `=1+1`. */
const HIDDEN = String.raw`[\s\p{Cc}\p{Cf}]`;
/** ASCII or full-width. */
const SIGN = String.raw`[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]`;
const FRONT = String.raw`'*(?:[\0\t\r\n]|(?:(?![${SEPARATORS}])${HIDDEN})*${SIGN})`;
/** Quotes, too: who splits at a separator finds them at the start of a cell, and takes them away. */
const INSIDE = String.raw`'*(?:(?![${SEPARATORS}])(?:${HIDDEN}|"))*${SIGN}`;

/**
 * Where a text may begin a formula: in front when its first visible character is a sign, or when it
 * starts with tab, CR, LF or NUL; and behind every separator within it, since a reader that takes another
 * one for the delimiter begins a cell there, whatever the quotes say. Apostrophes in front are looked through,
 * so that each text is guarded in a way that can be undone.
 * Sources: OWASP, "CSV Injection"; OWASP ASVS 5.0, 1.2.10 (NUL).
 */
const STARTS = guardedPlaces("");
const GUARDS = guardedPlaces("'");

function guardedPlaces(guard: "" | "'"): RegExp {
  return new RegExp(`^${guard}(?=${FRONT})|(?<=[${SEPARATORS}])${guard}(?=${INSIDE})`, "gu");
}

/**
 * The apostrophe makes a spreadsheet show the text as it is. For text columns only: before a
 * number it would turn `-12.50` into text.
 */
export function guardFormula(text: string): string {
  return text.replace(STARTS, "'");
}

/** The text that `guardFormula` was given. */
export function unguardFormula(field: string): string {
  return field.replace(GUARDS, "");
}

const NUMBER = /^[+-]?\d+$/;

/** An id is never guarded, since it is compared: one that a spreadsheet would run is refused. */
export function isSafeId(id: string): boolean {
  return NUMBER.test(id) || guardFormula(id) === id;
}

const NEEDS_QUOTES = /[",\r\n]/;

/** Quoted only where RFC 4180 asks for it. */
export function quoteField(field: string): string {
  return NEEDS_QUOTES.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

export function textField(text: string | null): string {
  return text === null ? "" : quoteField(guardFormula(text));
}

/** Excel takes no longer text in a formula; no number is as long. */
const LONGEST_AS_TEXT = 255;
const WRITTEN_AS_TEXT = /^="((?:[^"]|"")*)"$/;

/**
 * A formula that is the text: to a spreadsheet `="000123"` is no number, where `000123` would be 123 and an id of
 * 18 digits would end in zeros.
 */
export function writtenAsText(field: string): string {
  return `="${field.replaceAll('"', '""')}"`;
}

/**
 * Whether a text of others may stand in a formula: nothing in it ends the formula's own text, also for who
 * splits the line at another separator and takes quotes away. Such a text is no number anyway.
 */
export function mayBeWrittenAsText(text: string): boolean {
  return text !== "" && text.length <= LONGEST_AS_TEXT && !/["\p{Cc}]/u.test(text);
}

/** What a field is that `writtenAsText` made; `undefined` for any other: no text is guarded into such a one. */
export function readAsText(field: string): string | undefined {
  return WRITTEN_AS_TEXT.exec(field)?.[1]?.replaceAll('""', '"');
}

export const SHOWN_CHARACTERS = 4;
const SURROGATE = /[\uD800-\uDFFF]/;

/**
 * All but the last four characters become `*`. A text of four characters or fewer is hidden
 * whole: shown, nothing of it would be masked.
 */
export function maskAllButLastFour(text: string): string {
  const characters = SURROGATE.test(text) ? Array.from(text) : text;
  const hidden =
    characters.length > SHOWN_CHARACTERS ? characters.length - SHOWN_CHARACTERS : characters.length;
  const shown = characters.slice(hidden);
  return "*".repeat(hidden) + (typeof shown === "string" ? shown : shown.join(""));
}
