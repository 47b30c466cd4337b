/** The builder of an earlier commit, bundled from its own sources with today's packages. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";

const REPOSITORY = join(import.meta.dirname, "../../..");

/** The last commit before tables were deflated here. */
export const BEFORE_TABLE_DEFLATE = "729f230";

/** Where that commit makes its bundles. */
const BUNDLE = "infra/images/bundle.ts";

/** The file Node runs; undefined where the history is not there, as in a shallow clone. */
export async function earlierBuilder(commit: string, folder: string): Promise<string | undefined> {
  const sources = join(folder, "sources");
  await mkdir(sources, { recursive: true });
  const archive = ["-C", REPOSITORY, "archive", "--format=tar", commit];
  if (!(await succeeds(`git "$@" | tar -x -C '${sources}'`, archive))) return undefined;
  await symlink(join(REPOSITORY, "node_modules"), join(sources, "node_modules"));
  const bundled = join(folder, "statement-builder");
  const script = `const { bundle } = await import(process.argv[1]); await bundle("statement-builder", process.argv[2]);`;
  const options = ["--input-type=module", "--eval", script, join(sources, BUNDLE), bundled];
  if (await succeeds('node "$@"', options)) return join(bundled, "index.mjs");
  throw new Error(`commit ${commit} cannot be bundled any more`);
}

async function succeeds(script: string, args: readonly string[]): Promise<boolean> {
  const shell = spawn("bash", ["-c", `set -o pipefail; ${script}`, "bash", ...args], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const [code] = (await once(shell, "exit")) as [number | null];
  return code === 0;
}
