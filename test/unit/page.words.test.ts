/** What the page says and offers, held against what intake answers and takes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FORMATS, LANGUAGES } from "../../functions/domain/statement-options.ts";
import { wordsOfProblem } from "../../infra/local/run/page/problem-words.ts";

const read = (path: string): string =>
  readFileSync(join(import.meta.dirname, "../..", path), "utf8");

/** The codes that upstream teams are told of. */
function documentedCodes(): readonly string[] {
  const [, table = ""] = read("infra/clients/samples/README.md").split("### The codes of a 400");
  const [rows = ""] = table.split("\n\nA 401");
  const cells = rows.split("\n").filter((line) => line.startsWith("| `"));
  return cells.flatMap((line) =>
    [...(line.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, code = ""]) => code),
  );
}

test("each code of a 400 has words of its own, which end with what to do", () => {
  const codes = documentedCodes();
  expect(codes).toEqual(expect.arrayContaining(["required", "period_too_long", "unknown_path"]));
  const words = codes.map((code) => wordsOfProblem("", code));
  expect(words.filter((one) => one.startsWith("Intake says"))).toEqual([]);
  expect(new Set(words).size).toBe(codes.length);
});

test("a code that is not known yet is shown as it is", () => {
  expect(wordsOfProblem("customer_id", "too_new")).toBe("Intake says: too_new.");
});

const PAGE = read("infra/local/run/page/browser/index.html");

/** The values of a form's field. */
function offered(pattern: RegExp): readonly string[] {
  return [...PAGE.matchAll(pattern)].map(([, value = ""]) => value);
}

test("the form offers every format beside CSV, and every language", () => {
  const formats = offered(/name="formats"\s+value="([^"]+)"/g);
  expect(formats.toSorted()).toEqual(FORMATS.filter((one) => one !== "csv").toSorted());
  expect(offered(/<option value="([a-z]+)">/g)).toEqual(LANGUAGES);
});
