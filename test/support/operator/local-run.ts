/** `make demo` and `make run` as a user starts them: a process of its own, known by its output. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { S3Server } from "../servers/s3-server.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

export interface LocalRun extends AsyncDisposable {
  readonly pid: number;
  /** Everything it has said so far. */
  output(): string;
  /** Resolves with the first match in its output. @throws Error with the output when it ends before */
  says(pattern: RegExp, seconds?: number): Promise<RegExpExecArray>;
  /** As Ctrl-C reaches it in a terminal: without a word to `make`, which would only wait. */
  interrupt(): Promise<void>;
  /** Resolves when it is gone: its exit code, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** What the README has a user export for a database and a store of one's own; the database is not there yet. */
export function ownServers(
  database: { readonly url: string },
  store: S3Server,
): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: `${database.url}new-bank`,
    S3_ENDPOINT: store.endpoint,
    AWS_REGION: store.region,
    AWS_ACCESS_KEY_ID: store.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
  };
}

/** On free ports unless `env` says which, with everything it leaves behind in `outDir`. */
export function startLocalRun(
  mode: "demo" | "run",
  outDir: string,
  env: Readonly<Record<string, string>> = {},
): LocalRun {
  const child = spawn("make", [mode], {
    cwd: REPOSITORY,
    env: { ...process.env, OUT_DIR: outDir, PORT_OFFSET: "free", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  let gone = false;
  const ended = once(child, "close").then(([code, signal]) => {
    gone = true;
    return (code ?? signal) as number | NodeJS.Signals;
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("make did not start");
  return {
    pid,
    ended,
    output: () => text,
    async says(pattern, seconds = 60) {
      const deadline = performance.now() + seconds * 1000;
      for (;;) {
        const match = pattern.exec(text);
        if (match) return match;
        if (gone || performance.now() > deadline) throw new Error(`${pattern} not in:\n${text}`);
        await sleep(50);
      }
    },
    async interrupt() {
      const below = await descendantsOf(pid);
      const run = below.find(({ command }) => command.includes("infra/local/run/run.ts"));
      if (run) process.kill(run.pid, "SIGINT");
    },
    async [Symbol.asyncDispose]() {
      if (!gone) child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Every process below this one, with its command line. */
export async function descendantsOf(
  pid: number,
): Promise<readonly { readonly pid: number; readonly command: string }[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const children: number[] = [];
  for (const one of pids) {
    // Processes come and go while the list is read.
    const stat = await readFile(`/proc/${one}/stat`, "utf8").catch(() => "");
    const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
    if (parent === String(pid)) children.push(one);
  }
  const below = await Promise.all(children.map(descendantsOf));
  const commands = await Promise.all(
    children.map(async (one) => ({
      pid: one,
      command: (await readFile(`/proc/${one}/cmdline`, "utf8")).replaceAll("\0", " "),
    })),
  );
  return [...commands, ...below.flat()];
}
