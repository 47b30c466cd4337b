/**
 * `make bundle`, or with another FOLDER: what goes into the images. Each program is one file, `dist/programs/<name>/index.mjs`, with
 * its source map and its SBOM beside it; `dist/programs/metafiles/` says what is in it.
 */
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, type Metafile } from "esbuild";
import { builtinsRequired, REQUIRE } from "./builtin-modules.ts";
import { kubernetesModels } from "./kubernetes-models.ts";
import { installedPackages, sbomOf } from "./sbom.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

/** By name, the file that is run. */
export const PROGRAMS = {
  "request-intake": "functions/request-intake/index.ts",
  "pending-scanner": "functions/pending-scanner/index.ts",
  "statement-builder": "functions/statement-builder/index.ts",
  "sample-bank": "infra/images/sample-bank.ts",
  "warm-up": "infra/images/warm-up.ts",
} as const;
export type ProgramName = keyof typeof PROGRAMS;

/** What a program reads from beside itself. */
const FILES: Partial<Record<ProgramName, readonly string[]>> = {
  "sample-bank": ["infra/local/sample-bank/schema.sql", "infra/local/sample-bank/grants.sql"],
};

/** Leaves the bundle in `folder` and answers what is in it. */
export async function bundle(name: ProgramName, folder: string): Promise<Metafile> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: [PROGRAMS[name]],
    outfile: join(folder, "index.mjs"),
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // The ES module of a package that has both: only of that can what is not used be left out.
    mainFields: ["module", "main"],
    banner: { js: REQUIRE },
    // Names stay: a stack in the log is read by people, and to read it through the source map costs a
    // process 40 MB.
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: "linked",
    // The sources themselves are in the repository of the revision that the image names.
    sourcesContent: false,
    legalComments: "linked",
    metafile: true,
    plugins: [kubernetesModels, builtinsRequired],
    logLevel: "warning",
  });
  // Filled while the image is built; made here, so that whoever is root there need not be.
  await mkdir(join(folder, "compile-cache"));
  for (const file of FILES[name] ?? [])
    await copyFile(join(REPOSITORY, file), join(folder, basename(file)));
  return metafile;
}

async function main(folder: string): Promise<void> {
  const metafiles = join(folder, "metafiles");
  await mkdir(metafiles, { recursive: true });
  const packages = await installedPackages();
  for (const name of Object.keys(PROGRAMS) as ProgramName[]) {
    const metafile = await bundle(name, join(folder, name));
    await writeFile(join(metafiles, `${name}.json`), JSON.stringify(metafile));
    const sbom = await sbomOf(name, metafile, packages);
    await writeFile(join(folder, name, "sbom.cdx.json"), `${JSON.stringify(sbom, null, 2)}\n`);
    const bytes = Object.values(metafile.outputs).find((one) => one.entryPoint)?.bytes ?? 0;
    console.log(`${(bytes / 1024).toFixed(0).padStart(6)} KiB  ${join(folder, name)}/index.mjs`);
  }
}

if (import.meta.main) await main(process.argv[2] ?? join(REPOSITORY, "dist/programs"));
