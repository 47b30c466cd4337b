/**
 * `node test/support/kept/keep-functions.ts FOLDER`: today's intake and builder, as test/kept keeps those
 * of a version: one file each, with all that a statement in CSV needs. The builder dies at the step
 * that `KILL_AT` names.
 */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";
import { builtinsRequired } from "../../../infra/kubernetes/images/builtin-modules.ts";
import {
  FOR_NODE,
  ROW_LINES,
  ROW_TEXTS,
  TABLE_DEFLATE,
} from "../../../infra/kubernetes/images/bundle.ts";
import { kubernetesClient } from "../../../infra/kubernetes/images/kubernetes-client.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

const ENTRIES = {
  "request-intake": "functions/request-intake/index.ts",
  "statement-builder": "test/support/functions/killing-builder.ts",
} as const;

/** The builder reads these from beside itself. */
const MODULES = [ROW_LINES, ROW_TEXTS, TABLE_DEFLATE];

/** The ledger's address: what is kept runs by a kubeconfig. */
const KUBECONFIG = "../identity/kubeconfig.ts";

/** Formats, tracing, tokens: imported later or never, and then missing. */
const withoutWhatComesLater: Plugin = {
  name: "without-what-comes-later",
  setup(building) {
    building.onResolve({ filter: /./ }, ({ path, kind }) =>
      kind === "dynamic-import" && path !== KUBECONFIG ? { path, external: true } : undefined,
    );
  },
};

/** @throws Error when the folder holds them already: what is kept is never made again */
export async function keepFunctions(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, entryPoint] of Object.entries(ENTRIES)) {
    const { outputFiles } = await build({
      ...FOR_NODE,
      entryPoints: [entryPoint],
      write: false,
      minify: true,
      // In one file every module would take itself for the entry, and start.
      define: { "import.meta.main": String(entryPoint.endsWith("/index.ts")) },
      plugins: [withoutWhatComesLater, builtinsRequired, kubernetesClient],
    });
    const [file] = outputFiles;
    if (!file) throw new Error(`esbuild wrote nothing of ${entryPoint}`);
    const packed = gzipSync(file.contents, { level: 9 });
    await writeFile(join(folder, `${name}.js.gz`), packed, { flag: "wx" });
  }
  for (const module of MODULES)
    await copyFile(join(REPOSITORY, module), join(folder, basename(module)));
}

if (import.meta.main) await keepFunctions(process.argv[2] ?? "");
