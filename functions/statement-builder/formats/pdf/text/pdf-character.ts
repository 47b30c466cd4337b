/**
 * Each character of a bank's text as it can be printed. None is dropped: what no face has, and what would
 * change or hide others without a form of its own (controls, overrides of direction), is its number, such as [U+202E].
 */
import { fallbackFor } from "./pdf-fallback.ts";
import { needsShaping, type PdfFace } from "./pdf-font.ts";

/** A character as it is printed, and as it is. */
export interface Character {
  readonly shown: string;
  readonly actual: string;
  /** Thousandths of the size. */
  readonly advance: number;
  /** Where it is not that of the text. */
  readonly face?: PdfFace;
  /** As the rules of direction see it, of one UTF-16 unit. */
  readonly direction: string;
}

const MAX_KNOWN = 10_000;

const FORMLESS = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
/** Spaces of every width have their form in the gap they leave. */
const SPACE = /\p{Zs}/u;
/** Joiners, variation selectors, and marks of direction that only place the signs between words. */
const INVISIBLE = /[\u061C\u200E\u200F]|\p{Join_Control}|\p{Variation_Selector}/u;
/** To the rules of direction, letters from left to right and from right to left. */
const [LEFT, RIGHT] = ["A", "\u05D0"];
const ASTRAL_RIGHT = /[\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

export function printable(text: string, face: PdfFace): Character[] {
  const hasMarks = needsShaping(text);
  const known = charactersOf(face);
  const characters = Array.from(hasMarks ? text.normalize("NFC") : text, (one) => {
    let character = known.get(one);
    if (!character) {
      known.set(one, (character = characterOf(one, face)));
      const isPlain = character.shown === one && character.actual === one && !character.face;
      if (isPlain && one.length === 1 && !needsShaping(one))
        plainAdvances(face)[one.charCodeAt(0)] = character.advance;
    }
    return character;
  });
  if (!hasMarks) return characters;
  const faces = facesOf(characters, face);
  return characters.map((character, place) => {
    const { shown, actual } = character;
    if (shown !== actual || !needsShaping(actual)) return character;
    // The face of what a mark joins may have none of another script's.
    return faces[place]?.has(actual.codePointAt(0) ?? 0) ? character : numberOf(actual, face);
  });
}

/** Of each character: what has no width of its own follows the face of what it joins. @param face of what has none of its own */
export function facesOf(characters: readonly Character[], face: PdfFace): readonly PdfFace[] {
  let before = face;
  return characters.map(({ face: own, shown, advance }) => {
    const stands = shown !== "" && advance > 0;
    return (before = own ?? (stands ? face : before));
  });
}

/**
 * By UTF-16 units, the thousandths of each character that is printed as it is, in this face alone and without shaping;
 * 0 of any other, and of what was not printed before: it goes the longer way once.
 */
export function plainAdvances(face: PdfFace): Float64Array {
  let advances = plain.get(face);
  if (!advances) plain.set(face, (advances = new Float64Array(0x1_0000)));
  return advances;
}
const plain = new WeakMap<PdfFace, Float64Array>();

function characterOf(actual: string, face: PdfFace): Character {
  const codePoint = actual.codePointAt(0) ?? 0;
  const direction = directionOf(actual);
  if (actual === "\t") return { shown: " ", actual, advance: face.advance(0x20), direction: " " };
  if (INVISIBLE.test(actual)) {
    const shown = face.has(codePoint) && /\p{Join_Control}/u.test(actual) ? actual : "";
    return { shown, actual, advance: 0, direction };
  }
  const hasForm = !FORMLESS.test(actual) || SPACE.test(actual);
  if (hasForm && face.has(codePoint)) {
    return { shown: actual, actual, advance: face.advance(codePoint), direction };
  }
  const other = hasForm ? fallbackFor(actual) : undefined;
  if (other) {
    return { shown: actual, actual, advance: other.advance(codePoint), face: other, direction };
  }
  const number = numberOf(actual, face);
  // A mark of direction must not take effect where the text is copied to.
  return hasForm ? number : { ...number, actual: number.shown };
}

/** What cannot be printed as it is. */
function numberOf(actual: string, face: PdfFace): Character {
  const codePoint = actual.codePointAt(0) ?? 0;
  const shown = `[U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}]`;
  return { shown, actual, advance: thousandthsOf(shown, face), direction: LEFT };
}

function directionOf(character: string): string {
  if (character.length === 1) return character;
  return ASTRAL_RIGHT.test(character) ? RIGHT : LEFT;
}

export function thousandthsOf(text: string, face: PdfFace): number {
  let advance = 0;
  for (const character of text) advance += face.advance(character.codePointAt(0) ?? 0);
  return advance;
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
