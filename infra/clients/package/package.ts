/**
 * `make package`, or with another FOLDER: what is published, `transactions-collector-VERSION.tgz`.
 *
 * It holds the operator's tool, the entries `./consumer` and `./link`, the schemas and the samples, under the
 * same paths as the repository. Everything is bundled to plain JavaScript, because Node strips no types
 * inside of `node_modules`; so the package depends on nothing, and installs without a registry.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build, type Metafile } from "esbuild";
import { noticesOf } from "../../kubernetes/images/notices.ts";
import { installedPackages, sbomOf } from "../../kubernetes/images/sbom.ts";
import { copyDeclarations } from "./declarations.ts";

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, "../../..");
const TSC = join(REPOSITORY, "node_modules/typescript/bin/tsc");

const TOOL = "infra/clients/package/statements";
const CONSUMER = "infra/clients/consumer/index";
const LINK = "infra/clients/link/statement-links";

/** Leaves the package in `folder`, ready to be packed. */
export async function makePackage(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await makeConsumer(folder);
  const metafile = await makeTool(folder);
  await makeTypes(folder);
  for (const path of FILES) {
    await cp(join(REPOSITORY, path), join(folder, path), { recursive: true });
  }
  // Beside the part that serves it.
  await cp(join(REPOSITORY, "infra/operator/ui/browser"), join(folder, "infra/parts/browser"), {
    recursive: true,
  });
  await moveReadme(folder);
  const notices = await noticesOf(metafile, REPOSITORY);
  await writeFile(join(folder, "THIRD-PARTY-NOTICES.txt"), notices);
  const sbom = await sbomOf("package", metafile, await installedPackages());
  await writeFile(join(folder, "sbom.cdx.json"), `${JSON.stringify(sbom, null, 2)}\n`);
}

const FILES = [
  "LICENSE",
  "infra/clients/consumer/README.md",
  "infra/clients/consumer/samples",
  "infra/clients/samples",
  "eventing/schemas",
  "eventing/asyncapi.yaml",
  "eventing/openapi.yaml",
  "eventing/problems.md",
  "eventing/status-api.openapi.yaml",
];

/** Its place in the package is the root: its links lead on from there, and those to it there. */
async function moveReadme(folder: string): Promise<void> {
  const own = await readFile(join(REPOSITORY, "infra/clients/package/README.md"), "utf8");
  await writeFile(join(folder, "README.md"), own.replaceAll("](../", "](infra/clients/"));
  const consumers = join(folder, "infra/clients/consumer/README.md");
  const text = await readFile(consumers, "utf8");
  await writeFile(consumers, text.replaceAll("](../package/", "](../../../"));
}

/** The entry that runs in a browser too, and the `package.json` by which it is found. */
export async function makeConsumer(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: [`${CONSUMER}.ts`],
    outfile: join(folder, `${CONSUMER}.js`),
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

/** The operator's tool and the entry `./link`, with all they use; each part is loaded when it is needed. */
async function makeTool(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: [`${TOOL}.ts`, `${LINK}.ts`],
    outdir: folder,
    outbase: ".",
    chunkNames: "infra/parts/[name]-[hash]",
    bundle: true,
    splitting: true,
    platform: "node",
    // For `--help`, and for backends that make links; the commands say what they need themselves.
    target: "node20",
    format: "esm",
    mainFields: ["module", "main"],
    // Packages in CommonJS call it.
    banner: {
      js: `import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);`,
    },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "eof",
    metafile: true,
    logLevel: "warning",
  });
  return metafile;
}

async function makeTypes(folder: string): Promise<void> {
  const all = await mkdtemp(join(tmpdir(), "declarations-"));
  try {
    const project = ["--project", join(REPOSITORY, "infra/clients/package")];
    await run(process.execPath, [TSC, ...project, "--outDir", all]);
    await copyDeclarations(all, folder, [`${CONSUMER}.d.ts`, `${LINK}.d.ts`]);
  } finally {
    await rm(all, { recursive: true });
  }
}

async function packageJson(): Promise<string> {
  const text = await readFile(join(REPOSITORY, "package.json"), "utf8");
  const { name, version, description, license } = JSON.parse(text) as Record<string, string>;
  const entry = (path: string) => ({ types: `./${path}.d.ts`, default: `./${path}.js` });
  const manifest = {
    name,
    version,
    description,
    license,
    keywords: ["bank-statements", "cloudevents", "knative", "s3"],
    type: "module",
    sideEffects: false,
    engines: { node: ">=20.16" },
    bin: { statements: `${TOOL}.js` },
    exports: {
      "./consumer": entry(CONSUMER),
      "./link": entry(LINK),
      "./schemas/*": "./eventing/schemas/*",
      "./asyncapi.yaml": "./eventing/asyncapi.yaml",
      "./openapi.yaml": "./eventing/openapi.yaml",
      "./status-api.openapi.yaml": "./eventing/status-api.openapi.yaml",
    },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Packs `folder` as npm does and answers the path of the archive, which lies in `into`. */
export async function packPackage(folder: string, into: string): Promise<string> {
  const args = ["pack", folder, "--json", "--ignore-scripts", "--pack-destination", into];
  const { stdout } = await run("npm", args, { maxBuffer: Infinity });
  const [packed] = JSON.parse(stdout) as [{ readonly filename: string }];
  return join(into, packed.filename);
}

async function main(folder: string): Promise<void> {
  const made = join(folder, "package");
  await makePackage(made);
  console.log(await packPackage(made, folder));
}

if (import.meta.main) await main(process.argv[2] ?? join(REPOSITORY, "dist"));
