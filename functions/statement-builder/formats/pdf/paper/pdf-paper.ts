/**
 * The pages of statement.pdf: one at a time, and each leaves memory when the next begins. For `y` of "page x of y"
 * every page refers to one small form that is written last, when the number of pages is known. So nothing is counted
 * beforehand and no page waits.
 */
import { deflateSync } from "node:zlib";
import PDFDocument from "pdfkit";
import type { BankLogo } from "../../../../domain/bank-names.ts";
import { CONTENT_WIDTH, COLOURS, PAGE, type Styles } from "../pdf-style.ts";
import { LEFT_TO_RIGHT, type PdfFace } from "../text/pdf-font.ts";
import { fit, widthOf, type Line } from "../text/pdf-text.ts";
import { insideOf, unknownInside, type PageContent } from "./pdf-inside.ts";
import { PdfBytes } from "./pdf-bytes.ts";
import { writeEnd } from "./pdf-objects.ts";
import { PdfOutline } from "./pdf-outline.ts";
import { PdfPen, rgb, type PenFont } from "./pdf-pen.ts";
import { PdfStructure, type Element, type ElementOptions } from "./pdf-structure.ts";

export interface PaperText {
  /** BCP 47. */
  readonly language: string;
  readonly title: string;
  /** At the bottom of every page. */
  readonly statementId: string;
  readonly count: (value: number) => string;
  readonly pageOf: (page: string) => string;
  /** Milliseconds since the epoch, as are the others: nothing here depends on the clock. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export interface Paper {
  readonly styles: Styles;
  /** The whole document's element. */
  readonly root: Element;
  /** On top of the pages to come. */
  header: string;
  /** Where the next thing begins, from the top. */
  y: number;
  /** Whether nothing stands on this page but its edges. */
  readonly isBlank: boolean;
  nextPage(): void;
  /** The next page where `height` has no room on this one. Answers whether it turned. */
  need(height: number): boolean;
  /** Opened inside `parent`; whoever opens it ends it, and with that it leaves memory. */
  open(type: string, parent: Element): Element;
  /** An element with what `draw` draws on this page; without it, an empty one. */
  place(type: string, parent: Element, draw?: () => void, options?: ElementOptions): void;
  /** What is no content: lines, panels, repeated heads. Not inside of `place`. */
  decorate(draw: () => void): void;
  line(line: Line, x: number, baseline: number): void;
  rule(y: number, colour: string, thickness: number): void;
  panel(x: number, y: number, width: number, height: number, colour: string): void;
  /** Where it is as an element's `bbox` has it. */
  picture(logo: BankLogo, bbox: NonNullable<ElementOptions["bbox"]>): void;
  bookmark(title: string): void;
  /** The bytes written since the last call. */
  take(): Buffer | undefined;
  /** In steps, as a document may have millions of objects. Between them and after the last only `take`. */
  end(): Generator<void>;
}

/** Accessible by ISO 14289-1. pdfkit's own option for it adds a table of glyphs that the standard refuses. */
const PDF_UA =
  '<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="">' +
  "<pdfuaid:part>1</pdfuaid:part></rdf:Description>";

const HEADER_Y = 38;
const FOOTER_Y = 813;

