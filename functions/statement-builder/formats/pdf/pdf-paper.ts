/**
 * The pages of statement.pdf: one at a time, and each leaves memory when the next begins. The one place
 * that leans on pdfkit's inside, for `y` of "page x of y": every page refers to one small form that is
 * written last, when the number of pages is known. So nothing is counted beforehand and no page waits.
 */
import { deflateSync } from "node:zlib";
import PDFDocument from "pdfkit";
import type { BankLogo } from "../../../domain/bank-names.ts";
import { LEFT_TO_RIGHT, RIGHT_TO_LEFT, type PdfFace, type PdfFaces } from "./text/pdf-font.ts";
import { PdfLines } from "./pdf-lines.ts";
import { CONTENT_WIDTH, COLOURS, PAGE, type Styles, type TextStyle } from "./pdf-style.ts";
import type { Run } from "./text/pdf-order.ts";
import { behind, fit, widthOf, type Line } from "./text/pdf-text.ts";

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

/** An element of the document's structure, for screen readers. */
export type Element = PDFKit.PDFStructureElement;

export interface ElementOptions {
  /** Of a header cell. */
  readonly scope?: "Row" | "Column";
  /** Of a figure: what it says to those who do not see it, and where it is. */
  readonly alt?: string;
  readonly bbox?: readonly [left: number, top: number, right: number, bottom: number];
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
  /** An element with what `draw` draws on this page. */
  place(type: string, parent: Element, draw: () => void, options?: ElementOptions): void;
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
  /** After it only `take`. */
  end(): void;
}

/** What @types/pdfkit does not know of. */
interface Inside {
  readonly _font: InsideFont;
  readonly page: {
    readonly fonts: Record<string, unknown>;
    readonly xobjects: Record<string, unknown>;
    readonly content: PageContent;
  };
  ref(data: object): { end(content: string | Uint8Array): void };
  _write: (data: string | Uint8Array) => void;
  /** How many bytes were written. */
  _offset: number;
}

interface PageContent {
  write: (this: object, data: string | Uint8Array) => void;
  end: (this: object) => void;
  /** Written so far. */
  readonly buffer: Uint8Array[];
  /** Whether it is deflated at its end. */
  compress: boolean;
}

interface InsideFont {
  readonly id: string;
  ref(): unknown;
  encode(text: string, features: readonly string[]): Encoded;
}

/** Glyphs as hex, and where each stands, in thousandths; no places where one follows the other. */
type Encoded = readonly [
  glyphs: readonly string[],
  positions: readonly {
    readonly xAdvance: number;
    readonly xOffset: number;
    readonly yOffset: number;
    readonly advanceWidth: number;
  }[],
];

/** @throws Error for a pdfkit of another shape; the page count would be missing from every page. */
export function insideOf(doc: object): Inside {
  const {
    _font: font,
    _offset: offset,
    _write: write,
    ref,
  } = doc as Partial<Record<"_offset" | "_write" | "ref", unknown>> & {
    readonly _font?: Partial<InsideFont>;
  };
  const known = [ref, write, font?.ref, font?.encode].every((one) => typeof one === "function");
  if (known && typeof font?.id === "string" && typeof offset === "number") return doc as Inside;
  throw unknownInside();
}

function unknownInside(): Error {
  return new Error(
    "pdfkit has another inside: this release only knows the version of its lock file",
  );
}

/** Accessible by ISO 14289-1. pdfkit's own option for it adds a table of glyphs that the standard refuses. */
const PDF_UA =
  '<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="">' +
  "<pdfuaid:part>1</pdfuaid:part></rdf:Description>";

const HEADER_Y = 38;
const FOOTER_Y = 813;

