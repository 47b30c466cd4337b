/**
 * How a value of a request is written into a ConfigMap, and read back. A table of these is at once
 * the writer, the reader, and the list of what belongs to us.
 */

/** The parts of a ConfigMap that a request is written into. */
export interface Sheet {
  readonly name: string;
  readonly data: Record<string, string>;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

type Place = "data" | "labels" | "annotations";
type Texts = Readonly<Record<string, string>>;
type WrittenSheet = Pick<Sheet, "name"> & { readonly [In in Place]: Texts };

export interface Field<T, In extends Place = Place> {
  readonly keys: readonly {
    readonly in: In;
    readonly name: string;
    /** Its text as JSON has it: `"2"` is the number 2. */
    readonly toJson: (text: string) => unknown;
  }[];
  write(value: T, into: Sheet): void;
  /** @throws UnreadableRecord naming the field, never its value */
  read(from: WrittenSheet): T;
}

/** One for each member, also for those that may be undefined: a member without one does not compile. */
export type Fields<T, In extends Place = Place> = {
  readonly [Member in keyof Required<T>]: Field<T[Member], In>;
};

/** The record was changed by hand into something that is no request. */
export class UnreadableRecord extends Error {
  override readonly name = "UnreadableRecord";
}

export function writeFields<T>(fields: Fields<T>, value: T, into: Sheet): void {
  for (const member in fields) fields[member].write(value[member], into);
}

export function readFields<T>(fields: Fields<T>, from: WrittenSheet): T {
  const value: Partial<T> = {};
  for (const member in fields) value[member] = fields[member].read(from);
  return value as T;
}

export function keysOf(...tables: readonly object[]): Field<unknown>["keys"] {
  return tables.flatMap((table) =>
    Object.values(table as Record<string, Field<unknown>>).flatMap(({ keys }) => keys),
  );
}

/** The record's own name. */
export const recordName: Field<string> = {
  keys: [],
  write: () => undefined,
  read: ({ name }) => name,
};

export const text = (name: string): Field<string, "data"> => textIn("data", name);

export const textIn = <In extends Place>(place: In, name: string): Field<string, In> =>
  scalar(place, name, { encode: String, decode: String });

/** RFC 3339 in UTC with milliseconds. */
export const time = (name: string): Field<number, "data"> => timeIn("data", name);

export const timeIn = <In extends Place>(place: In, name: string): Field<number, In> =>
  scalar(place, name, {
    expected: "an RFC 3339 time",
    encode: (epochMs) => new Date(epochMs).toISOString(),
    decode(read) {
      const epochMs = Date.parse(read);
      return Number.isNaN(epochMs) ? undefined : epochMs;
    },
  });

export const count = (name: string): Field<number, "data"> => countIn("data", name);

export const countIn = <In extends Place>(place: In, name: string): Field<number, In> =>
  scalar(place, name, {
    expected: "a count",
    encode: String,
    decode(read) {
      const value = Number(read);
      return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
    },
    toJson: Number,
  });

export const oneOf = <T extends string>(name: string, allowed: readonly T[]): Field<T, "data"> =>
  oneOfIn("data", name, allowed);

export const oneOfIn = <T extends string, In extends Place>(
  place: In,
  name: string,
  allowed: readonly T[],
): Field<T, In> =>
  scalar(place, name, {
    expected: `one of ${allowed.join(", ")}`,
    encode: String,
    decode: (read) => allowed.find((one) => one === read),
  });

/** Whatever JSON object it is: its members are not ours to judge. */
export const jsonObject = (name: string): Field<Readonly<Record<string, unknown>>, "data"> =>
  scalar("data", name, {
    expected: "a JSON object",
    encode: (value) => JSON.stringify(value),
    decode: parseObject,
    toJson: parseObject,
  });

function parseObject(read: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(read);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    // The message of JSON.parse quotes the text; ours names the field only.
    return undefined;
  }
}

/** `true` or `false`; a record without it has not come so far. */
export function flagIn<In extends Place>(place: In, name: string): Field<boolean, In> {
  return {
    keys: [{ in: place, name, toJson: (read) => read === "true" }],
    write(value, into) {
      const part: Record<string, string> = into[place];
      part[name] = String(value);
    },
    read: (from) => from[place][name] === "true",
  };
}

/** Not written while it is undefined. */
export function optional<T, In extends Place>(field: Field<T, In>): Field<T | undefined, In> {
  return {
    keys: field.keys,
    write(value, into) {
      if (value !== undefined) field.write(value, into);
    },
    read(from) {
      const isThere = field.keys.some((key) => from[key.in][key.name] !== undefined);
      return isThere ? field.read(from) : undefined;
    },
  };
}

/** A member with members of its own. */
export function group<T, In extends Place>(fields: Fields<T, In>): Field<T, In> {
  return {
    keys: keysOf(fields) as Field<T, In>["keys"],
    write: (value, into) => {
      writeFields(fields, value, into);
    },
    read: (from) => readFields(fields, from),
  };
}

interface Scalar<T> {
  /** In words, for an error. */
  readonly expected?: string;
  readonly encode: (value: T) => string;
  /** undefined for what is no such value. */
  readonly decode: (read: string) => T | undefined;
  readonly toJson?: (read: string) => unknown;
}

function scalar<T, In extends Place>(
  place: In,
  name: string,
  { expected = "a text", encode, decode, toJson = String }: Scalar<T>,
): Field<T, In> {
  return {
    keys: [{ in: place, name, toJson }],
    write(value, into) {
      const part: Record<string, string> = into[place];
      part[name] = encode(value);
    },
    read(from) {
      const read = from[place][name];
      if (read === undefined) throw new UnreadableRecord(`field ${name} is missing`);
      const value = decode(read);
      if (value === undefined) throw new UnreadableRecord(`field ${name} is not ${expected}`);
      return value;
    },
  };
}
