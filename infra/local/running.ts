/**
 * Who uses a folder of the local run: one `make run`, `make demo` or `make seed` at a time; a run says there where
 * its parts are reached. The operator's tool and `make seed` read that, so that nobody has to guess ports.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Mode } from "./settings.ts";

export interface Running {
  readonly mode: Mode | "seed";
  readonly pid: number;
  /** When the process began, as the kernel counts: a number alone may be somebody else's by now. */
  readonly began: string;
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
  tell(where: Pick<Running, "environment" | "pageUrl" | "bankOwnerUrl">): Promise<void>;
}

const fileOf = (outDir: string): string => join(outDir, "state", "running.json");

/** What is left behind may be cleared by one that starts at the same time; then it is looked at again. */
const TRIES = 5;

/** Given back when it is disposed of, or when this process is gone. @throws Error that says who has the folder */
export async function claimFolder(
  outDir: string,
  mode: Running["mode"],
  logDir: string,
): Promise<Claim> {
  const file = fileOf(outDir);
  const { pid } = process;
  const mine: Running = { mode, pid, began: beganAt(pid) ?? "", environment: {}, logDir };
  await mkdir(join(outDir, "state"), { recursive: true }).catch((cause: unknown) => {
    throw notWritable(outDir, cause);
  });
  for (let tries = 1; ; tries++) {
    try {
      await writeWhole(file, mine, link);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw notWritable(outDir, error);
    }
    const text = await readFile(file, "utf8").catch(() => "");
    const other = parse(text);
    if (other && isThere(other)) throw new Error(inUse(outDir, other, mode));
    if (tries === TRIES) throw new Error(`${file} comes back: another one starts in ${outDir} now`);
    await clear(file, text);
  }
  return {
    async tell({ environment, pageUrl, bankOwnerUrl }) {
      await writeWhole(file, { ...mine, environment, pageUrl, bankOwnerUrl }, rename);
    },
    [Symbol.asyncDispose]: async () => await rm(file, { force: true }),
  };
}

/** Nobody ever reads a part of it. @param into gives it its name */
async function writeWhole(
  file: string,
  running: Running,
  into: (from: string, to: string) => Promise<void>,
): Promise<void> {
  const part = `${file}.${randomUUID()}`;
  try {
    // It names a database with its password.
    await writeFile(part, JSON.stringify(running), { flag: "wx", mode: 0o600 });
    await into(part, file);
  } finally {
    await rm(part, { force: true });
  }
}

/** Takes away what was left behind. Where that is another's claim by now, it stays. */
async function clear(file: string, left: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  const isMoved = await rename(file, aside).then(
    () => true,
    () => false,
  );
  if (!isMoved) return;
  if ((await readFile(aside, "utf8")) !== left) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

function notWritable(outDir: string, cause: unknown): Error {
  const { code = "" } = cause as NodeJS.ErrnoException;
  const next = "Name a folder of your own: OUT_DIR=/tmp/out";
  return new Error(`${outDir} cannot be written (${code}), where all that is made goes. ${next}`, {
    cause,
  });
}

function inUse(outDir: string, other: Running, mode: Running["mode"]): string {
  const where = other.pageUrl === undefined ? "" : `, ${other.pageUrl}`;
  const held = `\`make ${other.mode}\` (process ${other.pid}${where}) uses ${outDir} already.`;
  if (mode !== "seed")
    return `${held} Stop it, or start a second one beside it: OUT_DIR=out2 PORT_OFFSET=1000 make ${mode}`;
  if (other.mode !== "run") return `${held} Seed when it has ended`;
  return isUp(other)
    ? `${held} Its bank is your own: name it here too, with DATABASE_URL`
    : `${held} Seed when it is up`;
}

/** What is up in the folder; undefined where nothing is. */
export function runningIn(outDir: string): Running | undefined {
  try {
    const running = parse(readFileSync(fileOf(outDir), "utf8"));
    return running && isUp(running) && isThere(running) ? running : undefined;
  } catch {
    return undefined;
  }
}

const isUp = ({ environment }: Running): boolean => Object.keys(environment).length > 0;

/** undefined for what is none. */
function parse(text: string): Running | undefined {
  try {
    return JSON.parse(text) as Running;
  } catch {
    return undefined;
  }
}

const isThere = ({ pid, began }: Running): boolean => beganAt(pid) === began;

/** undefined where there is no such process, or only what nobody has taken note of yet. */
function beganAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in front, in brackets, may hold anything.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : fields[18];
  } catch {
    return undefined;
  }
}
