/** The fields of a CSV file by RFC 4180, safe to open in a spreadsheet. */

/**
 * A text that a spreadsheet may run as a formula: one that starts with tab, CR, LF or NUL, or whose
 * first visible character is a sign, in its ASCII or its full-width form.
 * Sources: OWASP, "CSV Injection"; OWASP ASVS 5.0, 1.2.10 (NUL). What is invisible is looked through,
 * because importers drop it: LibreOffice 7.4 runs NUL and `=1+1`, and spaces and `=1+1` where it
 * trims spaces.
 */
const FORMULA_START = /^(?:[\0\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/u;

export function startsFormula(text: string): boolean {
  return FORMULA_START.test(text);
}

/**
 * The apostrophe makes a spreadsheet show the text as it is. For text columns only: before a
 * number it would turn `-12.50` into text.
 */
export function guardFormula(text: string): string {
  return startsFormula(text) ? `'${text}` : text;
}

const NEEDS_QUOTES = /[",\r\n]/;

/** Quoted only where RFC 4180 asks for it. */
export function quoteField(field: string): string {
  return NEEDS_QUOTES.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

export function textField(text: string | null): string {
  return text === null ? "" : quoteField(guardFormula(text));
}

export const SHOWN_CHARACTERS = 4;

/**
 * All but the last four characters become `*`. A text of four characters or fewer is hidden
 * whole: shown, nothing of it would be masked.
 */
export function maskAllButLastFour(text: string): string {
  const characters = Array.from(text);
  const hidden =
    characters.length > SHOWN_CHARACTERS ? characters.length - SHOWN_CHARACTERS : characters.length;
  return "*".repeat(hidden) + characters.slice(hidden).join("");
}
