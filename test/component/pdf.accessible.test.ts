/** statement.pdf is PDF/UA-1 (ISO 14289-1) for veraPDF, the validator of the PDF Association, in every language. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { LANGUAGES } from "../../functions/domain/statement-options.ts";
import { readLogo } from "../../functions/statement-builder/formats/pdf/pdf-logo.ts";
import { makePdfFormat, pdf } from "../../functions/statement-builder/formats/pdf/pdf.ts";
import { runJava } from "../support/programs/java-program.ts";
import { LOGO_SVG } from "../support/statements/logos.ts";
import { ACCOUNTS, HARD_TEXTS, statementContent } from "../support/statements/statement-content.ts";

const SCRIPTS = [
  ...["محمد بن راشد 123", "שלום עולם (12)", "สวัสดีครับ", "東京電力・ガス株式会社", "한국전력공사"],
  ...["राम कुमार", "Αθηναϊκή", "Книжный", "naïve Zażółć gęślą jaźń", "mixed שלום and محمد in one"],
];
const MIXED = {
  accountId: "acme-9",
  currency: "EUR",
  posted: [...SCRIPTS, ...HARD_TEXTS].map((text) => ({
    amount: "-1.00",
    counterpartyName: text,
    description: text,
    reference: text,
  })),
};

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "accessible-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** With all that a cover, a page and a row may have. */
async function written(
  accounts = [...ACCOUNTS, MIXED],
  format = pdf,
): Promise<Record<string, Buffer>> {
  const file = join(folder, "logo.svg");
  await writeFile(file, LOGO_SVG);
  const bank = {
    name: "Musterbank & Söhne AG",
    bic: "COBADEFFXXX",
    address: ["Kaiserplatz 1", "60311 Frankfurt am Main"],
    legal: ["HRB 32000", "مصرف"],
    logo: await readLogo(file),
  };
  const content = statementContent(accounts);
  const made = LANGUAGES.map(async (language) => {
    const statement = { ...content, language, facts: { ...content.facts, bank } };
    return [language, await buffer(format.write(statement))] as const;
  });
  return Object.fromEntries(await Promise.all(made));
}

/** By name, what veraPDF finds wrong; nothing is a document that is right. */
async function verdicts(files: Record<string, Buffer>): Promise<Record<string, string>> {
  const paths = await Promise.all(
    Object.entries(files).map(async ([name, bytes]) => {
      const path = join(folder, `${name}.pdf`);
      await writeFile(path, bytes);
      return path;
    }),
  );
  const lines = (await runJava("verapdf", paths)).split("\n");
  return Object.fromEntries(Object.keys(files).map((name, n) => [name, lines[n] ?? "no verdict"]));
}

const RIGHT = Object.fromEntries(LANGUAGES.map((language) => [language, ""]));

test("in every language, with a logo, several accounts and texts of every script", async () => {
  expect(await verdicts(await written())).toEqual(RIGHT);
}, 600_000);

test("without an account, without a row, and cut short", async () => {
  expect(await verdicts(await written([]))).toEqual(RIGHT);
  expect(await verdicts(await written([{ ...MIXED, posted: [] }]))).toEqual(RIGHT);
  expect(await verdicts(await written([MIXED], makePdfFormat(3)))).toEqual(RIGHT);
}, 600_000);

test("veraPDF sees a figure without words, and a document without a language", async () => {
  const { en = Buffer.alloc(0) } = await written([]);
  const without = (name: string) =>
    Buffer.from(en.toString("latin1").replaceAll(name, name.replace(/.$/, "x")), "latin1");
  const found = await verdicts({ alt: without("/Alt"), lang: without("/Lang") });
  expect(found).toEqual({
    alt: expect.stringMatching(/^7\.3-1 /) as string,
    lang: expect.stringMatching(/^7\.2-/) as string,
  });
}, 600_000);
