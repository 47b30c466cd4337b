/** A server as a child process: started, waited for, and stopped by its own pid. */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";

const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
const TAIL_LINES = 15;

export interface ServerCommand {
  /** For messages: `mariadbd`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Whom it runs as, when not as this process; only root may choose. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Takes both of its output streams. */
  readonly logFile: string;
}

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the process is gone, with how: `SIGKILL`, `exit code 0`. */
  readonly ended: Promise<string>;
  /** Resolves when `probe` says true. @throws ServerExited, or Error after two minutes. */
  ready(probe: () => Promise<boolean>): Promise<void>;
  /** SIGTERM, and SIGKILL when that takes too long. Resolves when the process is gone. */
  stop(): Promise<void>;
  /** SIGKILL. Resolves when the process is gone. */
  kill(): Promise<void>;
}

/** The server ended before it was ready; the message ends with what it said last. */
export class ServerExited extends Error {
  override readonly name = "ServerExited";

  /** Whether another process had taken the port: worth a start on another one. */
  get portTaken(): boolean {
    return /address already in use/i.test(this.message);
  }
}

export function startProcess(server: ServerCommand): ServerProcess {
  const { command, args, guarded } = guard(server);
  const log = openSync(server.logFile, "a");
  const child = spawn(command, args, {
    ...server.user,
    env: server.env ?? process.env,
    stdio: ["ignore", log, log],
    // A group of its own: Ctrl-C reaches the one who started it, who stops things in their order.
    detached: guarded,
  });
  closeSync(log);
  let end: string | undefined;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve((end = error.message)));
    child.once("exit", (code, signal) => resolve((end = signal ?? `exit code ${code}`)));
  });

  return {
    ended,
    get pid() {
      if (child.pid === undefined) throw new Error(`${server.name} did not start: ${String(end)}`);
      return child.pid;
    },
    async ready(probe) {
      const deadline = performance.now() + READY_TIMEOUT_MS;
      while (!(await probe())) {
        if (end !== undefined) throw new ServerExited(await lastWords(server, `ended (${end})`));
        if (performance.now() > deadline) {
          child.kill("SIGKILL");
          throw new Error(await lastWords(server, `not ready after ${READY_TIMEOUT_MS / 1000} s`));
        }
        await Promise.race([sleep(50), ended]);
      }
    },
    async stop() {
      if (end !== undefined) return;
      child.kill("SIGTERM");
      const tooLong = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(tooLong);
    },
    async kill() {
      if (end === undefined) child.kill("SIGKILL");
      await ended;
    },
  };
}

async function lastWords(server: ServerCommand, what: string): Promise<string> {
  const log = await readFile(server.logFile, "utf8").catch(() => "");
  const tail = log.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
  return `${server.name} ${what}; its last lines:\n${tail}`;
}

/** Makes the kernel end the server when this process dies without having stopped it (SIGKILL). */
function guard({ command, args }: ServerCommand) {
  guardWorks ??= spawnSync("setpriv", ["--pdeathsig", "TERM", "true"]).status === 0;
  return guardWorks
    ? { command: "setpriv", args: ["--pdeathsig", "TERM", command, ...args], guarded: true }
    : { command, args: [...args], guarded: false };
}
let guardWorks: boolean | undefined;

const PORT_TRIES = 5;

/** A server on one port, which may end and come back there. */
export interface Server extends AsyncDisposable {
  readonly port: number;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  /** Starts it again after `stop` or `kill`, on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL, as a crash would end it. */
  kill(): Promise<void>;
}

/**
 * Starts a server on the port `wanted`, or on a free one: another one when somebody was quicker.
 * Leaves no process behind when it throws. What it is given back as may be added to, not spread:
 * `pid` is another one after a restart.
 */
export async function startServer(
  commandOn: (port: number) => ServerCommand,
  isReady: (port: number) => Promise<boolean>,
  wanted?: number,
): Promise<Server> {
  for (let tries = 1; ; tries++) {
    const server = serverOn(wanted ?? (await freePort()), commandOn, isReady);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.kill();
      const again = error instanceof ServerExited && error.portTaken && wanted === undefined;
      if (!again || tries === PORT_TRIES) throw error;
    }
  }
}

function serverOn(
  port: number,
  commandOn: (port: number) => ServerCommand,
  isReady: (port: number) => Promise<boolean>,
): Server {
  let process: ServerProcess | undefined;
  const stop = async (): Promise<void> => await process?.stop();
  return {
    port,
    get pid() {
      return process?.pid ?? 0;
    },
    async start() {
      await stop();
      process = startProcess(commandOn(port));
      await process.ready(() => isReady(port));
    },
    stop,
    kill: async () => await process?.kill(),
    [Symbol.asyncDispose]: stop,
  };
}
