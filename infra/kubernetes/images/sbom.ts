/** What an image's program is made of, as a CycloneDX 1.5 bill of materials. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Metafile } from "esbuild";

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, "../../..");

export interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  /** `name@version` as npm writes it. */
  readonly "bom-ref": string;
}

export interface Sbom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
}

/** All that is installed, as npm tells it: with licences, hashes and package URLs. */
export async function installedPackages(): Promise<Sbom> {
  // Development packages too: a package that is both counts as one of them.
  const args = ["sbom", "--sbom-format", "cyclonedx"];
  const { stdout } = await run("npm", args, { cwd: REPOSITORY, maxBuffer: Infinity });
  return JSON.parse(stdout) as Sbom;
}

/**
 * `installed`, less what is not in the bundle, and the Node that runs it. The same commit gives the
 * same bytes, so it has neither serial number nor time.
 */
export async function sbomOf(program: string, metafile: Metafile, installed: Sbom) {
  const bundled = new Set(await bundledPackages(metafile));
  const name = `transactions-collector/${program}`;
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: installed.specVersion,
    version: 1,
    metadata: {
      component: { ...installed.metadata.component, type: "application", name, "bom-ref": name },
    },
    components: [...installed.components.filter((one) => bundled.has(one["bom-ref"])), node()],
  };
}

/** `name@version` of each package from which at least one byte was taken. */
export async function bundledPackages(metafile: Metafile): Promise<readonly string[]> {
  return await Promise.all(bundledFolders(metafile).map(nameAndVersion));
}

/** Where those packages lie, from the repository on. */
export function bundledFolders(metafile: Metafile): readonly string[] {
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const folders = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(
      ([file]) => /^(?:[\w-]+:)?(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [],
    );
  return [...new Set(folders)];
}

async function nameAndVersion(folder: string): Promise<string> {
  const json = await readFile(join(REPOSITORY, folder, "package.json"), "utf8");
  const { name, version } = JSON.parse(json) as { readonly name: string; readonly version: string };
  return `${name}@${version}`;
}

function node(): Component & { readonly cpe: string } {
  const { node: version } = process.versions;
  return {
    type: "platform",
    name: "node",
    version,
    "bom-ref": `node@${version}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
  };
}
