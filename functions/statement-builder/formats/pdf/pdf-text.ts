/**
 * Texts of the bank as lines that can be printed. Nothing is dropped: what the font lacks, and what has no
 * form of its own (controls, marks of direction, joiners), is shown as its number, such as [U+202E].
 */
import { needsShaping, type PdfFace } from "./pdf-font.ts";
import type { TextStyle } from "./pdf-style.ts";

export interface Line {
  readonly shown: string;
  /** What `shown` stands for where that is legible elsewhere: for copying, searching and reading aloud. */
  readonly actual?: string;
  readonly style: TextStyle;
  /** Behind it on the same line, of another style. */
  readonly after?: Line;
}

/** A character as it is printed, and as it is. */
interface Character {
  readonly shown: string;
  readonly actual: string;
  /** Thousandths of the size. */
  readonly advance: number;
}

const MAX_KNOWN = 10_000;

const LINE_BREAK = /\r\n|[\n\r\u0085\u2028\u2029]/u;
const FORMLESS = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
/** Spaces of every width have their form in the gap they leave. */
const SPACE = /[\p{Zs}]/u;
const MARK = /\p{M}/u;
const BREAK_AFTER = new Set([" ", "-", "/", "\u2013"]);
const ELLIPSIS = "…";

/** Whether `lines` show any character as its number. */
export function hasReplaced(lines: readonly Line[]): boolean {
  return lines.some(
    ({ shown, after }) =>
      /\[U\+[0-9A-F]{4,6}\]/.test(shown) || (after !== undefined && hasReplaced([after])),
  );
}

export interface WrapOptions {
  readonly width: number;
  /** The last of them then ends with an ellipsis. */
  readonly maxLines?: number;
}

/** At least one line, which may be empty. What is broken at a word keeps the space at the line's end. */
export function wrap(
  text: string,
  style: TextStyle,
  { width, maxLines = Infinity }: WrapOptions,
): Line[] {
  const lines: Line[] = [];
  for (const paragraph of text.split(LINE_BREAK)) {
    endWord(lines);
    const characters = printable(paragraph, style.face);
    let start = 0;
    do {
      if (lines.length === maxLines) return cut(lines, style, width);
      const end = lineEnd(characters, start, style, width);
      lines.push(lineOf(characters.slice(start, end), style));
      start = end;
    } while (start < characters.length);
  }
  return lines;
}

/** Texts below each other in one cell. */
export function stack(...texts: readonly (readonly Line[])[]): Line[] {
  const lines: Line[] = [];
  for (const text of texts) {
    if (text.length === 0) continue;
    endWord(lines);
    lines.push(...text);
  }
  return lines;
}

/** Between two texts on one line, beside the space that ends the first. */
export const BETWEEN = 3;

/** Both on one line, where each is one and they have room; else undefined. */
export function beside(
  first: readonly Line[],
  second: readonly Line[],
  width: number,
): [Line[]] | undefined {
  const [one, other] = [first[0], second[0]];
  if (!one || !other || first.length + second.length > 2) return undefined;
  const spaced: Line[] = [one];
  endWord(spaced);
  const [line = one] = spaced;
  const room = width - advanceOf(line.shown, line.style) - BETWEEN;
  return widthOf(other) <= room ? [[{ ...line, after: other }]] : undefined;
}

/** Whoever reads the text alone, without its places, must not join the last word to the next. */
function endWord(lines: Line[]): void {
  const last = lines.pop();
  if (!last) return;
  const { shown, actual, after } = last;
  if (after) {
    const behind = [after];
    endWord(behind);
    lines.push({ ...last, after: behind[0] ?? after });
    return;
  }
  const spaced = { ...last, shown: `${shown} ` };
  lines.push(actual === undefined ? spaced : { ...spaced, actual: `${actual} ` });
}

/** One line, in a smaller size where it needs one to be whole. */
export function fit(text: string, style: TextStyle, width: number): Line {
  const line = lineOf(printable(text, style.face), style);
  const natural = widthOf(line);
  if (natural <= width) return line;
  return { ...line, style: { ...style, size: (style.size * width) / natural } };
}

/** Points, without a space at the end. */
export function widthOf({ shown, style }: Line): number {
  return advanceOf(shown.trimEnd(), style);
}

/** Points. */
export function advanceOf(text: string, { face, size }: TextStyle): number {
  return thousandthsOf(text, face) * (size / 1000);
}

function thousandthsOf(text: string, face: PdfFace): number {
  let advance = 0;
  for (const character of text) advance += face.advance(character.codePointAt(0) ?? 0);
  return advance;
}

function printable(text: string, face: PdfFace): Character[] {
  const composed = needsShaping(text) ? text.normalize("NFC") : text;
  const known = charactersOf(face);
  return Array.from(composed, (one) => {
    let character = known.get(one);
    if (!character) known.set(one, (character = characterOf(one, face)));
    return character;
  });
}

function characterOf(actual: string, face: PdfFace): Character {
  const codePoint = actual.codePointAt(0) ?? 0;
  const hasForm = !FORMLESS.test(actual) || SPACE.test(actual);
  if (hasForm && face.has(codePoint))
    return { shown: actual, actual, advance: face.advance(codePoint) };
  const number = `[U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}]`;
  // A mark of direction must not take effect where the text is copied to.
  return { shown: number, actual: hasForm ? actual : number, advance: thousandthsOf(number, face) };
}

/** Of each face, what was printed before: a statement has few characters, many times. */
const printed = new WeakMap<PdfFace, Map<string, Character>>();

function charactersOf(face: PdfFace): Map<string, Character> {
  let known = printed.get(face);
  if (!known || known.size > MAX_KNOWN) {
    known = new Map<string, Character>();
    printed.set(face, known);
  }
  return known;
}

/** One past the last character that has room; at least one has. */
function lineEnd(
  characters: readonly Character[],
  start: number,
  { size }: TextStyle,
  width: number,
): number {
  const room = (width * 1000) / size;
  let advance = 0;
  let lastBreak = start;
  for (let at = start; at < characters.length; at += 1) {
    const { shown, advance: own } = characters[at] as Character;
    advance += own;
    // A space at the end of a line needs no room.
    if (advance > room && at > start && shown !== " ") {
      if (lastBreak > start) return lastBreak;
      if (!MARK.test(shown)) return at;
    }
    if (BREAK_AFTER.has(shown)) lastBreak = at + 1;
  }
  return characters.length;
}

function lineOf(characters: readonly Character[], style: TextStyle): Line {
  const shown = characters.map((one) => one.shown).join("");
  const actual = characters.map((one) => one.actual).join("");
  return shown === actual ? { shown, style } : { shown, actual, style };
}

function cut(lines: readonly Line[], style: TextStyle, width: number): Line[] {
  const characters = Array.from(lines.at(-1)?.shown.trimEnd() ?? "");
  const room = (width * 1000) / style.size;
  while (thousandthsOf(`${characters.join("")}${ELLIPSIS}`, style.face) > room) characters.pop();
  return [...lines.slice(0, -1), { shown: `${characters.join("")}${ELLIPSIS}`, style }];
}
