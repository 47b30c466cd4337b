/** "A field of the record" in CONTRIBUTING.md, followed as it is written, on a copy of the sources. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, "../..");
const DOMAIN = "functions/domain/statement-request.ts";
const TABLES = "functions/platform/ledger/configmap-record.ts";

/** A line that is put behind another one. */
interface Line {
  readonly file: string;
  readonly behind: string;
  readonly line: string;
}

interface Recipe {
  readonly member: string;
  readonly type: Line;
  /** What the compiler then asks for. */
  readonly rest: readonly Line[];
}

const RECIPES: Readonly<Record<string, Recipe>> = {
  "a fact of the request": {
    member: "tenant",
    type: {
      file: DOMAIN,
      behind: "export interface RequestFacts extends PeriodDates {",
      line: "readonly tenant?: string | undefined;",
    },
    rest: [
      {
        file: TABLES,
        behind: "const FACTS: Fields<RequestFacts> = {",
        line: `tenant: optional(text("tenant")),`,
      },
    ],
  },
  "a field of every state": {
    member: "tenant",
    type: {
      file: DOMAIN,
      behind: "export interface CommonFields {",
      line: "readonly tenant?: string | undefined;",
    },
    rest: [
      {
        file: TABLES,
        behind: `const COMMON: Fields<Omit<CommonFields, "facts">> = {`,
        line: `tenant: optional(text("tenant")),`,
      },
      {
        file: DOMAIN,
        behind: "function commonFields(request: StatementRequest): Complete<CommonFields> {",
        line: "const { tenant } = request;",
      },
      {
        file: DOMAIN,
        behind: "cancelRequestedAt, lastError } = request;\n  return {",
        line: "tenant,",
      },
    ],
  },
};

async function edited(lines: readonly Line[]): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const { file, behind, line } of lines) {
    const path = join(REPOSITORY, file);
    const source = files.get(path) ?? (await readFile(path, "utf8"));
    const parts = source.split(behind);
    expect({ behind, found: parts.length - 1 }).toEqual({ behind, found: 1 });
    files.set(path, parts.join(`${behind}\n${line}\n`));
  }
  return files;
}

/** Files with errors, of all that the tables of the record need. */
function complaints(files: ReadonlyMap<string, string>): readonly string[] {
  const { config } = ts.readConfigFile(join(REPOSITORY, "tsconfig.json"), (path) =>
    ts.sys.readFile(path),
  ) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, REPOSITORY);
  const host = ts.createCompilerHost(options);
  host.readFile = (path) => files.get(path) ?? ts.sys.readFile(path);
  const program = ts.createProgram(
    [join(REPOSITORY, TABLES)],
    { ...options, types: ["node"] },
    host,
  );
  const found = ts.getPreEmitDiagnostics(program).map(({ file }) => file?.fileName ?? "");
  return [...new Set(found)].map((path) => path.slice(REPOSITORY.length + 1)).sort();
}

const TRAVEL = `
const [folder] = process.argv.slice(1);
const { claim, execute, handOver, recordRequest, retry } = await import(folder + "/functions/domain/statement-request.ts");
const { fromConfigMap, movedConfigMap, toConfigMap } = await import(folder + "/functions/platform/ledger/configmap-record.ts");
const { facts, ...pending } = recordRequest({
  name: "r", customerId: "c", startDate: "2025-12-01", endDate: "2025-12-31", timeZone: "UTC", options: {},
  event: { source: "/bank", id: "1", type: "t", time: 0 }, recordedAt: 0, ...JSON.parse(process.env.FACTS),
});
const terms = { now: 1, holder: "pod/1", object: { bucket: "b", key: "k" }, execution: "service", leaseMs: 1,
  clockSkewMs: 0, publishTimeoutMs: 0, maxFailures: 5 };
let stored = toConfigMap({ facts, ...pending, ...JSON.parse(process.env.FIELDS) });
const move = (next) => { stored = movedConfigMap(stored, next(fromConfigMap(stored))); };
const release = { now: 2, leaseEndsAt: 2 };
move((request) => claim(request, terms).request);
move((request) => handOver(request, "draining", release));
move((request) => claim(request, { ...terms, now: 3 }).request);
move((request) => retry(request, "internal", release, { baseMs: 0, maxMs: 0, random: 0, maxFailures: 5 }));
move((request) => claim(request, { ...terms, now: 4 }).request);
move((request) => execute(request, request.object, { rows: 1, bytes: 2, sha256: "ab", asOf: 3 }, 5));
console.log(JSON.stringify({ data: stored.data, request: fromConfigMap(stored) }));
`;

test("without the recipe nothing is wrong", async () => {
  expect(complaints(await edited([]))).toEqual([]);
});

describe.each(Object.entries(RECIPES))("%s", (name, { member, type, rest }) => {
  test("does not compile with any of its lines forgotten, and does with all", async () => {
    for (const forgotten of rest) {
      const others = rest.filter((line) => line !== forgotten);
      expect(complaints(await edited([type, ...others]))).not.toEqual([]);
    }
    expect(complaints(await edited([type, ...rest]))).toEqual([]);
  });

  test("travels through every move and the ledger", async () => {
    const folder = await mkdtemp(join(tmpdir(), "recipe-"));
    try {
      for (const part of ["domain", "platform/ledger"])
        await cp(join(REPOSITORY, "functions", part), join(folder, "functions", part), {
          recursive: true,
        });
      const files = await edited([type, ...rest]);
      for (const [path, source] of files)
        await writeFile(join(folder, path.slice(REPOSITORY.length)), source);
      const value = JSON.stringify({ [member]: "acme" });
      const isFact = name === "a fact of the request";
      const env = { ...process.env, FACTS: isFact ? value : "{}", FIELDS: isFact ? "{}" : value };
      const args = ["--input-type=module", "--eval", TRAVEL, folder];
      const { stdout } = await run(process.execPath, args, { env });
      const { data, request } = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
      expect(data).toMatchObject({ status: "executed", tenant: "acme" });
      expect(isFact ? request?.["facts"] : request).toMatchObject({ tenant: "acme" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test("the document names the places that are tried here", async () => {
  const text = await readFile(join(REPOSITORY, "CONTRIBUTING.md"), "utf8");
  const recipe = /^\*\*A field of the record\.\*\*[^]*?\n\n/m.exec(text)?.[0] ?? "";
  for (const place of [
    "RequestFacts",
    "CommonFields",
    "commonFields",
    "FACTS",
    "COMMON",
    DOMAIN,
    TABLES,
  ])
    expect(recipe).toContain(`\`${place}\``);
});
