/**
 * A column, a field of the manifest and a format, added as CONTRIBUTING says and nowhere else, in a
 * copy of the tree: what is made with them is proved by verifiers before and after.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "csv-parse/sync";
import type { Manifest } from "../../functions/domain/manifest.ts";
import type { Verification } from "../../functions/verification/verify-statement.ts";
import { startKeptBank, KEPT_STATEMENTS } from "../support/kept/kept-statements.ts";
import { readKept } from "../support/kept/kept-versions.ts";
import type { TestMariaDb } from "../support/servers/mariadb.ts";
import { records, run, unzip } from "../support/statements/statement.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const SCHEMA = "infra/local/cluster/sample-bank/schema.sql";
const V2 = "https://transactions-collector.io/schemas/manifest.v2.json";

/** In a file, what is put in the place of what. */
type Edit = readonly [file: string, found: string, put: string];

interface Recipe {
  /** Its title in CONTRIBUTING. */
  readonly title: string;
  readonly edits: readonly Edit[];
  /** New files. */
  readonly files?: Readonly<Record<string, string>>;
}

const LAST_COLUMN = "] as const satisfies readonly Column[];";
const IN_VIEW = "reversal_of\n  FROM transactions;";

function column(line: string, inView: string): Recipe {
  return {
    title: "A column.",
    edits: [
      ["functions/domain/columns.ts", LAST_COLUMN, `  ${line},\n${LAST_COLUMN}`],
      [SCHEMA, IN_VIEW, `${inView}, ${IN_VIEW}`],
    ],
  };
}

const CHANNEL = column(
  `{ name: "channel", kind: "text", sql: "channel", since: 2, nullable: true }`,
  "IF(id = 5, NULL, CONCAT('=', LOWER(type))) AS channel",
);
const FEE = column(
  `{ name: "fee_amount", kind: "amount", sql: "fee", since: 2, nullable: true }`,
  "NULLIF(ABS(amount), 0) AS fee",
);
const BRANCH: Recipe = {
  title: "A field of the manifest.",
  edits: [
    [
      "functions/domain/manifest.ts",
      "  readonly statement_id: string;",
      "  readonly statement_id: string;\n  readonly branch?: string;",
    ],
    [
      "functions/verification/manifest-shape.ts",
      "    statement_id: statementId,",
      "    statement_id: statementId,\n    branch: later(text),",
    ],
    [
      "functions/statement-builder/contents/manifest.ts",
      "    attempt: facts.attempt,",
      `    attempt: facts.attempt,\n    branch: "Köln",`,
    ],
  ],
};
const IDS: Recipe = {
  title: "A format.",
  edits: [
    ["functions/domain/statement-options.ts", `"camt.053", "ofx"]`, `"camt.053", "ofx", "ids"]`],
    [
      "functions/domain/manifest.ts",
      `  ofx: "statement.ofx",`,
      `  ofx: "statement.ofx",\n  ids: "ids.txt",`,
    ],
    [
      "functions/statement-builder/contents/readme-words.ts",
      "      ofx: ",
      `      ids: "only the ids",\n      ofx: `,
    ],
    [
      "functions/statement-builder/formats/load-format.ts",
      `    case "ofx":`,
      `    case "ids":\n      return (await import("./ids.ts")).ids;\n    case "ofx":`,
    ],
  ],
  files: {
    "functions/statement-builder/formats/ids.ts": `import { FORMAT_FILES } from "../../domain/manifest.ts";
import type { StatementContent, StatementFormat } from "./statement-format.ts";

export const ids: StatementFormat = {
  path: FORMAT_FILES.ids,
  mediaType: "text/plain",
  isTable: false,
  write: lines,
};

async function* lines(content: StatementContent): AsyncGenerator<Buffer> {
  for await (const rows of content.allRows())
    yield Buffer.from(Array.from(rows, (row) => row.transactionId + "\\n").join(""));
}
`,
  },
};

/** Every place is changed; there must be one. */
async function follow(tree: string, { edits, files = {} }: Recipe): Promise<void> {
  for (const [file, found, put] of edits) {
    const text = await readFile(join(tree, file), "utf8");
    if (!text.includes(found)) throw new Error(`${file} has no ${found}`);
    await writeFile(join(tree, file), text.replaceAll(found, put));
  }
  for (const [file, text] of Object.entries(files)) await writeFile(join(tree, file), text);
}

