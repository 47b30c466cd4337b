/** Renders kustomizations as `kubectl apply -k` would, and reads what comes out. */
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { goProgram } from "../../../infra/local/programs/go-program.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");
const run = promisify(execFile);

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** @param folder of the repository, such as `infra/kubernetes/base`, or an absolute path. */
async function renderYaml(folder: string): Promise<string> {
  const path = resolve(REPOSITORY, folder);
  try {
    return (await run("kubectl", ["kustomize", path])).stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return (await run(await kustomize(), ["build", path])).stdout;
}

export async function render(folder: string): Promise<readonly Manifest[]> {
  const documents = parseAllDocuments(await renderYaml(folder));
  return documents.map((document) => document.toJS() as Manifest);
}

/** Has what `render` needs in place; a build takes longer than a test may. */
export async function prepareKustomize(): Promise<void> {
  await run("kubectl", ["kustomize", "--help"]).catch(kustomize);
}

function kustomize(): Promise<string> {
  const version = "v5.8.1";
  return goProgram({
    name: "kustomize",
    version,
    takes: "a minute",
    build: () => ["install", `sigs.k8s.io/kustomize/kustomize/v5@${version}`],
  });
}
