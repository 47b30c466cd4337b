/** What intake says of each code that senders are told of: the tool and its page show these words as they come. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { requestedData } from "../../functions/domain/events/event-data.ts";
import { readRequestedData } from "../../functions/request-intake/requested-data.ts";
import {
  knownWords,
  PROBLEM_CODES,
} from "../../functions/platform/server/answers/problem-words.ts";
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

/** What is told of data that is of no field's form. */
function toldOf(data: unknown): ReadonlyMap<string, string | undefined> {
  const read = readRequestedData(data);
  if (read.kind === "data") throw new Error("it was taken");
  return new Map(read.problems.map(({ code, field }) => [field, knownWords(code, field)]));
}

test("each field says which form it wants", () => {
  const fields = Object.keys(requestedData.shape);
  const ofCsv = Object.keys(requestedData.shape.csv.unwrap().shape);
  const told = toldOf(Object.fromEntries(fields.map((field) => [field, 3])));
  const toldOfCsv = toldOf({ csv: Object.fromEntries(ofCsv.map((field) => [field, 3])) });
  const all = [...told, ...toldOfCsv, ...toldOf({ formats: ["pdf", "pdf"] }), ...toldOf("text")];
  expect(told.size).toBe(fields.length);
  expect([...toldOfCsv.keys()]).toEqual(
    expect.arrayContaining(ofCsv.map((field) => `csv.${field}`)),
  );
  const general = [undefined, knownWords("invalid_format")];
  expect(all.filter(([, words]) => general.includes(words))).toEqual([]);
});
