/**
 * `make consumer`, or with another FOLDER: the package that consumers install. It has the one entry
 * `./consumer` as plain JavaScript with type declarations, because Node strips no types inside of
 * `node_modules`, the schemas and the samples, and it depends on nothing.
 */
import { execFile } from "node:child_process";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build, type Metafile } from "esbuild";

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, "../..");
const TSC = join(REPOSITORY, "node_modules/typescript/bin/tsc");

/** Leaves the package in `folder`, ready to be packed, and answers what is in its code. */
export async function makePackage(folder: string): Promise<Metafile> {
  await rm(folder, { recursive: true, force: true });
  const metafile = await makeCode(folder);
  const project = ["--project", join(REPOSITORY, "infra/consumer")];
  await run(process.execPath, [TSC, ...project, "--outDir", join(folder, "types")]);
  for (const [from, to] of FILES) {
    await cp(join(REPOSITORY, from), join(folder, to), { recursive: true });
  }
  return metafile;
}

const FILES = [
  ["LICENSE", "LICENSE"],
  ["infra/consumer/README.md", "README.md"],
  ["infra/consumer/samples", "samples"],
  ["eventing/schemas", "schemas"],
] as const;

/** The part of it that runs. */
export async function makeCode(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: ["infra/consumer/index.ts"],
    outfile: join(folder, "index.js"),
    bundle: true,
    platform: "browser",
    // The first browsers that inflate zips by themselves, and what Lambda runs.
    target: ["es2022", "chrome103", "firefox113", "safari16.4", "node20"],
    format: "esm",
    metafile: true,
    logLevel: "warning",
  });
  await writeFile(join(folder, "package.json"), await packageJson());
  return metafile;
}

async function packageJson(): Promise<string> {
  const text = await readFile(join(REPOSITORY, "package.json"), "utf8");
  const { name, version, license } = JSON.parse(text) as Record<string, string>;
  const types = "./types/infra/consumer/index.d.ts";
  const manifest = {
    ...{ name, version, license },
    description: "For consumers of bank statements: reads S3's events, verifies statements.",
    type: "module",
    sideEffects: false,
    engines: { node: ">=20.16" },
    exports: { "./consumer": { types, default: "./index.js" }, "./schemas/*": "./schemas/*" },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Packs `folder` as npm does and answers the path of the archive, which lies in `into`. */
export async function packPackage(folder: string, into: string): Promise<string> {
  const args = ["pack", folder, "--json", "--ignore-scripts", "--pack-destination", into];
  const { stdout } = await run("npm", args);
  const [packed] = JSON.parse(stdout) as [{ readonly filename: string }];
  return join(into, packed.filename);
}

async function main(folder: string): Promise<void> {
  const { outputs } = await makePackage(join(folder, "consumer"));
  const [code] = Object.values(outputs);
  const archive = await packPackage(join(folder, "consumer"), folder);
  console.log(`${archive}  ${((code?.bytes ?? 0) / 1024).toFixed(0)} KiB of code, no dependencies`);
}

if (import.meta.main) await main(process.argv[2] ?? join(REPOSITORY, "dist"));
