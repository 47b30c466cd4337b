/**
 * The structure that screen readers are given (ISO 32000-1, 14.7), written while it grows. pdfkit's own keeps what it
 * knows of each element to the end of the document, and a row of a table has six; here an element leaves memory when it
 * ends.
 */
import { PAGE } from "../pdf-style.ts";
import type { PdfBytes } from "./pdf-bytes.ts";
import { unknownInside, type Inside, type Reference } from "./pdf-inside.ts";
import { textString } from "./pdf-string.ts";

/** An element that holds others; whoever opens it ends it, when all that it holds has ended. */
export interface Element {
  readonly id: number;
  /** What it holds, by their ids. */
  readonly kids: number[];
  end(): void;
}

export interface ElementOptions {
  /** Of a header cell. */
  readonly scope?: "Row" | "Column";
  /** Of a figure: what it says to those who do not see it, and where it is. */
  readonly alt?: string;
  readonly bbox?: readonly [left: number, top: number, right: number, bottom: number];
}

export class PdfStructure {
  readonly root: Element;
  readonly #inside: Inside;
  readonly #document: PdfBytes;
  readonly #operators: PdfBytes;
  readonly #tree: Reference;
  /** Elements that have something on this page, by the numbers that it has there. */
  readonly #owners: number[] = [];
  /** The same of the pages that have ended, by their ids. */
  readonly #pages: number[] = [];

  /** @param operators of the page that is written on */
  constructor(inside: Inside, document: PdfBytes, operators: PdfBytes) {
    const tree = inside._root.data.StructTreeRoot;
    if (!tree) throw unknownInside();
    this.#inside = inside;
    this.#document = document;
    this.#operators = operators;
    this.#tree = tree;
    const root = inside.ref();
    tree.data["K"] = [root];
    this.root = this.#element("Document", tree.id, root);
  }

  open(type: string, parent: Element): Element {
    const reference = this.#inside.ref();
    parent.kids.push(reference.id);
    return this.#element(type, parent.id, reference);
  }

  /** An element with what `draw` draws on this page; without it, an empty one. */
  place(type: string, parent: Element, draw?: () => void, options?: ElementOptions): void {
    const reference = this.#inside.ref();
    parent.kids.push(reference.id);
    const content = draw && this.#draw(type, reference, draw);
    const document = this.#begin(reference);
    document.text("<</S/").text(type).text("/P ").number(parent.id).text(" 0 R");
    if (content !== undefined) {
      const { id: page } = this.#inside.page.dictionary;
      document.text("/Pg ").number(page).text(" 0 R/K ").number(content);
    }
    if (options) document.text(attributesOf(options));
    document.text(">>");
    this.#end(reference);
  }

  /** Before the page is written. */
  endPage(): void {
    const reference = this.#inside.ref();
    this.#inside.page.dictionary.data["StructParents"] = this.#pages.push(reference.id) - 1;
    this.#begin(reference);
    this.#references(this.#owners);
    this.#end(reference);
    this.#owners.length = 0;
  }

  /** Behind the last page. */
  end(): void {
    this.root.end();
    const parents = this.#inside.ref();
    const document = this.#begin(parents).text("<</Nums[");
    this.#pages.forEach((id, page) => document.number(page).text(" ").number(id).text(" 0 R "));
    document.text("]>>");
    this.#end(parents);
    Object.assign(this.#tree.data, { ParentTree: parents, ParentTreeNextKey: this.#pages.length });
  }

  #element(type: string, parent: number, reference: Reference): Element {
    const kids: number[] = [];
    const end = (): void => {
      this.#begin(reference).text("<</S/").text(type).text("/P ").number(parent).text(" 0 R/K");
      this.#references(kids);
      this.#document.text(">>");
      this.#end(reference);
    };
    return { id: reference.id, kids, end };
  }

  /** Answers which content of the page it is. */
  #draw(type: string, reference: Reference, draw: () => void): number {
    const content = this.#owners.push(reference.id) - 1;
    this.#operators.text("/").text(type).text("<</MCID ").number(content).text(">>BDC\n");
    draw();
    this.#operators.text("EMC\n");
    return content;
  }

  #references(ids: readonly number[]): void {
    this.#document.text("[");
    for (const id of ids) this.#document.number(id).text(" 0 R ");
    this.#document.text("]");
  }

  #begin(reference: Reference): PdfBytes {
    reference.offset = this.#document.count;
    return this.#document.number(reference.id).text(" 0 obj\n");
  }

  #end(reference: Reference): void {
    this.#document.text("\nendobj\n");
    this.#inside._refEnd(reference);
  }
}

function attributesOf({ scope, alt, bbox }: ElementOptions): string {
  let attributes = "";
  if (scope) attributes += `/A<</O/Table/Scope/${scope}>>`;
  if (alt !== undefined) attributes += `/Alt${textString(alt)}`;
  if (bbox) {
    const [left, top, right, bottom] = bbox;
    // The page's y runs down, that of PDF up.
    const box = [left, PAGE.height - bottom, right, PAGE.height - top].map((n) => n.toFixed(2));
    attributes += `/A<</O/Layout/Placement/Block/BBox[${box.join(" ")}]>>`;
  }
  return attributes;
}
