/** What a statement is written in, from what was asked and what the installation has. */
import { LANGUAGES } from "../../functions/domain/statement-options.ts";
import { chosenOptions } from "../../functions/statement-builder/contents/chosen-options.ts";

const DEFAULTS = { formats: ["csv"], language: "de", csvByLanguage: false } as const;
const POINT = { bom: false, delimiter: ",", decimalComma: false, idsAsText: false };
const COMMA = { bom: false, delimiter: ";", decimalComma: true, idsAsText: false };

test("tables are the same in every language unless somebody asks", () => {
  for (const language of LANGUAGES) {
    expect(chosenOptions({ language }, DEFAULTS).csv).toEqual(POINT);
  }
});

test.each([
  ["en", POINT],
  ["de", COMMA],
  ["fr", COMMA],
  ["es", COMMA],
  ["it", COMMA],
  ["pl", COMMA],
])("by language, in %s", (language, expected) => {
  expect(chosenOptions({ language, csv: { by_language: true } }, DEFAULTS).csv).toEqual(expected);
  const always = { ...DEFAULTS, csvByLanguage: true };
  expect(chosenOptions({ language }, always).csv).toEqual(expected);
  expect(chosenOptions({ language, csv: { by_language: false } }, always).csv).toEqual(POINT);
});

test.each([
  [{ by_language: true, delimiter: "," }, POINT],
  [
    { by_language: true, delimiter: "|" },
    { ...COMMA, delimiter: "|" },
  ],
  [{ by_language: true, decimal_comma: false }, POINT],
  [
    { by_language: true, bom: true },
    { ...COMMA, bom: true },
  ],
])("what is named beside it goes first: %j", (csv, expected) => {
  expect(chosenOptions({ csv }, DEFAULTS).csv).toEqual(expected);
});

test("all accounts are together, and ids are texts, where somebody asks", () => {
  expect(chosenOptions({}, DEFAULTS)).toMatchObject({ combined: false, csv: POINT });
  expect(chosenOptions({ combined: true, csv: { ids_as_text: true } }, DEFAULTS)).toMatchObject({
    combined: true,
    csv: { ...POINT, idsAsText: true },
  });
});
