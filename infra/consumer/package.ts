/**
 * What the package's entry `./consumer` points to, made before it is packed: one file of JavaScript
 * that any bundler and runtime takes, because Node strips no types inside of `node_modules`, and
 * its type declarations. `node infra/consumer/package.ts`, or with another FOLDER.
 */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build, type Metafile } from "esbuild";

const REPOSITORY = join(import.meta.dirname, "../..");
const TSC = join(REPOSITORY, "node_modules/typescript/bin/tsc");

/** Leaves `index.js` in `folder` and answers what is in it. */
export async function bundleConsumer(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: ["infra/consumer/index.ts"],
    outfile: join(folder, "index.js"),
    bundle: true,
    platform: "browser",
    // What a browser needs to have `DecompressionStream` for raw deflate, and what Lambda runs.
    target: ["es2022", "chrome103", "firefox113", "safari16.4", "node20"],
    format: "esm",
    metafile: true,
    logLevel: "warning",
  });
  return metafile;
}

/** Leaves the declarations in `folder/types`. */
export async function declareConsumer(folder: string): Promise<void> {
  const project = ["--project", join(REPOSITORY, "infra/consumer")];
  const args = [TSC, ...project, "--outDir", join(folder, "types")];
  await promisify(execFile)(process.execPath, args);
}

async function main(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await bundleConsumer(folder);
  await declareConsumer(folder);
}

if (import.meta.main) await main(process.argv[2] ?? join(REPOSITORY, "dist/consumer"));
