/**
 * What a verifier does grows with the bytes and no faster, whichever entry or field of the manifest holds them and
 * whatever they are. Counted in steps, not in time. `FUZZ_INPUTS` and `SEED` ask for more, or for the same again.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { FIRST_COLUMNS } from "../../functions/domain/columns.ts";
import { CsvReader } from "../../functions/verification/rows/csv-reader.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { fuzzing } from "../support/fuzzing.ts";
import { chunks, sampleZip } from "../support/statements/sample-statement.ts";
import {
  manifestOf,
  sealed,
  sealedWithRows,
  sealedZip,
  withSums,
  type StatementFiles,
} from "../support/statements/sealed-statement.ts";
import { unzip } from "../support/statements/statement.ts";
import { workOf } from "../support/bank/work-counter.ts";

let files: StatementFiles;
beforeAll(async () => {
  files = await unzip(await sampleZip());
});

const FEW = 1_000;
/** Reading in pieces of 64 KiB begins some things anew. */
const SLACK = 30_000;

/** From 1,000 to 2,000 pieces, and from there to 4,000: twice as much where each costs the same, four times by the square. */
async function growthOf(workFor: (pieces: number) => Promise<number>) {
  const [few, more, most] = [await workFor(FEW), await workFor(2 * FEW), await workFor(4 * FEW)];
  return { first: more - few, second: most - more };
}

const isLinear = ({ first, second }: Awaited<ReturnType<typeof growthOf>>): boolean =>
  second <= 2.8 * Math.max(first, 0) + SLACK;

/** An ES256 key of nobody, so that signatures are looked at. */
const KEYS = [
  {
    kty: "EC",
    crv: "P-256",
    x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  },
];

async function workOfVerifying(zip: Uint8Array): Promise<number> {
  return await workOf(() => verifyStatement(chunks(zip, 65_536), { keys: KEYS }));
}

