/** Texts of the bank as lines that can be printed. */
import { plainAdvances, printable, thousandthsOf, type Character } from "./pdf-character.ts";
import { paragraphOf, type Paragraph, type Run } from "./pdf-order.ts";
import type { TextStyle } from "../pdf-style.ts";

export interface Line {
  readonly shown: string;
  /** What `shown` stands for where that is legible elsewhere: for copying, searching and reading aloud. */
  readonly actual?: string;
  readonly style: TextStyle;
  /** Of a text of plain characters (`plainAdvances`): thousandths of the size, without a space at its end. */
  readonly advance?: number;
  /** Its parts, where it is more than one text of the style's face. */
  readonly runs?: readonly Run[];
  /** Behind it on the same line, of another style. */
  readonly after?: Line;
}

const LINE_BREAK = /\r\n|[\n\r\u0085\u2028\u2029]/u;
const MARK = /\p{M}/u;
const BREAK_AFTER = new Set([" ", "-", "/", "\u2013"]);
const ELLIPSIS = "…";
/** Points between two texts on one line, beside the space that ends the first. */
const BETWEEN = 3;

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
  const plain = wrapPlain(text, style, width);
  if (plain && plain.length <= maxLines) return plain;
  const lines: Line[] = [];
  let last: readonly Character[] = [];
  for (const one of text.split(LINE_BREAK)) {
    endWord(lines);
    const characters = printable(one, style.face);
    const paragraph = mixedParagraph(characters, style);
    let start = 0;
    do {
      if (lines.length === maxLines) return [...lines.slice(0, -1), cut(last, style, width)];
      let end = lineEnd(characters, start, { style, width, breaks: paragraph?.breaks });
      let line = lineOf(characters, [start, end], style, paragraph);
      // Letters that join are wider apart from the rest of their word.
      while (paragraph && end > start + 1 && widthOf(line) > width)
        line = lineOf(characters, [start, (end -= 1)], style, paragraph);
      lines.push(line);
      last = characters.slice(start, end);
      start = end;
    } while (start < characters.length);
  }
  return lines;
}

/** As most texts are: of plain characters alone, which no line end is. Undefined for any other. */
function wrapPlain(text: string, style: TextStyle, width: number): Line[] | undefined {
  const advances = plainAdvances(style.face);
  const room = (width * 1000) / style.size;
  const lines: Line[] = [];
  let start = 0;
  let advance = 0;
  /** What stands before the last space. */
  let inked = 0;
  /** Where the line may end, and how wide it then is. */
  let end = 0;
  let endInked = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const own = advances[unit] as number;
    if (own === 0) return undefined;
    advance += own;
    if (advance > room && at > start && unit !== SPACE) {
      const isWord = end === start;
      if (isWord) end = at;
      lines.push({ shown: text.slice(start, end), style, advance: isWord ? inked : endInked });
      start = end;
      at = end - 1;
      advance = 0;
      inked = 0;
    } else {
      if (unit !== SPACE) inked = advance;
      if (unit === SPACE || unit === HYPHEN || unit === SLASH || unit === DASH) {
        end = at + 1;
        endInked = inked;
      }
    }
  }
  const last = { shown: text.slice(start), style, advance: inked };
  return start === 0 ? [last] : [...lines, last];
}
const [SPACE, HYPHEN, SLASH, DASH] = [0x20, 0x2d, 0x2f, 0x2013];

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

/**
 * Both on one line, where each is one and they have room; else undefined. Not where both run from right to left:
 * whoever reads so would read the second first, and both as one.
 */
export function beside(
  first: readonly Line[],
  second: readonly Line[],
  width: number,
): [Line[]] | undefined {
  const [one, other] = [first[0], second[0]];
  if (!one || !other || first.length + second.length > 2) return undefined;
  if (runsLeft(one) && runsLeft(other)) return undefined;
  const spaced: Line[] = [one];
  endWord(spaced);
  const line: Line = { ...(spaced[0] ?? one), after: other };
  return behind(line) + widthOf(other) <= width ? [[line]] : undefined;
}

