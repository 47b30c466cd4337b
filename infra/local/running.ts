/**
 * Who uses a folder of the local run: one `make run` or `make demo` at a time, which says there where its
 * parts are reached. The operator's tool and `make seed` read that, so that nobody has to guess ports.
 */
import { readFileSync } from "node:fs";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Mode } from "./settings.ts";

export interface Running {
  readonly mode: Mode;
  readonly pid: number;
  /** What a process needs to speak to all its parts, by the names of the functions' variables; empty until they are up. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of the functions' logs. */
  readonly logDir: string;
  readonly pageUrl?: string | undefined;
  /** For whoever fills the private bank; undefined where the bank is somebody's own. */
  readonly bankOwnerUrl?: string | undefined;
}

export interface Claim extends AsyncDisposable {
  /** Its parts are up. */
  tell(where: Omit<Running, "mode" | "pid" | "logDir">): Promise<void>;
}

const fileOf = (outDir: string): string => join(outDir, "state", "running.json");

/** Given back when it is disposed of, or when this process is gone. @throws Error that says who has the folder */
export async function claimFolder(outDir: string, mode: Mode, logDir: string): Promise<Claim> {
  const file = fileOf(outDir);
  const mine: Running = { mode, pid: process.pid, environment: {}, logDir };
  await mkdir(join(outDir, "state"), { recursive: true }).catch((cause: unknown) => {
    throw notWritable(outDir, cause);
  });
  // It names a database with its password.
  for (let mayRepeat = true; ; mayRepeat = false) {
    try {
      await using created = await open(file, "wx", 0o600);
      await created.writeFile(JSON.stringify(mine));
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw notWritable(outDir, error);
    }
    const other = parse(await readFile(file, "utf8").catch(() => ""));
    if (other && (await isThere(other))) throw new Error(inUse(outDir, other));
    if (!mayRepeat) throw new Error(`${file} comes back: another one starts in ${outDir} just now`);
    await rm(file, { force: true });
  }
  return {
    async tell({ environment, pageUrl, bankOwnerUrl }) {
      const all: Running = { ...mine, environment, pageUrl, bankOwnerUrl };
      await writeFile(file, JSON.stringify(all));
    },
    [Symbol.asyncDispose]: async () => await rm(file, { force: true }),
  };
}

function notWritable(outDir: string, cause: unknown): Error {
  const { code = "" } = cause as NodeJS.ErrnoException;
  const next = "Name a folder of your own: OUT_DIR=/tmp/out";
  return new Error(`${outDir} cannot be written (${code}), where all that is made goes. ${next}`, {
    cause,
  });
}

function inUse(outDir: string, { mode, pid, pageUrl }: Running): string {
  const where = pageUrl === undefined ? "" : `, ${pageUrl}`;
  return (
    `\`make ${mode}\` (process ${pid}${where}) uses ${outDir} already. Stop it, or start a second one ` +
    `beside it: OUT_DIR=out2 PORT_OFFSET=1000 make ${mode}`
  );
}

/** What is up in the folder; undefined where nothing is. */
export function runningIn(outDir: string): Running | undefined {
  try {
    const running = parse(readFileSync(fileOf(outDir), "utf8"));
    return running && Object.keys(running.environment).length > 0 ? running : undefined;
  } catch {
    return undefined;
  }
}

/** undefined for what a crash has left half written. */
function parse(text: string): Running | undefined {
  try {
    return JSON.parse(text) as Running;
  } catch {
    return undefined;
  }
}

/** A number alone proves nothing: after a reboot it may be somebody else's. */
async function isThere({ pid }: Running): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.includes("run/run.ts");
}
