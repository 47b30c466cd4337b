/**
 * The bookmarks (ISO 32000-1, 12.3.3), written while they come: one when the next is known. pdfkit's own keeps them all
 * and writes them at the end, in one piece, however many there are.
 */
import type { PdfBytes } from "./pdf-bytes.ts";
import { type Inside, type Reference } from "./pdf-inside.ts";
import { textString } from "./pdf-string.ts";

interface Bookmark {
  readonly reference: Reference;
  readonly previous: Reference | undefined;
  readonly title: string;
  readonly page: number;
  /** From the bottom of the page. */
  readonly top: number;
}

export class PdfOutline {
  readonly #inside: Inside;
  readonly #document: PdfBytes;
  readonly #root: Reference;
  #first: Reference | undefined;
  #last: Bookmark | undefined;

  constructor(inside: Inside, document: PdfBytes) {
    this.#inside = inside;
    this.#document = document;
    this.#root = inside.ref();
  }

  /** @param top from the bottom of the page that is written on */
  add(title: string, top: number): void {
    const reference = this.#inside.ref();
    const { id: page } = this.#inside.page.dictionary;
    this.#first ??= reference;
    if (this.#last) this.#write(this.#last, reference);
    this.#last = { reference, previous: this.#last?.reference, title, page, top };
  }

  /** Behind the last page. */
  end(): void {
    if (this.#last) {
      this.#write(this.#last);
      const { data } = this.#inside._root;
      Object.assign(data, { Outlines: this.#root, PageMode: "UseOutlines" });
      Object.assign(this.#root.data, { First: this.#first, Last: this.#last.reference });
    }
    this.#root.end();
  }

  #write({ reference, previous, title, page, top }: Bookmark, next?: Reference): void {
    reference.offset = this.#document.count;
    const document = this.#document.number(reference.id).text(" 0 obj\n<</Dest[").number(page);
    document.text(" 0 R/XYZ 0 ").number(top).text(" 0]/Parent ").number(this.#root.id);
    document.text(" 0 R/Title").text(textString(title));
    if (previous) document.text("/Prev ").number(previous.id).text(" 0 R");
    if (next) document.text("/Next ").number(next.id).text(" 0 R");
    document.text(">>\nendobj\n");
    this.#inside._refEnd(reference);
  }
}