export function openPaper(faces: PdfFaces, styles: Styles, text: PaperText): Paper {
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
  const registered = new Set<PdfFace>([faces.regular, faces.strong]);
  for (const { name, source } of registered) doc.registerFont(name, source as unknown as Buffer);
  doc.font(styles.edge.face.name);
  const inside = insideOf(doc);
  const written = new PdfLines();
  const beginning = doc.read() as Buffer | null;
  if (beginning) written.add(beginning);
  inside._write = (data) => void (inside._offset += written.add(data));
  const operators = new PdfLines();
  const pageCount = inside.ref({
    Type: "XObject",
    Subtype: "Form",
    BBox: [0, -4, 80, 12],
    Resources: { Font: { F: inside._font.ref() } },
  });
  const root = doc.struct("Document");
  doc.addStructure(root);

  const glyphs = new Map<InsideFont, Map<string, string>>();
  let pages = 0;
  let colour = "";
  /** PDF's operator, unless it is the colour already. */
  const fill = (wanted: string): string => {
    if (wanted === colour) return "";
    colour = wanted;
    return `${rgb(wanted)} rg `;
  };
  const paper: Paper = {
    styles,
    root,
    header: "",
    y: 0,
    get isBlank() {
      return paper.y === PAGE.top;
    },
    nextPage() {
      doc.addPage();
      gather(inside.page.content, operators);
      pages += 1;
      colour = "";
      paper.y = pages === 1 ? 48 : PAGE.top;
      artifact("Pagination", drawEdges);
    },
    need(height) {
      if (paper.y + height <= PAGE.bottom) return false;
      paper.nextPage();
      return true;
    },
    open(type, parent) {
      const element = doc.struct(type);
      parent.add(element);
      return element;
    },
    place(type, parent, draw, options = {}) {
      parent.add(doc.struct(type, options, draw));
    },
    decorate: (draw) => artifact("Layout", draw),
    line(line, x, baseline) {
      const { shown, actual: of, style, runs, after } = line;
      const whole = { face: style.face, text: shown, actual: of, rightToLeft: false, left: 0 };
      for (const part of runs ?? (shown === "" ? [] : [whole])) {
        const { actual, rightToLeft, left } = part;
        // The first glyph from the left is the last letter: ISO 32000-1, 14.8.2.3.3.
        if (rightToLeft) doc.markContent("ReversedChars");
        else if (actual !== undefined) doc.markContent("Span", { actual });
        drawText(part, style, x + left * (style.size / 1000), baseline);
        if (rightToLeft || actual !== undefined) doc.endMarkedContent();
      }
      if (after) paper.line(after, x + behind(line), baseline);
    },
    rule(y, wanted, thickness) {
      paper.panel(PAGE.left, y - thickness / 2, CONTENT_WIDTH, thickness, wanted);
    },
    panel(x, y, width, height, wanted) {
      const box = [x, y, width, height].map((length) => length.toFixed(2)).join(" ");
      doc.addContent(`${fill(wanted)}${box} re f`);
    },
    picture({ width, height, deflatedRgb }, [left, top, right, bottom]) {
      const image = inside.ref({
        ...{ Type: "XObject", Subtype: "Image", Width: width, Height: height },
        ...{ ColorSpace: "DeviceRGB", BitsPerComponent: 8, Filter: "FlateDecode" },
      });
      image.end(deflatedRgb);
      inside.page.xobjects["Logo"] = image;
      // The page's y runs down, that of a picture up.
      const place = [right - left, 0, 0, top - bottom, left, bottom].map((n) => n.toFixed(2));
      doc.addContent(`q ${place.join(" ")} cm /Logo Do Q`);
    },
    bookmark(title) {
      // pdfkit counts `left` from the right.
      doc.outline.addItem(title, { left: PAGE.width, top: paper.y } as object);
    },
    take() {
      const bytes = written.take();
      return bytes.length === 0 ? undefined : bytes;
    },
    end() {
      root.end();
      const { size, face, colour } = styles.edge;
      doc.font(face.name);
      const [glyphs] = inside._font.encode(` ${text.count(pages)}`, []);
      pageCount.end(`BT ${rgb(colour)} rg /F ${size} Tf <${glyphs.join("")}> Tj ET`);
      doc.end();
    },
  };
  return paper;

  /** One operation where pdfkit's own `text` takes ten, and measures the text three times. */
  function drawText(
    { face, text, rightToLeft }: Pick<Run, "face" | "text" | "rightToLeft">,
    { size, colour: wanted }: TextStyle,
    x: number,
    baseline: number,
  ): void {
    if (!registered.has(face)) doc.registerFont(face.name, face.source as unknown as Buffer);
    registered.add(face);
    doc.font(face.name);
    const font = inside._font;
    inside.page.fonts[font.id] ??= font.ref();
    // The page's y runs down, that of letters up.
    const place = `1 0 0 -1 ${x.toFixed(2)} ${baseline.toFixed(2)} Tm`;
    const glyphs =
      !rightToLeft && face.isPlain(text)
        ? `<${plainGlyphs(font, text)}> Tj`
        : placedGlyphs(font.encode(text, rightToLeft ? RIGHT_TO_LEFT : LEFT_TO_RIGHT), size);
    doc.addContent(`${fill(wanted)}BT /${font.id} ${size.toFixed(2)} Tf ${place} ${glyphs} ET`);
  }

  /** One glyph for each character: what it is in the document is asked for once. */
  function plainGlyphs(font: InsideFont, text: string): string {
    let known = glyphs.get(font);
    if (!known) glyphs.set(font, (known = new Map<string, string>()));
    let hex = "";
    for (const character of text) {
      let glyph = known.get(character);
      if (glyph === undefined) {
        glyph = font.encode(character, LEFT_TO_RIGHT)[0].join("");
        known.set(character, glyph);
      }
      hex += glyph;
    }
    return hex;
  }

  function artifact(type: "Pagination" | "Layout", draw: () => void): void {
    doc.markContent("Artifact", { type });
    draw();
    doc.endMarkedContent();
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
    doc.addContent(`q 1 0 0 -1 ${end.toFixed(2)} ${FOOTER_Y} cm /Pages Do Q`);
    const id = fit(text.statementId, styles.edge, CONTENT_WIDTH - 120);
    paper.line(id, PAGE.right - widthOf(id), FOOTER_Y);
  }
}

