/** What intake says of each code that senders are told of: the tool and its page show these words as they come. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { knownWords, PROBLEM_CODES } from "../../functions/platform/server/problem-words.ts";
import { REPOSITORY } from "../support/document-blocks.ts";

function documentedCodes(): readonly string[] {
  const document = readFileSync(join(REPOSITORY, "infra/clients/samples/README.md"), "utf8");
  const [, table = ""] = document.split("### The codes of a 400");
  const [rows = ""] = table.split("\n\nA 401");
  const cells = rows.split("\n").filter((line) => line.startsWith("| `"));
  return cells.flatMap((line) =>
    [...(line.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, code = ""]) => code),
  );
}

test("each code has its heading on the page that `type` names", () => {
  const page = readFileSync(join(REPOSITORY, "eventing/problems.md"), "utf8");
  const headings = [...page.matchAll(/^## (\w+)$/gm)].map(([, code]) => code);
  expect(headings).toEqual(PROBLEM_CODES);
  expect(headings).toEqual(expect.arrayContaining(["invalid_event", ...documentedCodes()]));
});

test("each code of a 400 has words of its own", () => {
  const codes = documentedCodes();
  expect(codes).toEqual(expect.arrayContaining(["required", "period_too_long", "unknown_path"]));
  const words = codes.map((code) => knownWords(code));
  expect(codes.filter((_, i) => words[i] === undefined)).toEqual([]);
  expect(new Set(words).size).toBe(codes.length);
});