/** A copy of the tree with the recipes followed. */
async function treeWith(...recipes: readonly Recipe[]): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), "tree-"));
  for (const path of [
    "functions",
    "infra",
    "eventing",
    "test/support",
    "package.json",
    "tsconfig.json",
  ]) {
    await cp(join(REPOSITORY, path), join(tree, path), { recursive: true });
  }
  await symlink(join(REPOSITORY, "node_modules"), join(tree, "node_modules"));
  for (const recipe of recipes) await follow(tree, recipe);
  return tree;
}

async function node(tree: string, ...args: readonly string[]): Promise<string> {
  const options = { cwd: tree, env: { ...process.env, NODE_OPTIONS: "" }, maxBuffer: Infinity };
  return (await run(process.execPath, args, options)).stdout;
}

/** Kept statements as the tree's builder makes them, by name. */
async function made(tree: string, names: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  const program = `
    const { KEPT_STATEMENTS, makeKeptStatement } = await import("./test/support/kept/kept-statements.ts");
    const [url, names] = process.argv.slice(1);
    const zips = [];
    for (const name of JSON.parse(names)) {
      const statement = KEPT_STATEMENTS.find((one) => one.name === name);
      zips.push([name, (await makeKeptStatement(url, statement)).toString("base64")]);
    }
    console.log(JSON.stringify(zips));`;
  const args = ["--input-type=module", "-e", program, server.databaseUrl, JSON.stringify(names)];
  const zips = JSON.parse(await node(tree, ...args)) as [string, string][];
  return new Map(zips.map(([name, base64]) => [name, Buffer.from(base64, "base64")]));
}

