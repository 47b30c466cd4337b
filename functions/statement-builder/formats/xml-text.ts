/** Text in an XML 1.0 document: whatever the bank's text holds, the document stays well-formed. */

/**
 * What has a meaning in XML, a carriage return (a reader makes it a line feed unless it is written
 * as a reference), and what is outside the characters of XML 1.0 (section 2.2): most controls, the
 * halves of a surrogate pair alone, U+FFFE and U+FFFF.
 */
const SPECIAL = /[&<>\r]|[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** Of characters that stand for themselves, which most texts are whole. */
const PLAIN = /^[\t\n\u0020-%'-;=?-\uD7FF\uE000-\uFFFD]*$/;

const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\r": "&#13;",
};

/** What no XML document may hold, not even as a reference, becomes U+FFFD. */
export function escapeXml(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(SPECIAL, (character) => REFERENCES[character] ?? "\uFFFD");
}

/** `<name>text</name>`, escaped. */
export function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}

/**
 * Whether a text is no longer than `max`. XML Schema counts code points, Xerces, and with it much of
 * the software of banks, the units of UTF-16: what fits those fits both.
 */
export function fits(text: string, max: number): boolean {
  return text.length <= max;
}

/** The first characters, no longer than `max`; half a surrogate pair is never left over. */
export function firstCharacters(text: string, max: number): string {
  return fits(text, max) ? text : text.slice(0, max).replace(/[\uD800-\uDBFF]$/, "");
}

/**
 * The text in pieces no longer than `max` that joined are the text: cut behind a space where
 * the second half of a piece has one, so that no invoice number is cut in two.
 */
export function piecesOf(text: string, max: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (!fits(rest, max)) {
    const full = firstCharacters(rest, max);
    const behindSpace = full.lastIndexOf(" ") + 1;
    const piece = behindSpace > full.length / 2 ? full.slice(0, behindSpace) : full;
    pieces.push(piece);
    rest = rest.slice(piece.length);
  }
  if (rest !== "") pieces.push(rest);
  return pieces;
}
