/** The entry `./consumer` as others get it: packed, in a browser, in a program with types. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Metafile } from "esbuild";
import { makeConsumer } from "../../infra/clients/package/package.ts";
import { installPackage, type InstalledPackage } from "../support/operator/installed-package.ts";
import { sampleZip } from "../support/statements/sample-statement.ts";
import { run } from "../support/statements/statement.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

let folder = "";
let installed: InstalledPackage;
let metafile: Metafile = { inputs: {}, outputs: {} };

beforeAll(async () => {
  installed = await installPackage();
  folder = installed.project;
  const other = await mkdtemp(join(tmpdir(), "consumer-"));
  metafile = await makeConsumer(other);
  await rm(other, { recursive: true });
}, 240_000);
afterAll(() => installed[Symbol.asyncDispose]());

test("depends on nothing: own code, a library's SHA-256 in the bundle, nothing of Node's", () => {
  const inputs = Object.keys(metafile.inputs);
  expect(inputs).toContain("functions/verification/verify-statement.ts");
  const own = /^(functions\/domain|functions\/verification|infra\/clients\/consumer)\//;
  const others = inputs.filter((file) => !own.test(file));
  expect(others.filter((file) => !file.startsWith("node_modules/@noble/hashes/"))).toEqual([]);
  const outputs = Object.values(metafile.outputs);
  expect(outputs.flatMap(({ imports }) => imports)).toEqual([]);
});

test("stays small enough for a page", () => {
  const [output] = Object.values(metafile.outputs);
  expect((output?.bytes ?? Infinity) / 1024).toBeLessThan(96);
});

async function node(program: string, ...args: string[]): Promise<unknown> {
  const options = { cwd: folder, env: { PATH: process.env["PATH"] } };
  const all = ["--input-type=module", "--eval", program, ...args];
  const { stdout } = await run(process.execPath, all, options);
  return JSON.parse(stdout);
}

test("is imported by its name, in plain JavaScript", async () => {
  const program = `
    import * as consumer from "transactions-collector/consumer";
    console.log(JSON.stringify(Object.keys(consumer)));`;
  expect(await node(program)).toEqual([
    "bankText",
    "parseS3Event",
    "parseStatementKey",
    "verifyStatement",
  ]);
});

test("verifies where there is no Node, no Buffer and no crypto", async () => {
  const file = join(folder, "statement.zip");
  await writeFile(file, await sampleZip());
  const program = `
    import { openAsBlob } from "node:fs";
    const print = console.log;
    const blob = await openAsBlob(process.argv[1]);
    for (const name of ["process", "Buffer", "crypto", "require"]) {
      Object.defineProperty(globalThis, name, { value: undefined });
    }
    const { verifyStatement } = await import("transactions-collector/consumer");
    const { ok, manifest } = await verifyStatement(blob);
    const broken = await verifyStatement(blob.slice(0, -1));
    print(JSON.stringify([ok, manifest.rows, broken.ok]));`;
  expect(await node(program, file)).toEqual([true, 4, false]);
});

test("brings types to a page's program, which has no Node", async () => {
  const file = join(folder, "page.ts");
  const program = `
    import { parseS3Event, verifyStatement } from "transactions-collector/consumer";
    import { makeStatementLinks, type StatementLink } from "transactions-collector/link";
    export const links: { link(request: object): Promise<StatementLink> } = makeStatementLinks();
    export async function choose(file: File, response: Response): Promise<number> {
      const found = await verifyStatement(response.body ?? file, "statements/x.zip");
      for (const event of parseS3Event("{}")) {
        if (event.kind === "statement") event.statement.customerId.slice(event.dedupeKey.length);
      }
      return found.ok ? found.manifest.rows : found.problems.length;
    }
    // @ts-expect-error -- a path is no bytes
    export const wrong = verifyStatement("statement.zip");
  `;
  await writeFile(file, program);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2022",
    module: "nodenext",
    lib: ["es2022", "dom"],
    types: [],
  };
  const config = JSON.stringify({ compilerOptions, files: ["page.ts"] });
  await writeFile(join(folder, "tsconfig.json"), config);
  const tsc = join(REPOSITORY, "node_modules/typescript/bin/tsc");
  const { stdout } = await run(process.execPath, [tsc, "--project", folder]).catch(
    (error: unknown) => error as { stdout: string },
  );
  expect(stdout).toBe("");
}, 240_000);

test("has the schemas beside it", async () => {
  const program = `
    import manifest from "transactions-collector/schemas/manifest.v1.json" with { type: "json" };
    console.log(JSON.stringify(manifest.$id));`;
  const id = "https://transactions-collector.io/schemas/manifest.v1.json";
  expect(await node(program)).toBe(id);
});

test("is imported by its name in the repository too, from the source", async () => {
  const { parseStatementKey } = await import("transactions-collector/consumer");
  expect(parseStatementKey("a-1-2-1795434992291.zip")?.customerId).toBe("a");
});
