/**
 * What statement.pdf needs of pdfkit's inside, for which there is no method: the number and the place of objects that are
 * written as text, glyphs as they were shaped, and where its lines go.
 */

/** What @types/pdfkit does not know of. */
export interface Inside {
  readonly _font: InsideFont;
  readonly page: {
    readonly dictionary: Reference;
    readonly fonts: Record<string, unknown>;
    readonly xobjects: Record<string, unknown>;
    readonly content: PageContent;
  };
  readonly _root: {
    readonly id: number;
    readonly data: { readonly StructTreeRoot?: Reference } & Record<string, unknown>;
  };
  readonly _id?: Uint8Array;
  /** Once it has ended. */
  readonly _info?: Reference;
  ref(data?: object): Reference;
  /** To be told of each object that was written. */
  _refEnd(reference: Reference): void;
  _write: (data: string | Uint8Array) => void;
  /** How many bytes were written. */
  readonly _offset: number;
  /** Where each object begins, by their numbers less one. */
  readonly _offsets: readonly (number | null)[];
  /** Called when the last object is written. */
  _finalize: () => void;
}

/** An object of the document. */
export interface Reference {
  readonly id: number;
  /** Where it begins, once it is written. */
  offset?: number;
  readonly data: Record<string, unknown>;
  end(content?: string | Uint8Array): void;
}

export interface PageContent {
  write: (this: object, data: string | Uint8Array) => void;
  end: (this: object) => void;
  /** Written so far. */
  readonly buffer: Uint8Array[];
  /** Whether it is deflated at its end. */
  compress: boolean;
}

export interface InsideFont {
  readonly id: string;
  ref(): unknown;
  encode(text: string, features: readonly string[]): Encoded;
}

/** Glyphs as hex, and where each stands, in thousandths; no places where one follows the other. */
export type Encoded = readonly [
  glyphs: readonly string[],
  positions: readonly {
    readonly xAdvance: number;
    readonly xOffset: number;
    readonly yOffset: number;
    readonly advanceWidth: number;
  }[],
];

/** @throws Error for a pdfkit of another shape; what is written here would be missing from the document. */
export function insideOf(doc: object): Inside {
  const { _font, _offset, _offsets, _write, _refEnd, _root, ref } = doc as Partial<Inside>;
  const { _finalize } = doc as Partial<Inside>;
  const { encode, id, ref: refOfFont } = (_font ?? {}) as Partial<InsideFont>;
  const functions = [ref, _write, _refEnd, _finalize, refOfFont, encode];
  const known = functions.every((one) => typeof one === "function") && Array.isArray(_offsets);
  const structure = _root?.data.StructTreeRoot;
  if (known && typeof id === "string" && typeof _offset === "number" && structure?.id)
    return doc as Inside;
  throw unknownInside();
}

export function unknownInside(): Error {
  return new Error(
    "pdfkit has another inside: this release only knows the version of its lock file",
  );
}
