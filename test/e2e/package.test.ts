/** The published package in an empty project: the tool, the entries and the types, beside the pipeline. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { installPackage, type InstalledPackage } from "../support/operator/installed-package.ts";
import { olderNode, standInFor, type OlderNode } from "../support/programs/older-node.ts";
import { startPipeline, type Pipeline } from "../support/functions/pipeline.ts";
import { operatorEnvironment } from "../support/operator/statements-tool.ts";

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, "../..");

let opened: AsyncDisposableStack;
let installed: InstalledPackage;
let older: OlderNode;
let longTerm: OlderNode;
let ancient: OlderNode;
let pipeline: Pipeline;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  const nodes = [olderNode(), standInFor("v22.19.0"), standInFor("v18.20.8")] as const;
  const others = Promise.all([installPackage(), startPipeline(), ...nodes]);
  [installed, pipeline, older, longTerm, ancient] = await others;
  for (const one of [installed, older, longTerm, ancient, pipeline]) opened.use(one);
  await Promise.all([pipeline.start("request-intake"), pipeline.start("statement-builder")]);
  env = operatorEnvironment(pipeline);
}, 240_000);
afterAll(async () => await opened.disposeAsync());

type Which = "ancient" | "older" | "long-term" | "ours";
const folderOf = (which: Which): string =>
  ({
    ancient: ancient.folder,
    older: older.folder,
    "long-term": longTerm.folder,
    ours: dirname(process.execPath),
  })[which];

async function called(which: Which, command: string, ...args: string[]) {
  const PATH = `${folderOf(which)}${delimiter}${process.env["PATH"] ?? ""}`;
  const quiet = { HOME: installed.project, npm_config_update_notifier: "false" };
  const options = { cwd: installed.project, env: { ...env, ...quiet, PATH } };
  return await run(command, args, options).then(
    (done) => ({ ...done, code: 0 }),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
}
const statements = async (which: Which, ...args: string[]) =>
  await called(which, "node_modules/.bin/statements", ...args);

describe.each(["older", "ours"] as const)("on the %s Node", (which) => {
  test("npx statements shows what it can do, and its version", async () => {
    const help = await called(which, "npx", "--no-install", "statements", "--help");
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toMatch(/^Usage: statements \[options\] \[command\]\n/);
    const { stdout } = await statements(which, "doctor", "--help");
    expect(stdout).toMatch(/^Usage: statements doctor /);
    const json = await readFile(join(REPOSITORY, "package.json"), "utf8");
    const { version } = JSON.parse(json) as { readonly version: string };
    expect((await statements(which, "--version")).stdout).toBe(`${version}\n`);
  });

  test("a backend makes a link, and verifies what it leads to", async () => {
    const name = await pipeline.request({
      customer_id: "customer-000003",
      start_date: "2025-01-01",
      end_date: "2025-01-31",
    });
    const { request } = await pipeline.until(name, "executed");
    if (request.status !== "executed") throw new Error(request.status);
    await writeFile(
      join(installed.project, "backend.mjs"),
      `import { verifyStatement } from "transactions-collector/consumer";
       import { makeStatementLinks } from "transactions-collector/link";
       const links = makeStatementLinks({ endpoint: process.env.S3_ENDPOINT, forcePathStyle: true });
       const [bucket, key, customerId] = process.argv.slice(2);
       const other = await links.link({ bucket, key, customerId: "somebody-else" });
       const short = await links.link({ bucket, key, customerId, expiresIn: 1 });
       const { url } = await links.link({ bucket, key, customerId });
       const answer = await fetch(url);
       const { ok, sha256 } = await verifyStatement(answer.body, key);
       const headers = Object.fromEntries(answer.headers);
       do var late = (await fetch(short.url)).status; while (late === 200);
       const early = Date.now() < short.expiresAt.getTime();
       console.log(JSON.stringify({ other, ok, sha256, headers, late, early }));`,
    );
    const { bucket, key } = request.object;
    const { stdout, stderr } = await called(
      which,
      ...(["node", "backend.mjs", bucket, key, request.facts.customerId] as const),
    );
    // The SDK announces which Node its later versions need.
    expect(stderr).toMatch(/^$|NodeVersionSupportWarning/);
    expect(JSON.parse(stdout)).toMatchObject({
      other: { ok: false, reason: "of_another_customer" },
      ok: true,
      sha256: request.sha256,
      // The store refuses it as soon as we say, and no sooner.
      late: 403,
      early: false,
      headers: {
        "cache-control": "private, no-store",
        "content-disposition": `attachment; filename="${key}"`,
      },
    });
  });
});

test("on the older Node a command says in one line which it needs", async () => {
  expect(await statements("older", "list")).toMatchObject({
    code: 2,
    stdout: "",
    stderr: `statements: this needs Node 22.19 or later, and this is ${older.version}; only verify, --help and --version answer here\n`,
  });
});

test.each(["list", "--help", "verify"])("on Node 18 %s says so too", async (command) => {
  expect(await statements("ancient", command)).toMatchObject({
    code: 2,
    stdout: "",
    stderr: `statements: this needs Node 22.19 or later, and this is ${ancient.version}; verify needs 20.16\n`,
  });
});

test.each([
  ["ours", "customer-000001"],
  ["long-term", "customer-000002"],
] as const)(
  "on %s a statement is asked for, explained, linked and verified",
  async (which, customer) => {
    const ask = ["request", customer, "2025-01-01", "2025-01-31", "--download", "."];
    const asked = await statements(which, ...ask);
    expect(asked).toMatchObject({ code: 0, stderr: "" });
    const [name = ""] = asked.stdout.split("\n");
    const files = await readdir(installed.project);
    const file = files.find((one) => one.startsWith(customer) && one.endsWith(".zip")) ?? "";
    const bytes = await readFile(join(installed.project, file));

    const { stdout: url, stderr } = await statements(which, "link", name);
    expect(stderr).toMatch(/^ends \d{4}-\S+Z, in 1[45]m/m);
    const linked = await fetch(url.trim());
    const hash = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
    expect(hash(new Uint8Array(await linked.arrayBuffer()))).toBe(hash(bytes));

    expect(await statements(which, "verify", "--ledger", file)).toMatchObject({ code: 0 });
    expect(await statements("older", "verify", file)).toMatchObject({ code: 0, stderr: "" });
    expect((await statements(which, "explain", name)).stdout).toContain("executed");
    expect((await statements(which, "list", "-o", "yaml")).stdout).toContain(`name: ${name}`);
    expect((await statements(which, "watch", name)).stdout).toMatch(/executed +\d+ rows/);
  },
  120_000,
);

test("ui brings along all that the browser asks for", async () => {
  const tool = join(installed.folder, "infra/clients/package/statements.js");
  const child = spawn(process.execPath, [tool, "ui", "--write"], {
    env: { ...env, HOME: installed.project },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const said = once(child.stdout.setEncoding("utf8"), "data");
  const [address] = (await Promise.race([said, exited])) as [unknown];
  const page = await (await fetch(String(address).trim())).text();
  const named = [...page.matchAll(/(?:href|src)="(page\/[^"]+)"/g)].map(([, path = ""]) => path);
  expect(named.length).toBeGreaterThan(3);
  for (const path of [...named, "page/form", "page/facts"]) {
    const { status } = await fetch(new URL(path, String(address).trim()));
    expect([path, status]).toEqual([path, 200]);
  }
  child.kill("SIGINT");
  expect(await exited).toEqual([0, null]);
});

test.each(["ours", "long-term"] as const)(
  "on %s doctor brings its database client along",
  async (which) => {
    const { code, stdout } = await statements(which, "doctor");
    expect(stdout).toContain(
      "ok  indexes lead to the rows and balances of a period by booking dates",
    );
    expect(stdout).toContain("ok  the bucket statements is there");
    expect(code).toBe(1);
  },
);

test("holds what is needed and no more", async () => {
  const json = await readFile(join(installed.folder, "package.json"), "utf8");
  const described = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const unwanted = /dependencies|scripts|private|overrides/i;
  expect(Object.keys(described).filter((key) => unwanted.test(key))).toEqual([]);
  const files = await readdir(installed.folder, { recursive: true });
  expect(files.filter((file) => /\.ts$/.test(file) && !/\.d\.ts$|\/samples\//.test(file))).toEqual(
    [],
  );
  expect(files.filter((file) => /node_modules|\.test\.|\.map$/.test(file))).toEqual([]);
  expect(files).toEqual(expect.arrayContaining(["README.md", "LICENSE"]));
  expect((await stat(installed.archive)).size).toBeLessThan(3 * 1024 * 1024);
});

test("its documents lead only to what is in it", async () => {
  const all = await readdir(installed.folder, { recursive: true });
  const documents = all.filter((file) => file.endsWith("README.md"));
  expect(documents).toHaveLength(3);
  const links = await Promise.all(
    documents.map(async (file) => {
      const text = await readFile(join(installed.folder, file), "utf8");
      return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, to = ""]) =>
        join(dirname(file), to),
      );
    }),
  );
  expect(links.flat().length).toBeGreaterThan(5);
  expect(links.flat().filter((to) => !all.includes(to))).toEqual([]);
});

test("names the licence of every package whose code is in it", async () => {
  const read = async (name: string) => await readFile(join(installed.folder, name), "utf8");
  const bill = JSON.parse(await read("sbom.cdx.json")) as {
    readonly components: readonly { readonly type: string; readonly "bom-ref": string }[];
  };
  const packages = bill.components.filter(({ type }) => type === "library");
  expect(packages.map((one) => one["bom-ref"])).toContainEqual(
    expect.stringMatching(/^commander@/),
  );
  const notices = await read("THIRD-PARTY-NOTICES.txt");
  const missing = packages.filter(
    (one) => !notices.includes(`${one["bom-ref"].replace(/(?<=.)@/, " ")} (`),
  );
  expect(missing).toEqual([]);
});
