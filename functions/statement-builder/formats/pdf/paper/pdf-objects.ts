/**
 * The end of the document (ISO 32000-1, 7.5.4 and 7.5.5): where each object begins, and where to read first. pdfkit's own
 * writes it in one piece, which for two million objects keeps everything else waiting for seconds.
 */
import type { PdfBytes } from "./pdf-bytes.ts";
import { unknownInside, type Inside } from "./pdf-inside.ts";

const ENTRIES_A_STEP = 2_000;

/** @param end of pdfkit, for what else it writes behind the last page */
export function* writeEnd(inside: Inside, document: PdfBytes, end: () => void): Generator<void> {
  let isWhole = false as boolean;
  inside._finalize = () => void (isWhole = true);
  end();
  const { _offsets: offsets, _info: info, _id: id, _root: root } = inside;
  if (!isWhole || !info || !id) throw unknownInside();
  const beginning = document.count;
  const size = offsets.length + 1;
  document.text("xref\n0 ").number(size).text("\n0000000000 65535 f \n");
  for (const [place, offset] of offsets.entries()) {
    if (place % ENTRIES_A_STEP === 0) yield;
    document.text(String(offset).padStart(10, "0")).text(" 00000 n \n");
  }
  document.text("trailer\n<</Size ").number(size).text("/Root ").number(root.id);
  document.text(" 0 R/Info ").number(info.id).text(" 0 R/ID[");
  for (let twice = 0; twice < 2; twice += 1) document.text(`<${Buffer.from(id).toString("hex")}>`);
  document.text("]>>\nstartxref\n").number(beginning).text("\n%%EOF\n");
}
