/** A template as the module reads it: its steps as small integers, and the bytes that they write. */
import { COLUMNS, propertyOf, ROW, type Column } from "../../../domain/columns.ts";
import type { RowTemplate, TemplateStep, TextStep, ValueStep } from "../../formats/row-template.ts";

/** As in assembly/steps.ts. */
const STEP = {
  literal: 0,
  line: 1,
  amount: 2,
  magnitude: 3,
  balance: 4,
  side: 5,
  beginGroup: 6,
  endGroup: 7,
  between: 8,
  unless: 9,
  present: 10,
  text: 11,
  word: 12,
  lastFour: 13,
  decimal: 14,
  date: 15,
  digits: 16,
  instant: 17,
  codePart: 18,
  pieces: 19,
} as const;
const FLAG = { masked: 1, oneLine: 2, nullable: 4 } as const;
const WHEN = { always: 0, hidden: 1, iban: 2, other: 3, beyond: 4 } as const;

const STEP_WORDS = 8;
const UNLIMITED = 2 ** 32 - 1;
/** Of a code of ISO 20022: four letters and a hyphen. */
const CODE_PART_BYTES = 5;

export interface TemplateRoom {
  readonly steps: number;
  readonly groups: number;
  /** Where literal bytes will lie. */
  readonly literalsAt: number;
  readonly literalsBytes: number;
}

export interface CompiledTemplate {
  readonly isJson: boolean;
  readonly steps: number;
  readonly words: Uint32Array;
  readonly literals: Buffer;
  /** By two letters of a country. */
  readonly ibans: Buffer;
}

/** One step; what is left out is 0. */
interface Encoded {
  readonly kind: number;
  readonly place?: number;
  readonly a?: number;
  readonly b?: number;
  readonly c?: number;
  readonly flags?: number;
  readonly passed?: number;
  readonly when?: number;
}

/** Undefined for one that the module has no room for. */
export function compileTemplate(
  { escape, steps, ibanLengths = {} }: RowTemplate,
  masked: boolean,
  room: TemplateRoom,
): CompiledTemplate | undefined {
  const literals: Buffer[] = [];
  let bytes = 0;
  let deepest = 0;

  /** Where the bytes are, and how many. */
  function literal(text: string | Buffer): { readonly a: number; readonly b: number } {
    const added = Buffer.from(text);
    const at = { a: room.literalsAt + bytes, b: added.length };
    literals.push(added);
    bytes += added.length;
    return at;
  }

  function encodeAll(all: readonly TemplateStep[], depth: number): Encoded[] {
    return all.flatMap((step) => encode(step, depth));
  }

  function encode(step: TemplateStep, depth: number): Encoded[] {
    if (typeof step === "string") return [{ kind: STEP.literal, ...literal(step) }];
    if ("number" in step) return [{ kind: STEP[step.number] }];
    if ("side" in step) {
      const [credit, debit] = step.side;
      const at = literal(credit);
      return [{ kind: STEP.side, ...at, c: literal(debit).b }];
    }
    if ("group" in step) {
      deepest = Math.max(deepest, depth + 1);
      const end = { kind: STEP.endGroup, a: step.longest ?? UNLIMITED };
      return [{ kind: STEP.beginGroup }, ...encodeAll(step.group, depth + 1), end];
    }
    if ("between" in step) return [{ kind: STEP.between, ...literal(step.between) }];
    if ("unless" in step) {
      const inside = encodeAll(step.steps, depth);
      return [{ kind: STEP.unless, place: placeOf(step.unless), passed: inside.length }, ...inside];
    }
    if ("first" in step) {
      const last = step.first.length - 1;
      return step.first.map((one, n) => ({ ...encodeOne(one), passed: last - n }));
    }
    return [encodeValue(step)];
  }

  function encodeOne(step: ValueStep | string): Encoded {
    return typeof step === "string" ? { kind: STEP.literal, ...literal(step) } : encodeValue(step);
  }

  function encodeValue(step: ValueStep): Encoded {
    if ("text" in step) return encodeText(step, masked);
    if ("pieces" in step) {
      const around = step.around.map((one) => Buffer.from(one));
      const { a } = literal(
        Buffer.concat([Buffer.from(around.map(({ length }) => length)), ...around]),
      );
      return { kind: STEP.pieces, place: placeOf(step.pieces), a, b: step.longest };
    }
    if ("decimal" in step) return { kind: STEP.decimal, ...ofColumn(step.decimal, step) };
    if ("instant" in step) return { kind: STEP.instant, ...ofColumn(step.instant, step) };
    if ("date" in step) {
      return { kind: step.digits ? STEP.digits : STEP.date, place: placeOf(step.date) };
    }
    if ("code" in step) {
      return { kind: STEP.codePart, place: placeOf(step.code), a: step.part * CODE_PART_BYTES };
    }
    if ("present" in step) return { kind: STEP.present, place: placeOf(step.present) };
    if ("word" in step) {
      const { a } = literal(wordTable(step.words));
      return { kind: STEP.word, place: placeOf(step.word), a, b: step.words.size };
    }
    return {
      kind: STEP.lastFour,
      place: placeOf(step.lastFour),
      flags: maskedFlag(step.lastFour, masked),
    };
  }

  const encoded = encodeAll(steps, 0);
  const fits =
    encoded.length <= room.steps && deepest <= room.groups && bytes <= room.literalsBytes;
  if (!fits) return undefined;
  const words = new Uint32Array(encoded.length * STEP_WORDS);
  for (const [n, one] of encoded.entries()) {
    const { kind, place = 0, a = 0, b = 0, c = 0, flags = 0, passed = 0, when = 0 } = one;
    words.set([kind, place, a, b, c, flags, passed, when], n * STEP_WORDS);
  }
  return {
    isJson: escape === "json",
    steps: encoded.length,
    words,
    literals: Buffer.concat(literals),
    ibans: ibanTable(ibanLengths),
  };
}

