/**
 * The code blocks of the documents, with what is said in front of each about who runs it:
 *
 *     <!-- run -->                                  by test/e2e/documents.test.ts, as it stands there
 *     <!-- run, prints "200 OK" -->                 the same, and that is in its output
 *     <!-- run on a cluster -->                      by test/component/runbooks.test.ts, likewise
 *     <!-- tested: test/e2e/x.test.ts "its name" --> by that test, which must exist
 *     <!-- compiled -->                              TypeScript, whose types must fit
 *     <!-- rendered -->                              a kustomization of an overlay, which must render
 *     <!-- not run: the reason -->
 *     <!-- printed by make demo -->                 output, held against the real one
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const REPOSITORY = join(import.meta.dirname, "../..");
const NOT_OURS = new Set(["node_modules", "out", "dist", "coverage", ".git"]);

export interface Block {
  readonly document: string;
  readonly line: number;
  /** As behind the fence: `sh`, `ts`, `yaml`; empty for pictures and output. */
  readonly language: string;
  readonly text: string;
  readonly mark: Mark | undefined;
}

export type Mark =
  | { readonly kind: "run"; readonly prints: string | undefined }
  | { readonly kind: "tested"; readonly file: string; readonly name: string }
  | { readonly kind: "compiled" | "rendered" | "run-on-cluster" }
  | { readonly kind: "not-run"; readonly reason: string }
  | { readonly kind: "printed"; readonly command: string };

/** Paths of all documents, from the repository on. */
export function documents(folder = ""): readonly string[] {
  return readdirSync(join(REPOSITORY, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : documents(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

export const readDocument = (path: string): string => readFileSync(join(REPOSITORY, path), "utf8");

/** @throws Error for a mark that is none of those above */
export function blocksOf(document: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = readDocument(document).split("\n");
  let mark: Mark | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const comment = /^<!-- (.*) -->$/.exec(line)?.[1];
    const fence = /^```(\w*)$/.exec(line);
    if (comment !== undefined) mark = parseMark(comment);
    else if (fence) {
      const end = lines.indexOf("```", at + 1);
      const text = lines.slice(at + 1, end).join("\n");
      blocks.push({ document, line: at + 1, language: fence[1] ?? "", text, mark });
      mark = undefined;
      at = end;
    } else if (line !== "") mark = undefined;
  }
  return blocks;
}

function parseMark(comment: string): Mark | undefined {
  const run = /^run(?:, prints "(.+)")?$/.exec(comment);
  if (run) return { kind: "run", prints: run[1] };
  if (comment === "run on a cluster") return { kind: "run-on-cluster" };
  const tested = /^tested: (\S+) "(.+)"$/.exec(comment);
  if (tested) return { kind: "tested", file: tested[1] ?? "", name: tested[2] ?? "" };
  if (comment === "compiled" || comment === "rendered") return { kind: comment };
  const notRun = /^not run: (.+)$/.exec(comment);
  if (notRun) return { kind: "not-run", reason: notRun[1] ?? "" };
  const printed = /^printed by (.+)$/.exec(comment);
  if (printed) return { kind: "printed", command: printed[1] ?? "" };
  if (/^(run|tested|compiled|rendered|not run|printed)\b/.test(comment))
    throw new Error(`no mark: ${comment}`);
  return undefined;
}

/** Lines of the block that `output` has not, whatever their numbers and ids; "…" ends a line early. */
export function notPrinted(block: Block, output: string): readonly string[] {
  const printed = output.split("\n").map((line) => formOf(onOneLine(line)));
  return onOneLine(block.text)
    .split("\n")
    .map(formOf)
    .filter((line) => {
      const [begin = "", end] = line.split("…");
      return !printed.some((real) =>
        end === undefined ? real === begin : real.startsWith(begin.trim()),
      );
    });
}

/** Programs print JSON on one line, people read it on many. */
function onOneLine(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

/** What stays the same from one time to the next. */
function formOf(line: string): string {
  return line
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID")
    .replaceAll(/\d[\d.,]*/g, "0")
    .replaceAll(/(?:0[dhms])+(?= ago)/g, "0s")
    .replaceAll(/\s+/g, " ")
    .trim();
}
