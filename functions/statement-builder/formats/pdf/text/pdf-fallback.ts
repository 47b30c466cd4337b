/**
 * Faces for what Noto Sans lacks, each read with the first character of its script that a statement holds.
 * All are Noto fonts under the SIL Open Font License 1.1, in one weight.
 */
import { openFace, type FaceFile, type PdfFace } from "./pdf-font.ts";

interface Fallback extends FaceFile {
  readonly script: RegExp;
}

/** Devanagari is in Noto Sans itself. */
const FALLBACKS: readonly Fallback[] = [
  {
    name: "arabic",
    script: /\p{scx=Arab}/u,
    // The newer Noto Sans Arabic parts letters from their dots, and the glyph of one is that of several.
    package: "@embedpdf/fonts-arabic",
    file: "fonts/NotoNaskhArabic-Regular.ttf",
    joins: true,
  },
  {
    name: "hebrew",
    script: /\p{scx=Hebr}/u,
    package: "@embedpdf/fonts-hebrew",
    file: "fonts/NotoSansHebrew-Regular.ttf",
  },
  {
    name: "thai",
    script: /\p{scx=Thai}/u,
    package: "@expo-google-fonts/noto-sans-thai",
    file: "400Regular/NotoSansThai_400Regular.ttf",
  },
  {
    // Chinese in both forms, kana, and the punctuation and wide forms that go with them.
    name: "han",
    script: /[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\u3000-\u303F\uFF00-\uFFEF]/u,
    package: "@embedpdf/fonts-sc",
    file: "fonts/NotoSansHans-Regular.otf",
  },
  {
    name: "hangul",
    script: /\p{scx=Hang}/u,
    package: "@embedpdf/fonts-kr",
    file: "fonts/NotoSansKR-Regular.otf",
  },
];

const opened = new Map<string, PdfFace>();

/** The face that has it; undefined where none does. */
export function fallbackFor(character: string): PdfFace | undefined {
  const codePoint = character.codePointAt(0) ?? 0;
  for (const fallback of FALLBACKS) {
    if (!fallback.script.test(character)) continue;
    let face = opened.get(fallback.name);
    if (!face) opened.set(fallback.name, (face = openFace(fallback)));
    if (face.has(codePoint)) return face;
  }
  return undefined;
}
