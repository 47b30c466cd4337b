/** Programs that other people made, to try what we write with: from the PATH, else from Debian. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { debianPackages } from "../../../infra/local/programs/debian-packages.ts";
import { findExecutable, pathFolders } from "../../../infra/local/programs/executables.ts";

const execute = promisify(execFile);

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** What runs it fails with an Error that has its `code` and both outputs. */
export interface Program {
  run(...args: readonly string[]): Promise<Output>;
  /** The same, with the bytes of a file through a pipe: they come once, and from the first on. */
  fed(file: string, ...args: readonly string[]): Promise<Output>;
}

export interface ProgramEnvironment {
  /** What it needs where its package is only unpacked, below `root`. */
  readonly settings?: (root: string) => NodeJS.ProcessEnv;
  /** What it is to have anyway. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * `names` are what the program is called in one release of Debian or another.
 * @throws Error where it is neither here nor to be had.
 */
export async function debianProgram(
  packageName: string,
  names: readonly string[],
  { settings = () => ({}), env: own = {} }: ProgramEnvironment = {},
): Promise<Program> {
  const here = findExecutable(pathFolders(), ...names);
  if (here) return program(here, { ...process.env, ...own });
  const { root, env } = await debianPackages([packageName], console.log);
  const folders = ["usr/bin", "bin"].map((folder) => join(root, folder));
  const installed = findExecutable(folders, ...names);
  if (!installed) throw new Error(`Debian's ${packageName} brought no ${names.join(" or ")}`);
  return program(
    installed,
    root === "/" ? { ...env, ...own } : { ...env, ...settings(root), ...own },
  );
}

export function program(path: string, env: NodeJS.ProcessEnv): Program {
  const options = { env, maxBuffer: 64 * 1024 * 1024 };
  return {
    run: async (...args) => await execute(path, [...args], options),
    fed: async (file, ...args) =>
      await execute("sh", ["-c", 'cat "$0" | "$@"', file, path, ...args], options),
  };
}