/** zlib's, for the operators of a page: half the time of its default, 6, and a document that is 2 % larger. */
const LEVEL = 4;

/** From now on `operators` has what is written on the page, which gets all of it, deflated, at its end. */
function gather(content: Partial<PageContent>, operators: PdfLines): void {
  const { write, end, buffer, compress } = content;
  if (typeof write !== "function" || typeof end !== "function") throw unknownInside();
  if (!buffer || compress !== true) throw unknownInside();
  for (const begun of buffer.splice(0)) operators.add(begun);
  content.write = (data) => void operators.add(data);
  content.end = () => {
    content.compress = false;
    write.call(content, deflateSync(operators.take(), { level: LEVEL }));
    end.call(content);
  };
}

/** PDF's operators for glyphs that may stand beside and above their line. */
function placedGlyphs([glyphs, positions]: Encoded, size: number): string {
  if (positions.length === 0) return `<${glyphs.join("")}> Tj`;
  let pen = 0;
  const placed = positions.map(({ xAdvance, xOffset, yOffset, advanceWidth }, at) => {
    const left = pen + xOffset;
    pen += xAdvance;
    return { hex: glyphs[at] ?? "", left, right: left + advanceWidth, rise: yOffset };
  });
  let operators = "";
  let [risen, reached] = [0, 0];
  for (const { hex, left, right, rise } of placed) {
    if (rise !== risen) operators += `${((rise * size) / 1000).toFixed(2)} Ts `;
    operators += `[${(reached - left).toFixed(0)} <${hex}>] TJ `;
    [risen, reached] = [rise, right];
  }
  return risen === 0 ? operators : `${operators}0 Ts`;
}

/** `#RRGGBB` as PDF's three numbers. */
function rgb(colour: string): string {
  let numbers = colours.get(colour);
  if (numbers === undefined) colours.set(colour, (numbers = numbersOf(colour)));
  return numbers;
}
/** Those of the styles, and the bank's own. */
const colours = new Map<string, string>();

function numbersOf(colour: string): string {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  return parts.map((part) => part.toFixed(3)).join(" ");
}
