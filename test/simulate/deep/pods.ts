/** The functions as processes of their own, which are killed, paused, started again, and told to end. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FunctionName } from "../../../functions/domain/function-names.ts";
import { freePort } from "../../../infra/local/programs/free-port.ts";
import { startProcess, type ServerProcess } from "../../../infra/local/programs/server-process.ts";
import { isReady } from "../../../infra/local/run/function-processes.ts";

/** Disposing of it kills it, where it has not ended. */
export interface DeepPod extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  start(env: Readonly<Record<string, string>>): void;
  ready(): Promise<void>;
  /** Dies at once, and is there again after a while. */
  kill(ms: number): Promise<void>;
  pause(ms: number): Promise<void>;
  /** SIGTERM; what is wrong with how it ended. */
  end(): Promise<readonly string[]>;
}

export interface DeepPodOptions {
  readonly name: string;
  readonly function: FunctionName;
  readonly folder: string;
  /** How far its clock is ahead, in milliseconds. */
  readonly clockMs: number;
  /** Ended, and nobody had asked for it. */
  readonly onCrash: (how: string) => void;
}

const REPOSITORY = new URL("../../..", import.meta.url);
const CLOCK = new URL("test/support/storm/clock-offset.js", REPOSITORY).href;
const LEFT_BEHIND = new URL("left-behind.ts", import.meta.url).href;
const PUT_MUTANT = new URL("put-mutant.ts", import.meta.url).href;

/** More than a drain takes, on a machine that is busy. */
const END_MS = 60_000;

async function tooLate(): Promise<string> {
  return await sleep(END_MS, "nothing, after a minute", { ref: false });
}

export async function makeDeepPod(options: DeepPodOptions): Promise<DeepPod> {
  const { name, folder, clockMs, onCrash } = options;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(folder, `${name}.log`);
  const preloaded = [CLOCK, LEFT_BEHIND, PUT_MUTANT].map((one) => `--import=${one}`);
  let env: Readonly<Record<string, string>> = {};
  let running: ServerProcess | undefined;
  let isExpected = false;

  function run(): void {
    const begun = startProcess({
      name,
      command: process.execPath,
      args: [...preloaded, join(REPOSITORY.pathname, "functions", options.function, "index.ts")],
      env: { ...env, HOSTNAME: name, PORT: String(port), CLOCK_OFFSET_MS: String(clockMs) },
      logFile,
    });
    running = begun;
    isExpected = false;
    void begun.ended.then((how) => isExpected || onCrash(`${name}: ${how}`));
  }

  function signal(what: NodeJS.Signals): void {
    if (!running) return;
    try {
      process.kill(running.pid, what);
    } catch {
      // It has crashed, which is told already.
    }
  }

  return {
    name,
    port,
    start(given) {
      env = given;
      run();
    },
    ready: async () => await running?.ready(() => isReady(url)),
    async kill(ms) {
      isExpected = true;
      await running?.kill();
      await sleep(ms);
      run();
    },
    async pause(ms) {
      signal("SIGSTOP");
      await sleep(ms);
      signal("SIGCONT");
    },
    async end() {
      isExpected = true;
      if (!running) return [];
      signal("SIGTERM");
      const how = await Promise.race([running.ended, tooLate()]);
      await running.kill();
      running = undefined;
      const log = await readFile(logFile, "utf8");
      const left = /^LEFT BEHIND .*$/m.exec(log)?.[0];
      const unhandled = /"msg":"an error nobody handled"/.test(log);
      return [
        ...(how === "exit code 0" ? [] : [`${name} ended with ${how}: ${left ?? "see its log"}`]),
        ...(unhandled ? [`${name} had an error that nobody handled`] : []),
      ];
    },
    async [Symbol.asyncDispose]() {
      isExpected = true;
      await running?.kill();
    },
  };
}
