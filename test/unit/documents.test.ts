/** What the documents say is there: tests that run their commands, files, links, targets, options. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { PassThrough } from "node:stream";
import { promisify } from "node:util";
import type { Command } from "commander";
import { makeProgram } from "../../infra/operator/run.ts";
import { makeSession } from "../../infra/operator/session/session.ts";
import { render } from "../support/cluster/kustomize.ts";
import { blocksOf, documents, readDocument, REPOSITORY } from "../support/document-blocks.ts";

const DOCUMENTS = documents();
const BLOCKS = DOCUMENTS.flatMap(blocksOf);

test("there are documents, with blocks that are run", () => {
  expect(DOCUMENTS).toEqual(expect.arrayContaining(["README.md", "CONTRIBUTING.md"]));
  expect(BLOCKS.filter(({ mark }) => mark?.kind === "run").length).toBeGreaterThan(3);
});

test("every block in a language says who runs it, or why nobody does", () => {
  const silent = BLOCKS.filter(({ language, mark }) => language !== "" && !mark);
  expect(silent.map(({ document, line }) => `${document}:${line}`)).toEqual([]);
});

const RUNBOOKS = DOCUMENTS.filter((document) => document.includes("/runbooks/"));
test.each(RUNBOOKS)("each step of %s is a command, and they are numbered from 1", (document) => {
  const steps = readDocument(document)
    .split(/^(?=\d+\. )/m)
    .slice(1);
  expect(steps.map((step) => Number.parseInt(step))).toEqual(steps.map((_, at) => at + 1));
  expect(steps.filter((step) => !step.includes("```sh\n"))).toEqual([]);
});

const tested = BLOCKS.flatMap(({ document, line, mark }) =>
  mark?.kind === "tested" ? [[document, line, mark.file, mark.name] as const] : [],
);
test.each(tested)("%s:%d is run by %s, %j", (_document, _line, file, name) => {
  const path = join(REPOSITORY, file);
  const source = existsSync(path) ? readFileSync(path, "utf8") : "no such file";
  expect(source).toContain(name);
});

const rendered = BLOCKS.flatMap(({ document, line, text, mark }) =>
  mark?.kind === "rendered" ? [[document, line, text] as const] : [],
);
test.each(rendered)("%s:%d is an overlay that renders", async (_document, _line, text) => {
  const folder = await mkdtemp(join(tmpdir(), "overlay-"));
  try {
    const base = text.startsWith("resources:") ? "" : "resources: [../../base]\n";
    const infra = relative(realpathSync(folder), join(REPOSITORY, "infra/kubernetes"));
    const overlay = `${base}${text}`.replaceAll("../../", `${infra}/`);
    await writeFile(join(folder, "kustomization.yaml"), overlay);
    expect((await render(folder)).length).toBeGreaterThan(20);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** What the programs around the snippets have. */
const AROUND = `
  declare const message: string, bucket: string, key: string, seen: Set<string>;
  declare function download(bucket: string, key: string): Promise<Uint8Array>;
  declare const session: { customerId: string };
  declare const response: { redirect(status: number, url: string): void };
`;

