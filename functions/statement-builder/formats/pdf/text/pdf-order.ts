/**
 * Lines with characters of several faces or from right to left: where they may break, and in which order
 * their parts stand (Unicode's bidirectional algorithm, UAX 9, by bidi-js).
 */
import makeBidi from "bidi-js";
import { facesOf, type Character } from "./pdf-character.ts";
import { needsShaping, type PdfFace } from "./pdf-font.ts";

/** What is set in one go. */
export interface Run {
  readonly face: PdfFace;
  /** In the order it is read in. */
  readonly text: string;
  /**
   * What it stands for where the glyphs do not say so: numbers of characters, and letters that stand in another
   * order than they are read in. Never from right to left: readers put those in order themselves.
   */
  readonly actual?: string;
  readonly rightToLeft: boolean;
  /** Thousandths of the size. */
  readonly advance: number;
  /** From the left of the line, thousandths of the size. */
  readonly left: number;
}

export interface Paragraph {
  /** Behind which characters a line may end although no space is there, by their places. */
  readonly breaks: ReadonlySet<number>;
  /** In the order they are read in. */
  runs(start: number, end: number): readonly Run[];
}

/** Its types take the package for one of ES modules, which it is not to Node. */
const bidi = (makeBidi as unknown as typeof makeBidi.default)();
const words = new Intl.Segmenter("en", { granularity: "word" });

/** Scripts that put no spaces between words. */
const WITHOUT_SPACES = /[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}]/u;
/** What must not begin a line. */
const NOT_FIRST = /^[\p{M}\p{Pe}\p{Pf}\p{Z}、。，．：；？！・ー々〜ๆฯ!,.:;?]/u;
const NOT_LAST = /[\p{Ps}\p{Pi}]$/u;

/** @param face of what has none of its own */
export function paragraphOf(characters: readonly Character[], face: PdfFace): Paragraph {
  const directions = characters.map((one) => one.direction).join("");
  const levels = bidi.getEmbeddingLevels(directions, "auto");
  const faces = facesOf(characters, face);
  return {
    breaks: breaksOf(characters),
    runs(start, end) {
      const order = bidi.getReorderedIndices(directions, levels, start, end - 1).slice(start, end);
      const runs = new Map<number, Run>();
      let left = 0;
      for (let at = 0; at < order.length;) {
        const first = order[at] ?? 0;
        const own = faces[first] ?? face;
        const level = levels.levels[first] ?? 0;
        const rightToLeft = level % 2 === 1;
        let until = at + 1;
        while (
          order[until] === (order[until - 1] ?? 0) + (rightToLeft ? -1 : 1) &&
          levels.levels[order[until] ?? 0] === level &&
          faces[order[until] ?? 0] === own
        ) {
          until += 1;
        }
        const places = order.slice(at, until).sort((a, b) => a - b);
        const text = places.map((place) => shownAt(characters, place, rightToLeft, own)).join("");
        at = until;
        if (text === "") continue;
        const advance = own.advanceOf(text, rightToLeft);
        const actual = places.map((place) => characters[place]?.actual ?? "").join("");
        const isTold = rightToLeft || (actual === text && !needsShaping(text));
        runs.set(places[0] ?? 0, {
          face: own,
          text,
          rightToLeft,
          advance,
          left,
          ...(isTold ? {} : { actual }),
        });
        left += advance;
      }
      return [...runs].sort(([a], [b]) => a - b).map(([, run]) => run);
    },
  };
}

function shownAt(
  characters: readonly Character[],
  place: number,
  rightToLeft: boolean,
  face: PdfFace,
): string {
  const { shown, actual } = characters[place] as Character;
  if (/^\p{Join_Control}$/u.test(actual)) return face.has(actual.charCodeAt(0)) ? actual : "";
  return rightToLeft ? (bidi.getMirroredCharacter(shown) ?? shown) : shown;
}

function breaksOf(characters: readonly Character[]): ReadonlySet<number> {
  const breaks = new Set<number>();
  const text = characters.map((one) => one.actual).join("");
  if (!WITHOUT_SPACES.test(text)) return breaks;
  let [place, length] = [0, 0];
  for (const { index, segment } of words.segment(text)) {
    const end = index + segment.length;
    const next = text.charAt(end);
    while (length < end) length += characters[place++]?.actual.length ?? 1;
    const near = segment.slice(-1) + next;
    if (WITHOUT_SPACES.test(near) && !NOT_FIRST.test(next) && !NOT_LAST.test(segment))
      breaks.add(place - 1);
  }
  return breaks;
}
