import { readFile, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_EVERY_MS = 500;
const LAST_LINES = 8;

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile?: string;
}

export interface ChildEnd {
  readonly kind: "child";
  /** Which one, and the last it said. */
  readonly message: string;
}

/** Resolves when the first of the processes is gone. */
export async function untilChildEnds(children: readonly Child[]): Promise<ChildEnd> {
  for (;;) {
    const gone = children.find(({ pid }) => !isRunning(pid));
    if (gone) return { kind: "child", message: await lastWords(gone) };
    await sleep(LOOK_EVERY_MS, undefined, { ref: false });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function lastWords({ name, logFile }: Child): Promise<string> {
  const log = logFile === undefined ? "" : await readFile(logFile, "utf8").catch(() => "");
  const lines = log.trimEnd().split("\n").slice(-LAST_LINES);
  if (logFile !== undefined && (await isFull(dirname(logFile))))
    return `${name} ended by itself, as nothing can be written: the disk of ${dirname(logFile)} is full. Make room there, then start again`;
  return [`${name} ended by itself; its last lines:`, ...lines].join("\n  ");
}

/** Why is not in its log: that cannot be written either. */
async function isFull(folder: string): Promise<boolean> {
  return await statfs(folder).then(
    ({ bavail }) => bavail === 0,
    () => false,
  );
}
