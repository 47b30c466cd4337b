/** The fields of a CSV file by RFC 4180, safe to open in a spreadsheet. */

/**
 * A text that starts with one of these may be run as a formula by a spreadsheet.
 * Source: OWASP, "CSV Injection": = + - @, tab, CR, LF, and the full-width forms of the signs.
 */
const FORMULA_START = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/**
 * The apostrophe makes a spreadsheet show the text as it is. For text columns only: before a
 * number it would turn `-12.50` into text.
 */
export function guardFormula(text: string): string {
  return FORMULA_START.test(text) ? `'${text}` : text;
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
