/** The bank's own words for its types of transactions, from a file. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LANGUAGES } from "../../functions/domain/statement-options.ts";
import {
  readTypeWords,
  TYPE_WORDS,
} from "../../functions/statement-builder/formats/words/type-words.ts";

async function readText(text: string) {
  const folder = await mkdtemp(join(tmpdir(), "type-words-"));
  const file = join(folder, "types.json");
  try {
    await writeFile(file, text);
    return await readTypeWords(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("a table is read as it stands", async () => {
  const table = { SEPA_X: { de: "Eilüberweisung", pl: "Przelew ekspresowy" }, FEE: {} };
  expect(await readText(JSON.stringify(table))).toEqual(table);
});

test.each([
  ["no JSON", "{"],
  ["a list", "[]"],
  ["a language there is not", '{"FEE": {"ja": "手数料"}}'],
  ["a word with a control character", '{"FEE": {"en": "Fee\\u0007"}}'],
  ["a word with an override of direction", '{"FEE": {"en": "Fee\\u202E"}}'],
  ["an empty word", '{"FEE": {"en": ""}}'],
  ["a word too long", JSON.stringify({ FEE: { en: "x".repeat(71) } })],
  ["too much", JSON.stringify({ FEE: {} }).padEnd(262_145)],
])("%s is refused, saying what is wanted", async (_, text) => {
  await expect(readText(text)).rejects.toThrow(/^TYPE_WORDS_FILE: .* must hold a JSON object/);
});

test("the product's own has each type in every language", () => {
  for (const words of Object.values(TYPE_WORDS)) expect(Object.keys(words)).toEqual([...LANGUAGES]);
});
