#!/usr/bin/env bash
# fontkit says of a glyph what it stood for in the first text that had it, not what it stands for in this one.
#
# Version: fontkit 2.0.4, @embedpdf/fonts-arabic 1.0.0 (npm); pdfkit 0.20.2 takes what it says for ToUnicode.
# Input: one font, opened once, and two valid Arabic texts: two letters as Unicode's presentation forms
#   (U+FE8E, U+FEE3), then a word of ordinary letters that is drawn with the same two glyphs.
# Expected: `layout` answers for each text the characters of that text, as it does when it comes first.
# Seen: behind the forms, two of the word's five letters are the forms. A glyph is made once for a font, with the
#   characters it had then (`font._glyphs`), and whoever shapes the next text gets it as it is.
# So of a font that a server keeps, a document's bytes, and what is copied from it, depend on the documents before.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit fontkit@2.0.4 @embedpdf/fonts-arabic@1.0.0
cat > shape.cjs <<'JS'
const { openSync } = require("fontkit");
const file = "node_modules/@embedpdf/fonts-arabic/fonts/NotoNaskhArabic-Regular.ttf";
const word = "\u0645\u0631\u062D\u0628\u0627";
const forms = "\uFE8E\uFEE3";
const codes = (text, font) =>
  font
    .layout(text, undefined, "arab", undefined, "rtl")
    .glyphs.flatMap(({ codePoints }) => codePoints)
    .reverse()
    .map((code) => code.toString(16).toUpperCase().padStart(4, "0"))
    .join(" ");
console.log("the word first:       ", codes(word, openSync(file)));
const font = openSync(file);
console.log("the forms:            ", codes(forms, font));
console.log("the word behind them: ", codes(word, font));
JS
node shape.cjs | tee seen
diff seen - <<'SEEN'
the word first:        0645 0631 062D 0628 0627
the forms:             FE8E FEE3
the word behind them:  FEE3 0631 062D 0628 FE8E
SEEN
echo "as described: two letters of the word are those of the text before"
