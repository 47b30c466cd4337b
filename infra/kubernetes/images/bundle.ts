/**
 * `make bundle`, or with another FOLDER: what goes into the images. Each program is `dist/programs/<name>/index.mjs`; beside it, in
 * files of their own, what it imports later or never (formats, tracing, ways to sign in), source maps, its SBOM and licences.
 * `dist/programs/metafiles/` says what is in them.
 */
import { copyFile, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { build, type BuildOptions, type Metafile } from "esbuild";
import { builtinsRequired, REQUIRE } from "./builtin-modules.ts";
import { byFunction } from "../../../functions/domain/function-names.ts";
import { noticesOf } from "./notices.ts";
import { kubernetesClient } from "./kubernetes-client.ts";
import { installedPackages, sbomOf } from "./sbom.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");
export const TABLE_DEFLATE = "functions/statement-builder/zip/table-deflate/table-deflate.wasm";
export const ROW_LINES = "functions/statement-builder/lines/row-lines/row-lines.wasm";
export const ROW_TEXTS = "functions/statement-builder/contents/row-texts/row-texts.wasm";
const NOTO_SANS = "node_modules/@expo-google-fonts/noto-sans";
const EMBED_PDF = "node_modules/@embedpdf/fonts";

/** By name, the file that is run. */
export const PROGRAMS = {
  ...byFunction((name) => `functions/${name}/index.ts`),
  "status-api": "functions/status-api/index.ts",
  "sample-bank": "infra/kubernetes/images/sample-bank.ts",
  "warm-up": "infra/kubernetes/images/warm-up.ts",
} as const;
export type ProgramName = keyof typeof PROGRAMS;

/** What a program reads from beside itself, or must be handed on with it: from where, under which name. */
const FILES: Partial<Record<ProgramName, Readonly<Record<string, string>>>> = {
  "sample-bank": {
    "infra/local/cluster/sample-bank/schema.sql": "schema.sql",
    "infra/local/cluster/sample-bank/grants.sql": "grants.sql",
  },
  "statement-builder": {
    [TABLE_DEFLATE]: "table-deflate.wasm",
    [ROW_LINES]: "row-lines.wasm",
    [ROW_TEXTS]: "row-texts.wasm",
    "node_modules/@resvg/resvg-wasm/index_bg.wasm": "index_bg.wasm",
    [`${NOTO_SANS}/400Regular/NotoSans_400Regular.ttf`]: "NotoSans_400Regular.ttf",
    [`${NOTO_SANS}/600SemiBold/NotoSans_600SemiBold.ttf`]: "NotoSans_600SemiBold.ttf",
    [`${EMBED_PDF}-arabic/fonts/NotoNaskhArabic-Regular.ttf`]: "NotoNaskhArabic-Regular.ttf",
    [`${EMBED_PDF}-hebrew/fonts/NotoSansHebrew-Regular.ttf`]: "NotoSansHebrew-Regular.ttf",
    [`${NOTO_SANS}-thai/400Regular/NotoSansThai_400Regular.ttf`]: "NotoSansThai_400Regular.ttf",
    [`${EMBED_PDF}-sc/fonts/NotoSansHans-Regular.otf`]: "NotoSansHans-Regular.otf",
    [`${EMBED_PDF}-kr/fonts/NotoSansKR-Regular.otf`]: "NotoSansKR-Regular.otf",
    [`${NOTO_SANS}/LICENSE_FONT`]: "NotoSans-LICENSE.txt",
  },
};

/** How a program becomes JavaScript for the Node of the images. */
export const FOR_NODE = {
  absWorkingDir: REPOSITORY,
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  // The ES module of a package that has both: only of that can what is not used be left out.
  mainFields: ["module", "main"],
  banner: { js: REQUIRE },
  logLevel: "warning",
} as const satisfies BuildOptions;

/** Leaves the bundle in `folder` and answers what is in it. */
export async function bundle(name: ProgramName, folder: string): Promise<Metafile> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { metafile } = await build({
    ...FOR_NODE,
    entryPoints: { index: PROGRAMS[name] },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    // What is imported later is neither read nor compiled when the program starts.
    splitting: true,
    // Names stay: a stack in the log is read by people, and to read it through the source map costs a
    // process 40 MB.
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: "linked",
    // The sources themselves are in the repository of the revision that the image names.
    sourcesContent: false,
    legalComments: "linked",
    metafile: true,
    plugins: [builtinsRequired, kubernetesClient],
  });
  // Filled while the image is built; made here, so that whoever is root there need not be.
  await mkdir(join(folder, "compile-cache"));
  for (const [from, to] of Object.entries(FILES[name] ?? {}))
    await copyInto(metafile, from, join(folder, to));
  return metafile;
}

/** Of its package as well as what was bundled: the metafile says so, and with it the SBOM. */
async function copyInto({ outputs }: Metafile, from: string, to: string): Promise<void> {
  await copyFile(join(REPOSITORY, from), to);
  const { size: bytes } = await stat(to);
  outputs[relative(REPOSITORY, to)] = {
    bytes,
    imports: [],
    exports: [],
    inputs: { [from]: { bytesInOutput: bytes } },
  };
}

/** The files that are read when the program starts. */
export function filesAtStart({ outputs }: Metafile, program: ProgramName): Metafile["outputs"] {
  const start = Object.keys(outputs).filter(
    (file) => outputs[file]?.entryPoint === PROGRAMS[program],
  );
  const files = new Set(start);
  // A set goes on with what is added to it on the way.
  for (const file of files)
    for (const { path, kind } of outputs[file]?.imports ?? [])
      if (kind === "import-statement" && outputs[path]) files.add(path);
  return Object.fromEntries(Object.entries(outputs).filter(([file]) => files.has(file)));
}

/** How many bytes these are. */
export function bytesOf(outputs: Metafile["outputs"]): number {
  return Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0);
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
    const notices = await noticesOf(metafile, REPOSITORY);
    await writeFile(join(folder, name, "THIRD-PARTY-NOTICES.txt"), notices);
    const bytes = bytesOf(filesAtStart(metafile, name));
    console.log(`${(bytes / 1024).toFixed(0).padStart(6)} KiB  ${join(folder, name)}/index.mjs`);
  }
}

if (import.meta.main) await main(process.argv[2] ?? join(REPOSITORY, "dist/programs"));
