import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface DoomedProcess extends AsyncDisposable {
  /** What it wrote first. */
  readonly firstLine: string;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Runs a module of this folder in a process of its own until it has written a line. */
export async function startDoomed(module: string, ...args: string[]): Promise<DoomedProcess> {
  const path = new URL(module, import.meta.url).pathname;
  const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  const line = once(createInterface(child.stdout), "line") as Promise<[string]>;
  const first = await Promise.race([line, exited.then(() => undefined)]);
  if (first === undefined) throw new Error(`${module} ended before it was ready`);
  return { firstLine: first[0], kill, [Symbol.asyncDispose]: kill };
}