/** What the tree's verifier says of each. */
async function verified(
  tree: string,
  zips: ReadonlyMap<string, Buffer>,
): Promise<readonly (readonly [string, Verification])[]> {
  const folder = await mkdtemp(join(tmpdir(), "zips-"));
  try {
    for (const [name, zip] of zips) await writeFile(join(folder, name), zip);
    const program = `
      const { verifyStatement } = await import("./functions/verification/verify-statement.ts");
      const { createReadStream } = await import("node:fs");
      const [folder, ...names] = process.argv.slice(1);
      const found = [];
      for (const name of names)
        found.push([name, await verifyStatement(createReadStream(folder + "/" + name))]);
      console.log(JSON.stringify(found));`;
    const args = ["--input-type=module", "-e", program, folder, ...zips.keys()];
    return JSON.parse(await node(tree, ...args)) as [string, Verification][];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Signed ones are no others, but for their signature. */
const NAMES = KEPT_STATEMENTS.filter(({ signed }) => !signed).map(({ name }) => name);

let server: TestMariaDb;
/** With a column. */
let one = "";
/** With another column behind it, a field of the manifest and a format. */
let two = "";

beforeAll(async () => {
  one = await treeWith(CHANNEL);
  two = await treeWith(CHANNEL, FEE, BRANCH, IDS);
  const bank = (await import(
    pathToFileURL(join(two, "test/support/kept/kept-statements.ts")).href
  )) as {
    readonly startKeptBank: typeof startKeptBank;
  };
  server = await bank.startKeptBank();
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  for (const tree of [one, two]) await rm(tree, { recursive: true });
});

test("the recipes name every file that they lead to", async () => {
  const text = await readFile(join(REPOSITORY, "CONTRIBUTING.md"), "utf8");
  for (const { title, edits, files = {} } of [CHANNEL, FEE, BRANCH, IDS]) {
    const [, paragraph = ""] = text.split(`**${title}**`);
    const recipe = paragraph.slice(0, paragraph.indexOf("\n\n"));
    for (const [file] of edits) expect(recipe).toContain(`\`${file}\``);
    for (const file of Object.keys(files))
      expect(recipe).toContain(`\`${file.slice(0, file.lastIndexOf("/") + 1)}\``);
    expect(recipe).toContain("`node infra/clients/contract/schemas.ts`");
  }
});

test("nothing more is asked for: the types fit, and the schemas follow", async () => {
  await node(two, "node_modules/typescript/bin/tsc");
  await node(two, "infra/clients/contract/schemas.ts");
  const schemas = join(two, "eventing/schemas");
  const requested = await readFile(join(schemas, "statement.requested.v1.json"), "utf8");
  expect(requested).toContain('"ids"');
  const schema = JSON.parse(await readFile(join(schemas, "manifest.v2.json"), "utf8")) as object;
  const accepts = new Ajv2020({ strict: true, strictTypes: false }).compile(schema);
  const [[, zip = Buffer.of()] = []] = await made(two, ["plain"]);
  const manifest = JSON.parse((await unzip(zip))["manifest.json"] ?? "") as Manifest;
  expect([accepts(manifest), accepts.errors]).toEqual([true, null]);
  expect(accepts({ ...manifest, branch: 1 })).toBe(false);
}, 240_000);

test("the columns are in every file that has rows, each as its kind is written", async () => {
  const [[, zip = Buffer.of()] = []] = await made(two, ["all-formats"]);
  const files = await unzip(zip);
  const manifest = JSON.parse(files["manifest.json"] ?? "") as Manifest;
  expect(manifest).toMatchObject({ schema: V2, branch: "Köln" });
  expect(manifest.columns?.slice(-2)).toEqual([
    { name: "channel", kind: "text" },
    { name: "fee_amount", kind: "amount" },
  ]);
  const rows = records(files["transactions.csv"]);
  expect(rows.map((row) => [row["transaction_id"], row["channel"], row["fee_amount"]])).toEqual([
    ["2", "'=card", "20.50"],
    ["3", "'=transfer", "1500"],
    ["4", "'=transfer", "1234.567"],
    ["9007199254740993", "'=card_check", ""],
    ["5", "", "20.50"],
  ]);
  const objects = (files["transactions.jsonl"] ?? "").trimEnd().split("\n");
  expect(
    objects
      .map((line) => JSON.parse(line) as object)
      .map((object) => Object.entries(object).slice(-2)),
  ).toEqual([
    [
      ["channel", "=card"],
      ["fee_amount", "20.50"],
    ],
    [
      ["channel", "=transfer"],
      ["fee_amount", "1500"],
    ],
    [
      ["channel", "=transfer"],
      ["fee_amount", "1234.567"],
    ],
    [
      ["channel", "=card_check"],
      ["fee_amount", null],
    ],
    [
      ["channel", null],
      ["fee_amount", "20.50"],
    ],
  ]);
  const pending = records(files["pending.csv"]);
  expect(pending.map(({ channel, fee_amount }) => [channel, fee_amount])).toEqual([
    ["'=card", "7.05"],
  ]);
  expect(files["ids.txt"]).toBe("2\n3\n4\n9007199254740993\n5\n");
  expect(files["README.txt"]).toContain("only the ids");
});

test("amounts of an added column follow the dialect", async () => {
  const [[, zip = Buffer.of()] = []] = await made(two, ["csv-bar-bom-decimal-comma"]);
  const csv = (await unzip(zip))["transactions.csv"] ?? "";
  const rows: Record<string, string>[] = parse(csv, { columns: true, delimiter: "|", bom: true });
  expect(rows.map((row) => row["fee_amount"])).toEqual(["20,50", "1500", "1234,567", "", "20,50"]);
});

test("from the second version on each verifier takes the statements of every other", async () => {
  const statements = {
    now: await made(REPOSITORY, NAMES),
    one: await made(one, NAMES),
    two: await made(two, [...NAMES, "format-ids"]),
  };
  for (const tree of [REPOSITORY, one, two]) {
    for (const zips of Object.values(statements)) {
      const found = await verified(tree, zips);
      expect(found.filter(([, { ok }]) => !ok)).toEqual([]);
      expect(found).toHaveLength(zips.size);
    }
  }
  // What was shipped before says why it cannot, and takes what has no new column as ever.
  const kept = await readKept("0.1.0");
  for (const zip of statements.one.values())
    expect(await kept.verifyStatement(zip)).toMatchObject({
      ok: false,
      problems: [expect.any(String)],
    });
}, 240_000);