test("the TypeScript that is shown fits the types of what it calls", async () => {
  const programs = BLOCKS.filter(({ mark }) => mark?.kind === "compiled");
  expect(programs.length).toBeGreaterThan(1);
  // Within the repository, where its package is known by its name.
  await mkdir(join(REPOSITORY, "out"), { recursive: true });
  const folder = await mkdtemp(join(REPOSITORY, "out/documents-"));
  try {
    for (const [index, { text }] of programs.entries())
      await writeFile(join(folder, `${index}.ts`), `${AROUND}${text}\nexport {};\n`);
    // What is known of the repository's own files stays known.
    const known = { incremental: false, tsBuildInfoFile: null };
    const compilerOptions = { ...known, noUnusedLocals: false, skipLibCheck: true };
    const config = { extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(REPOSITORY, "node_modules/typescript/bin/tsc");
    const compiled = promisify(execFile)(process.execPath, [tsc, "--project", folder]);
    const { stdout } = await compiled.catch((error: unknown) => error as { stdout: string });
    expect(stdout).toBe("");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each(DOCUMENTS)("the links of %s lead to files and headings", (document) => {
  const links = [...prose(document).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(
    ([, to = ""]) => to,
  );
  const broken = links.filter((link) => {
    const [path = "", heading] = link.split("#");
    const file = path === "" ? document : join(dirname(document), path);
    if (!existsSync(join(REPOSITORY, file))) return true;
    return heading !== undefined && !headingsOf(file).includes(heading);
  });
  expect(broken).toEqual([]);
});

/** Without its blocks, which may hold anything. */
function prose(document: string): string {
  return readDocument(document).replaceAll(/^```[^]*?^```$/gm, "");
}

/** As GitHub makes anchors of them. */
function headingsOf(document: string): readonly string[] {
  return [...prose(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test.each(DOCUMENTS)("the files that %s names are there", (document) => {
  const names = [
    ...prose(document).matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|yaml|json|env|md))`/g),
  ];
  const missing = names
    .map(([, path = ""]) => path)
    .filter((path) => !/^(out|dist|transactions-collector)\//.test(path))
    .filter((path) => {
      const above = [dirname(document), "", "functions", "functions/statement-builder", "infra"];
      return !above.some((folder) => existsSync(join(REPOSITORY, folder, path)));
    });
  expect(missing).toEqual([]);
});

test("every dependency has its reason, and no other", () => {
  const json = readFileSync(join(REPOSITORY, "package.json"), "utf8");
  const groups = JSON.parse(json) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  const depended = ["dependencies", "devDependencies", "optionalDependencies"]
    .flatMap((group) => Object.keys(groups[group] ?? {}))
    .filter((name) => !name.startsWith("@types/"));
  const section = /^## Dependencies\n([^]*?)^## /m.exec(readDocument("CONTRIBUTING.md"))?.[1] ?? "";
  const rows = section.matchAll(/^\| ([@a-z].*?) +\|/gm);
  const explained = [...rows].flatMap(([, names = ""]) => names.replace(/ \(.*/, "").split(", "));
  expect(explained.filter((name) => name !== "dependency").toSorted()).toEqual(depended.toSorted());
});

test("every `make` target that is named exists", () => {
  const makefile = readFileSync(join(REPOSITORY, "Makefile"), "utf8");
  const targets = new Set([...makefile.matchAll(/^([a-z0-9-]+):/gm)].map(([, name]) => name));
  const named = DOCUMENTS.flatMap((document) =>
    [...readDocument(document).matchAll(/(?:`|^)make ([a-z0-9-]+)/gm)].map(([, name]) => name),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !targets.has(name))).toEqual([]);
});

test("every call of `statements` that is shown is one it takes", () => {
  const terminal = { stdout: new PassThrough(), stderr: new PassThrough() };
  const all = { ...terminal, signal: new AbortController().signal };
  const program = makeProgram(makeSession(all, {}), all);
  const calls = DOCUMENTS.flatMap((document) =>
    [
      ...readDocument(document).matchAll(/(?:npx |^|`)statements (-[^`#\n|]*|[a-z]+ ?[^`#\n|]*)/gm),
    ].map(([, call = ""]) => `${document}: ${call.trim()}`),
  );
  expect(calls.length).toBeGreaterThan(10);
  expect(calls.filter((call) => !isTaken(program, call.split(": ")[1] ?? ""))).toEqual([]);
});

test("npm warns of no Node that README allows", () => {
  const [, oldest] = /npm and Node (\d+) or later/.exec(readDocument("README.md")) ?? [];
  const { engines } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as {
    readonly engines: { readonly node: string };
  };
  expect(engines.node).toBe(`>=${oldest}`);
});

function isTaken(program: Command, call: string): boolean {
  const words = call.split(/\s+/);
  const named = words.find((word) => program.commands.some((one) => one.name() === word));
  const command = program.commands.find((one) => one.name() === named);
  const known = ["-h", "--help", "-V", "--version"].concat(
    [...program.options, ...(command?.options ?? [])].flatMap(({ short, long }) =>
      [short, long].filter((one) => typeof one === "string"),
    ),
  );
  const options = words.filter((word) => /^-{1,2}[a-z]/i.test(word));
  return (
    options.every((option) => known.includes(option.split("=")[0] ?? "")) &&
    (command !== undefined || options.length > 0)
  );
}
