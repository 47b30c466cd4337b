/** What a PDF is read with, by programs that know nothing of how it was written. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianProgram, type Program } from "./debian-program.ts";

/** Of poppler, one of the two PDF libraries that most viewers on Linux stand on. */
export async function poppler(
  name: "pdftotext" | "pdfinfo" | "pdffonts" | "pdfimages" | "pdftoppm",
): Promise<Program> {
  return await debianProgram("poppler-utils", [name]);
}

export async function qpdf(): Promise<Program> {
  return await debianProgram("qpdf", ["qpdf"]);
}

export interface ReadPdf {
  /** Of each page, laid out as it is printed. */
  readonly pages: readonly string[];
  /** `Title`, `Pages`, `Tagged`… */
  readonly info: ReadonlyMap<string, string>;
  /** What a screen reader is given: elements, indented, with their texts. */
  readonly structure: string;
  /** A line for each font. */
  readonly fonts: readonly string[];
}

/** @throws Error when qpdf finds a fault in it, or poppler on its pages. */
export async function readPdf(bytes: Uint8Array): Promise<ReadPdf> {
  const folder = await mkdtemp(join(tmpdir(), "pdf-"));
  try {
    const file = join(folder, "statement.pdf");
    await writeFile(file, bytes);
    await (await qpdf()).run("--check", file);
    const text = await (await poppler("pdftotext")).run("-layout", file, "-");
    // qpdf reads no operators; poppler tells what it does not know, and leaves it out.
    if (text.stderr !== "") throw new Error(text.stderr);
    const pdfinfo = await poppler("pdfinfo");
    const info = await pdfinfo.run("-isodates", file);
    const structure = await pdfinfo.run("-struct-text", file);
    const fonts = await (await poppler("pdffonts")).run(file);
    return {
      pages: text.stdout.split("\f").slice(0, -1),
      info: new Map(
        [...info.stdout.matchAll(/^([^:]+): +(.*)$/gm)].map(([, key = "", value = ""]) => [
          key,
          value,
        ]),
      ),
      structure: structure.stdout,
      fonts: fonts.stdout.trim().split("\n").slice(2),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
