/** A statement in every format is the same bytes, whatever the machine's time zone and language. */
import { buffer } from "node:stream/consumers";
import { FORMATS, LANGUAGES } from "../../functions/domain/statement-options.ts";
import { JANUARY, ROWS, snapshotOf } from "../support/statements/sample-statement.ts";
import { run, zipOf } from "../support/statements/statement.ts";

const zipIn = (language: (typeof LANGUAGES)[number]) =>
  buffer(zipOf({ ...JANUARY, options: { formats: FORMATS, language } }, snapshotOf(ROWS)));

const support = (name: string): string =>
  new URL(`../support/statements/${name}.ts`, import.meta.url).href;
const PROGRAM = `
const { JANUARY, ROWS, snapshotOf } = await import(${JSON.stringify(support("sample-statement"))});
const { zipOf } = await import(${JSON.stringify(support("statement"))});
const [formats, languages] = JSON.parse(process.argv[1]);
const zips = languages.map(async (language) => {
  const pieces = await zipOf({ ...JANUARY, options: { formats, language } }, snapshotOf(ROWS)).toArray();
  return Buffer.concat(pieces).toString("base64");
});
console.log((await Promise.all(zips)).join("\\n"));
`;

test.each([
  ["America/St_Johns", "de_DE.UTF-8"],
  ["Pacific/Kiritimati", "ar_EG.UTF-8"],
])("in %s, %s", async (TZ, LC_ALL) => {
  const env = { ...process.env, NODE_OPTIONS: "", TZ, LC_ALL };
  const args = ["--input-type=module", "-e", PROGRAM, JSON.stringify([FORMATS, LANGUAGES])];
  const { stdout } = await run(process.execPath, args, { env, maxBuffer: 64 * 1024 * 1024 });
  const made = stdout.trim().split("\n");
  expect(made).toHaveLength(LANGUAGES.length);
  for (const [index, language] of LANGUAGES.entries()) {
    const here = await zipIn(language);
    expect(here.length).toBeGreaterThan(10_000);
    expect(Buffer.from(made[index] ?? "", "base64").equals(here)).toBe(true);
  }
});