function encodeText({ text, cut = 0, only, beyond, ...how }: TextStep, masked: boolean): Encoded {
  const { place, flags } = ofColumn(text, how);
  const step = { kind: STEP.text, place, a: cut, flags: flags | maskedFlag(text, masked) };
  if (!beyond) return { ...step, when: WHEN[only ?? "always"] };
  return { ...step, b: beyond.units, c: placeOf(beyond.unlike), when: WHEN.beyond };
}

function ofColumn(
  column: string,
  { nullable, oneLine }: { readonly nullable?: true; readonly oneLine?: true },
) {
  const flags = (nullable ? FLAG.nullable : 0) | (oneLine ? FLAG.oneLine : 0);
  return { place: placeOf(column), flags };
}

function placeOf(column: string): number {
  const place = (ROW as Readonly<Record<string, number>>)[propertyOf(column)];
  if (place === undefined) throw new Error(`no row has a value of ${column}`);
  return place;
}

function maskedFlag(name: string, masked: boolean): number {
  const column = (COLUMNS as readonly Column[]).find((one) => one.name === name);
  return masked && column?.kind === "text" && column.masked ? FLAG.masked : 0;
}

/** Each text and its word, with their lengths before them. */
function wordTable(words: ReadonlyMap<string, string>): Buffer {
  return Buffer.concat(
    Array.from(words, ([text, word]) => {
      const [of, is] = [Buffer.from(text), Buffer.from(word)];
      const lengths = Buffer.alloc(4);
      lengths.writeUInt16LE(of.length, 0);
      lengths.writeUInt16LE(is.length, 2);
      return Buffer.concat([lengths, of, is]);
    }),
  );
}

const [A, LETTERS] = [0x41, 26];

function ibanTable(lengths: Readonly<Record<string, number>>): Buffer {
  const table = Buffer.alloc(LETTERS * LETTERS);
  for (const [country, length] of Object.entries(lengths)) {
    const [first = A, second = A] = Buffer.from(country);
    table[(first - A) * LETTERS + second - A] = length;
  }
  return table;
}