/** What parsers trip over, alone and in pairs. */
const PIECE = fc
  .array(
    fc.constantFrom(
      ...['"', '""', "\r\n", "\r", "\n", ",", ";", "\t", "|", "{", "[", "]", "}", ":", "\\", "\\u"],
      ...["0", "9", "-", ".", "1e9", "a", " ", "  ", "=", "/", "..", "\u0000", "\ufeff", "é", "𝒳"],
      ...["\u202e", "\u200b", "true", "null", '"a":', "PDNG,", "1,BOOK,", "x  README.txt\n"],
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(""));

/** As good as it can begin: the parser is then where its loops are. */
const BEGINNINGS: Readonly<Record<string, readonly string[]>> = {
  "README.txt": [""],
  "transactions.csv": ["", "header"],
  "balances.csv": ["", "header"],
  "pending.csv": ["", "header of transactions.csv"],
  "transactions.jsonl": [""],
  "statement.pdf": ["%PDF-1.7\n"],
  "statement.ofx": [""],
  "camt.053.xml": ["<"],
  "manifest.json": ["", "{", '{"schema":"', '{"a":['],
  "manifest.jws": ["", "eyJhbGciOiJFUzI1NiJ9..", "eyJhbGciOiJFUzI1NiJ9", "."],
  SHA256SUMS: ["", `${"0".repeat(64)}  README.txt\n`],
};

function beginning(name: string, how: string): string {
  const [, of = name] = /^header(?: of (.*))?$/.exec(how) ?? [];
  if (!how.startsWith("header")) return how;
  const { [of]: csv = "" } = files;
  return csv.slice(0, csv.indexOf("\r\n") + 2);
}

function withEntry(name: string, text: string): Uint8Array {
  const { "manifest.json": json = "", SHA256SUMS: _sums, ...others } = files;
  if (name === "SHA256SUMS") {
    const entries = Object.entries({ ...others, "manifest.json": json, SHA256SUMS: text });
    return sealedZip(entries);
  }
  if (name === "manifest.json") return withSums({ ...others, "manifest.json": text });
  if (name === "manifest.jws") {
    return withSums({ ...others, "manifest.json": json, "manifest.jws": text });
  }
  return sealed({ ...others, [name]: text, "manifest.json": json });
}

test.each(Object.entries(BEGINNINGS).flatMap(([name, hows]) => hows.map((how) => [name, how])))(
  "%s that begins with %j",
  async (name = "", how = "") => {
    const property = fc.asyncProperty(PIECE, async (piece) => {
      const growth = await growthOf((pieces) =>
        workOfVerifying(withEntry(name, beginning(name, how) + piece.repeat(pieces))),
      );
      expect({ piece, ...growth, isLinear: isLinear(growth) }).toMatchObject({ isLinear: true });
    });
    // What readers of tables have once been slow with, and something else.
    const known: [string][] = how.startsWith("header") ? [['"'], ['""\r\n']] : [];
    const { numRuns, ...others } = fuzzing(0.0002);
    const options = { ...others, numRuns: numRuns + known.length, examples: known };
    await fc.assert(property, options);
  },
  600_000,
);

// --- the fields of a manifest --------------------------------------------------------------------

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

/** `period.from`, `totals.0.opening`: as its published schema has them. */
function pathsOf({ properties = {} }: Shape, before = ""): readonly string[] {
  return Object.entries(properties).flatMap(([name, shape]) => {
    const path = before + name;
    const inner = shape.items ? pathsOf(shape.items, `${path}.0.`) : [];
    return [path, ...pathsOf(shape, `${path}.`), ...inner];
  });
}

const SCHEMA = new URL("../../eventing/schemas/manifest.v2.json", import.meta.url);
const PATHS = pathsOf(JSON.parse(readFileSync(SCHEMA, "utf8")) as Shape);

/** The text of a manifest with `json` in the place of what is there. */
function withField(path: string, json: string): string {
  const names = path.split(".");
  const put = (value: unknown, [name, ...rest]: readonly string[]): unknown => {
    if (name === undefined) return "@put here@";
    if (Array.isArray(value)) return value.map((one) => put(one, rest));
    const members = value as Readonly<Record<string, unknown>>;
    return { ...members, [name]: put(members[name] ?? {}, rest) };
  };
  return JSON.stringify(put(manifestOf(files), names)).replace('"@put here@"', () => json);
}

/** Of so many pieces each. */
const VALUES: Readonly<Record<string, (piece: string, pieces: number) => string>> = {
  "a text": (piece, pieces) => JSON.stringify(piece.repeat(pieces)),
  "a number": (_piece, pieces) => "9".repeat(pieces),
  "a list": (piece, pieces) => JSON.stringify(Array(pieces).fill(piece)),
  "an object": (piece, pieces) =>
    JSON.stringify(
      Object.fromEntries(Array.from({ length: pieces }, (_, i) => [`${piece}${i}`, i])),
    ),
};

test("the schema names the fields", () => {
  expect(PATHS.length).toBeGreaterThan(50);
  expect(PATHS).toEqual(expect.arrayContaining(["totals.0.credits.sum", "csv.delimiter"]));
});

test.each(PATHS)(
  "manifest.json whose %s is large",
  async (path) => {
    const property = fc.asyncProperty(
      PIECE,
      fc.constantFrom(...Object.keys(VALUES)),
      async (piece, kind) => {
        const growth = await growthOf((pieces) => {
          const json = withField(path, VALUES[kind]?.(piece, pieces) ?? "");
          return workOfVerifying(withEntry("manifest.json", json));
        });
        const found = { piece, kind, ...growth, isLinear: isLinear(growth) };
        expect(found).toMatchObject({ isLinear: true });
      },
    );
    await fc.assert(property, fuzzing(0.0002));
  },
  600_000,
);

test.each(FIRST_COLUMNS)(
  "a line whose %s is long",
  async (column) => {
    const { "transactions.csv": csv = "" } = files;
    const [header = ""] = csv.split("\r\n", 1);
    for (const piece of ["9", "0.", "x"]) {
      const growth = await growthOf((pieces) => {
        const given: Readonly<Record<string, string>> = {
          ...{ line: "1", status: "BOOK", amount: "1.00", balance_after: "1.00" },
          [column]: piece.repeat(pieces),
        };
        const line = header.split(",").map((name) => given[name] ?? "");
        return workOfVerifying(sealedWithRows(files, `${header}\r\n${line.join(",")}\r\n`));
      });
      expect({ piece, ...growth, isLinear: isLinear(growth) }).toMatchObject({ isLinear: true });
    }
  },
  600_000,
);

/** Right lists, which are read to their end. */
test.each(["accounts", "totals", "accounts and totals", "checks", "columns", "files", "formats"])(
  "a manifest with very many %s",
  async (what) => {
    const growth = await growthOf((pieces) => {
      const manifest = manifestOf(files);
      const many = Object.entries(manifest).map(([name, value]: [string, unknown]) => {
        if (!what.split(" and ").includes(name) || !Array.isArray(value)) return [name, value];
        const [first] = value as readonly unknown[];
        const other = (i: number): unknown =>
          typeof first === "object" ? { ...first, account_id: `account-${i}` } : first;
        return [name, Array.from({ length: pieces }, (_, i) => other(i))];
      });
      return workOfVerifying(withEntry("manifest.json", JSON.stringify(Object.fromEntries(many))));
    });
    expect({ ...growth, isLinear: isLinear(growth) }).toMatchObject({ isLinear: true });
  },
  600_000,
);

// --- the counter itself --------------------------------------------------------------------------

/** As the reader of tables once was: it looked for the end of a line anew behind every quote. */
function readAsBefore(text: string): void {
  for (let quote = text.indexOf('"'); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    text.indexOf("\r\n", quote + 1);
  }
}

test("the counter tells a line from a square", async () => {
  const quotes = (pieces: number): string => '"a'.repeat(pieces);
  const before = await growthOf((pieces) =>
    workOf(async () => {
      readAsBefore(quotes(pieces));
      await Promise.resolve();
    }),
  );
  expect(isLinear(before)).toBe(false);

  const now = await growthOf((pieces) => {
    const bytes = new TextEncoder().encode(quotes(pieces));
    const reader = new CsvReader(() => undefined);
    return workOf(async () => {
      reader.write(bytes);
      await Promise.resolve();
    });
  });
  expect(isLinear(now)).toBe(true);
  // Something was counted at all.
  expect(now.first).toBeGreaterThan(2_000);

  const digits = await growthOf((pieces) =>
    workOf(() => Promise.resolve(BigInt("9".repeat(pieces)))),
  );
  expect(isLinear(digits)).toBe(false);
});
