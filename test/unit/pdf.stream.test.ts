/** How statement.pdf comes out: while its rows come in, the same each time, and not without a proof. */
import { buffer } from "node:stream/consumers";
import { StatementFailure } from "../../functions/domain/failure.ts";
import { makePdfFormat, pdf } from "../../functions/statement-builder/formats/pdf/pdf.ts";
import { insideOf } from "../../functions/statement-builder/formats/pdf/paper/pdf-inside.ts";
import type { StatementContent } from "../../functions/statement-builder/formats/statement-format.ts";
import {
  ACCOUNTS,
  statementContent,
  type Posted,
} from "../support/statements/statement-content.ts";

const written = (content: StatementContent, format = pdf) => buffer(format.write(content));
const many = (count: number): Posted[] =>
  Array.from({ length: count }, (_, n) => ({ amount: `-${n}.10`, description: `Payment ${n}` }));

test("equal contents are equal bytes", async () => {
  const [one, other] = [statementContent(ACCOUNTS), statementContent(ACCOUNTS)];
  expect((await written(one)).equals(await written(other))).toBe(true);
  const later = statementContent(ACCOUNTS, { asOf: one.asOf + 1_000 });
  expect((await written(one)).equals(await written(later))).toBe(false);
});

test("no byte depends on the attempt", async () => {
  const content = statementContent(ACCOUNTS);
  const again = { ...content, facts: { ...content.facts, attempt: 7 } };
  expect((await written(content)).equals(await written(again))).toBe(true);
});

test("pages leave while rows still come", async () => {
  const content = statementContent([{ accountId: "a", currency: "EUR", posted: many(600) }]);
  let bytes = 0;
  let atLastRow = 0;
  const watched: StatementContent = {
    ...content,
    async *rowsOf(account) {
      for await (const rows of content.rowsOf(account)) {
        atLastRow = bytes;
        yield rows;
      }
    },
  };
  for await (const block of pdf.write(watched)) bytes += block.length;
  // The rest is the fonts, and the index of what stands where.
  expect(atLastRow / bytes).toBeGreaterThan(0.6);
});

/** How many turns others have while it is written. */
async function turnsWhile(work: (soFar: () => number) => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const takeTurn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(takeTurn);
  };
  setImmediate(takeTurn);
  await work(() => turns);
  isOver = true;
  return turns;
}

test("the lease and the probes have their turns while rows that are all at hand are drawn", async () => {
  const content = statementContent([{ accountId: "a", currency: "EUR", posted: many(1_000) }]);
  expect(await turnsWhile(() => written(content))).toBeGreaterThanOrEqual(10);
});

const ACCOUNTS_WITHOUT_ROWS = Array.from({ length: 500 }, (_, n) => {
  return { accountId: `a${n}`, currency: "EUR", posted: [] };
});

test("so they have while accounts without rows are, on the cover and behind it, and these leave one by one", async () => {
  const content = statementContent(ACCOUNTS_WITHOUT_ROWS);
  const blocks: Buffer[] = [];
  const turns = await turnsWhile(async () => {
    for await (const block of pdf.write(content)) blocks.push(block);
  });
  expect(turns).toBeGreaterThanOrEqual(20);
  expect(blocks.length).toBeGreaterThan(ACCOUNTS_WITHOUT_ROWS.length);
});

test("so they have while the list of its objects is written, in pieces; bookmarks have left by then", async () => {
  const content = statementContent(ACCOUNTS_WITHOUT_ROWS);
  const pieces: { readonly objects: number; readonly turns: number }[] = [];
  let late = 0;
  await turnsWhile(async (turnsSoFar) => {
    for await (const block of pdf.write(content)) {
      const text = block.toString("latin1");
      const objects = text.match(/^\d{10} 00000 n $/gm)?.length ?? 0;
      if (objects > 0) pieces.push({ objects, turns: turnsSoFar() });
      if (text.includes("/Type /Catalog")) late = text.match(/\/XYZ 0 /g)?.length ?? 0;
    }
  });
  expect(pieces.length).toBeGreaterThan(10);
  expect(Math.max(...pieces.map(({ objects }) => objects))).toBe(2_000);
  expect(new Set(pieces.map(({ turns }) => turns)).size).toBe(pieces.length);
  expect(late).toBe(1);
});

test("a text is looked at as far as it is shown, however long it is", async () => {
  const posted = [{ amount: "1.00", description: "\u0301".repeat(100_000) }];
  const begun = performance.now();
  await written(statementContent([{ accountId: "a", currency: "EUR", posted }]));
  // Whole it took a minute.
  expect(performance.now() - begun).toBeLessThan(10_000);
});

test.each([100, 2])("rows that were not proved make no PDF, with a cap of %i too", async (cap) => {
  const content = statementContent(ACCOUNTS);
  const broken: StatementContent = {
    ...content,
    async *rowsOf(account) {
      yield* content.rowsOf(account);
      throw new StatementFailure("proof_mismatch", "another pass brought other rows");
    },
  };
  await expect(written(broken, makePdfFormat(cap))).rejects.toMatchObject({
    code: "proof_mismatch",
  });
});

test("a pdfkit of another shape is refused", () => {
  const nothing = () => undefined;
  const font = { id: "F1", ref: nothing, encode: () => [[], []] };
  const root = { data: { StructTreeRoot: { id: 3, data: {} } } };
  const functions = { _write: nothing, _refEnd: nothing, _finalize: nothing, ref: nothing };
  const known = { _font: font, _offset: 0, _offsets: [], _root: root, ...functions };
  expect(insideOf(known)).toBe(known);
  expect(() => insideOf({ ...known, _font: { ...font, encode: undefined } })).toThrow("pdfkit");
  expect(() => insideOf({ ...known, _root: { data: {} } })).toThrow("pdfkit");
  for (const name of [
    "_write",
    "_refEnd",
    "_finalize",
    "ref",
    "_offset",
    "_offsets",
    "_root",
    "_font",
  ])
    expect(() => insideOf({ ...known, [name]: undefined })).toThrow("pdfkit has another inside");
});
