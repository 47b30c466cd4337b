/** Servers that come as Go modules are built once into the cache folder. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onceInCache } from "./cache-folder.ts";
import { findExecutable, pathFolders } from "./executables.ts";

export interface GoProgram {
  /** The name of the program: `versitygw`. */
  readonly name: string;
  /** Part of the name of the cached folder: another version is another build. */
  readonly version: string;
  /** Arguments of `go` that leave the program in `folder` under its name. */
  readonly build: (folder: string) => readonly string[];
  /** Where to run `go`; default: in the new folder itself. */
  readonly cwd?: string;
  /** Folders to look for the program in, before the PATH. */
  readonly folders?: readonly string[];
  /** How long that takes, for whoever waits: `3 minutes`. */
  readonly takes: string;
}

/** The path of the program. @throws Error that says the next step. */
export async function goProgram(program: GoProgram): Promise<string> {
  const { name, version, folders = [] } = program;
  const found = findExecutable([...folders, ...pathFolders()], name);
  if (found) return found;
  const folder = await onceInCache(`${name}-${version}`, async (making) => {
    process.stderr.write(`building ${name} ${version} (once, about ${program.takes}) …\n`);
    await go(program, making);
  });
  return join(folder, name);
}

async function go(program: GoProgram, folder: string): Promise<void> {
  const { name, version } = program;
  const command = findExecutable([...pathFolders(), "/usr/local/go/bin"], "go");
  if (command === undefined) {
    throw new Error(
      `The tests need ${name} ${version}, and there is no Go to build it. ` +
        `Next step: install Go 1.26 or newer (go.dev/dl), or put ${name} on the PATH.`,
    );
  }
  const build = spawn(command, program.build(folder), {
    cwd: program.cwd ?? folder,
    env: { ...process.env, GOBIN: folder, CGO_ENABLED: "0", GOFLAGS: "-trimpath -buildvcs=false" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [build.stdout, build.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const [code] = (await once(build, "close")) as [number | null];
  if (code !== 0) {
    throw new Error(
      `go could not build ${name} ${version}. Next step: see what it said, or put ${name} ` +
        `on the PATH.\n${output.trimEnd().split("\n").slice(-20).join("\n")}`,
    );
  }
}