export function openPaper(styles: Styles, text: PaperText): Paper {
  const doc = new PDFDocument({
    size: [PAGE.width, PAGE.height],
    margin: 0,
    autoFirstPage: false,
    bufferPages: false,
    pdfVersion: "1.7",
    tagged: true,
    lang: text.language,
    displayTitle: true,
    fontLayoutCache: false,
    info: {
      Title: text.title,
      Subject: text.statementId,
      Creator: "Transactions Collector",
      CreationDate: new Date(text.createdAt),
      ModDate: new Date(text.modifiedAt),
    },
    // None of the fonts that pdfkit reads from its own folder.
    font: null as unknown as string,
  });
  doc.appendXML(PDF_UA);
  const fonts = new Map<PdfFace, PenFont>();
  doc.registerFont(styles.edge.face.name, styles.edge.face.source as unknown as Buffer);
  doc.font(styles.edge.face.name);
  const inside = insideOf(doc);
  const written = new PdfBytes();
  const beginning = doc.read() as Buffer | null;
  if (beginning) written.line(beginning);
  inside._write = (data) => written.line(data);
  Object.defineProperty(inside, "_offset", { get: () => written.count });
  const operators = new PdfBytes();
  const structure = new PdfStructure(inside, written, operators);
  const outline = new PdfOutline(inside, written);
  const pen = new PdfPen(inside, operators, fontOf);
  const pageCount = inside.ref({
    Type: "XObject",
    Subtype: "Form",
    BBox: [0, -4, 80, 12],
    Resources: { Font: { F: fontOf(styles.edge.face).font.ref() } },
  });
  let pages = 0;
  const paper: Paper = {
    styles,
    root: structure.root,
    header: "",
    y: 0,
    get isBlank() {
      return paper.y === PAGE.top;
    },
    nextPage() {
      if (pages > 0) structure.endPage();
      doc.addPage();
      gather(inside.page.content, operators);
      pages += 1;
      pen.beginPage();
      paper.y = pages === 1 ? 48 : PAGE.top;
      artifact("Pagination", drawEdges);
    },
    need(height) {
      if (paper.y + height <= PAGE.bottom) return false;
      paper.nextPage();
      return true;
    },
    open: (type, parent) => structure.open(type, parent),
    place: (type, parent, draw, options) => structure.place(type, parent, draw, options),
    decorate: (draw) => artifact("Layout", draw),
    line: (line, x, baseline) => pen.line(line, x, baseline),
    rule(y, wanted, thickness) {
      pen.panel(PAGE.left, y - thickness / 2, CONTENT_WIDTH, thickness, wanted);
    },
    panel: (x, y, width, height, colour) => pen.panel(x, y, width, height, colour),
    picture({ width, height, deflatedRgb }, [left, top, right, bottom]) {
      const image = inside.ref({
        ...{ Type: "XObject", Subtype: "Image", Width: width, Height: height },
        ...{ ColorSpace: "DeviceRGB", BitsPerComponent: 8, Filter: "FlateDecode" },
      });
      image.end(deflatedRgb);
      inside.page.xobjects["Logo"] = image;
      // The page's y runs down, that of a picture up.
      const place = [right - left, 0, 0, top - bottom, left, bottom].map((n) => n.toFixed(2));
      operators.line(`q ${place.join(" ")} cm /Logo Do Q`);
    },
    bookmark(title) {
      outline.add(title, PAGE.height - paper.y);
    },
    take() {
      const bytes = written.take();
      return bytes.length === 0 ? undefined : bytes;
    },
    *end() {
      structure.endPage();
      structure.end();
      outline.end();
      const { size, face, colour } = styles.edge;
      const [glyphs] = fontOf(face).font.encode(` ${text.count(pages)}`, []);
      pageCount.end(`BT ${rgb(colour)} rg /F ${size} Tf <${glyphs.join("")}> Tj ET`);
      yield* writeEnd(inside, written, () => doc.end());
    },
  };
  return paper;

  function fontOf(face: PdfFace): PenFont {
    let known = fonts.get(face);
    if (!known) fonts.set(face, (known = openFont(face)));
    return known;
  }

  /** What a glyph is in the document is asked for once. */
  function openFont(face: PdfFace): PenFont {
    doc.registerFont(face.name, face.source as unknown as Buffer);
    doc.font(face.name);
    const font = inside._font;
    const known = new Uint16Array(0x1_0000);
    const find = (codePoint: number): number => {
      const [[hex = "0"]] = font.encode(String.fromCodePoint(codePoint), LEFT_TO_RIGHT);
      return (known[codePoint] = Number.parseInt(hex, 16));
    };
    return { font, glyphs: { known, find } };
  }

  function artifact(type: "Pagination" | "Layout", draw: () => void): void {
    operators.text("/Artifact<</Type/").text(type).text(">>BDC\n");
    draw();
    operators.text("EMC\n");
  }

  function drawEdges(): void {
    if (paper.header !== "") {
      paper.line(fit(paper.header, styles.edge, CONTENT_WIDTH), PAGE.left, HEADER_Y);
      paper.rule(HEADER_Y + 8, COLOURS.line, 0.5);
    }
    const of: Line = { shown: text.pageOf(text.count(pages)), style: styles.edge };
    const end = PAGE.left + widthOf(of);
    paper.line(of, PAGE.left, FOOTER_Y);
    inside.page.xobjects["Pages"] = pageCount;
    operators.text("q 1 0 0 -1 ").number(end).text(` ${FOOTER_Y} cm /Pages Do Q\n`);
    const id = fit(text.statementId, styles.edge, CONTENT_WIDTH - 120);
    paper.line(id, PAGE.right - widthOf(id), FOOTER_Y);
  }
}

/** zlib's, for the operators of a page: half the time of its default, 6, and a document that is 2 % larger. */
const LEVEL = 4;

/** From now on `operators` has what is written on the page, which gets all of it, deflated, at its end. */
function gather(content: Partial<PageContent>, operators: PdfBytes): void {
  const { write, end, buffer, compress } = content;
  if (typeof write !== "function" || typeof end !== "function") throw unknownInside();
  if (!buffer || compress !== true) throw unknownInside();
  for (const begun of buffer.splice(0)) operators.line(begun);
  content.write = (data) => operators.line(data);
  content.end = () => {
    content.compress = false;
    write.call(content, deflateSync(operators.take(), { level: LEVEL }));
    end.call(content);
  };
}