function runsLeft({ runs = [] }: Line): boolean {
  return runs.some(({ rightToLeft }) => rightToLeft);
}

/** Points from where a line begins to what stands behind it. */
export function behind(line: Line): number {
  const { face, size } = line.style;
  return widthOf(line) + BETWEEN + face.advance(0x20) * (size / 1000);
}

/** Whoever reads the text alone, without its places, must not join the last word to the next. */
function endWord(lines: Line[]): void {
  const last = lines.pop();
  if (!last) return;
  const { shown, actual, after } = last;
  if (after) {
    const ended = [after];
    endWord(ended);
    lines.push({ ...last, after: ended[0] ?? after });
    return;
  }
  const spaced = { ...last, shown: `${shown} `, ...(last.runs && { runs: spacedRuns(last.runs) }) };
  lines.push(actual === undefined ? spaced : { ...spaced, actual: `${actual} ` });
}

/** The space is told with the last of them that tells what it stands for, or nothing is. */
function spacedRuns(runs: readonly Run[]): readonly Run[] {
  const last = runs.at(-1);
  if (!last || last.rightToLeft) return runs;
  return [...runs.slice(0, -1), { ...last, actual: `${last.actual ?? last.text} ` }];
}

/** One line, in a smaller size where it needs one to be whole. */
export function fit(text: string, style: TextStyle, width: number): Line {
  const [plain] = wrapPlain(text, style, Infinity) ?? [];
  const line = plain ?? wholeLine(printable(text, style.face), style);
  const natural = widthOf(line);
  if (natural <= width) return line;
  return { ...line, style: { ...style, size: (style.size * width) / natural } };
}

/** Points, without a space at the end. */
export function widthOf({ shown, style, advance, runs }: Line): number {
  const thousandths = runs
    ? runs.reduce((sum, { advance: own }) => sum + own, 0)
    : (advance ?? thousandthsOf(shown.replace(/ +$/, ""), style.face));
  return thousandths * (style.size / 1000);
}

/** Where every character is of the style's own face, undefined: its text is a line as it stands. */
function mixedParagraph(
  characters: readonly Character[],
  { face }: TextStyle,
): Paragraph | undefined {
  return characters.some((one) => one.face !== undefined)
    ? paragraphOf(characters, face)
    : undefined;
}

interface LineRoom {
  readonly style: TextStyle;
  readonly width: number;
  readonly breaks: ReadonlySet<number> | undefined;
}

/** One past the last character that has room; at least one has. */
function lineEnd(
  characters: readonly Character[],
  start: number,
  { style: { size }, width, breaks }: LineRoom,
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
    if (BREAK_AFTER.has(shown) || breaks?.has(at)) lastBreak = at + 1;
  }
  return characters.length;
}

function wholeLine(characters: readonly Character[], style: TextStyle): Line {
  const paragraph = mixedParagraph(characters, style);
  return lineOf(characters, [0, characters.length], style, paragraph);
}

function lineOf(
  characters: readonly Character[],
  [start, end]: readonly [start: number, end: number],
  style: TextStyle,
  paragraph: Paragraph | undefined,
): Line {
  let [shown, actual] = ["", ""];
  for (let at = start; at < end; at += 1) {
    const one = characters[at] as Character;
    shown += one.shown;
    actual += one.actual;
  }
  if (!paragraph) return shown === actual ? { shown, style } : { shown, actual, style };
  // What no reader sees need have no place.
  let visible = end;
  while (visible > start && characters[visible - 1]?.shown === " ") visible -= 1;
  return { shown, actual, style, runs: paragraph.runs(start, visible) };
}

/** As many of these as have room with an ellipsis behind them. */
function cut(characters: readonly Character[], style: TextStyle, width: number): Line {
  const [ellipsis] = printable(ELLIPSIS, style.face);
  const left = [...characters];
  for (;;) {
    while (left.at(-1)?.shown === " ") left.pop();
    const line = wholeLine(ellipsis ? [...left, ellipsis] : left, style);
    if (left.length === 0 || widthOf(line) <= width) return line;
    left.pop();
  }
}
