/** `make deploy`, `status` and `undeploy`, as a process of their own. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const MAIN = new URL("../../../infra/kubernetes/deploy/main.ts", import.meta.url).pathname;

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function make(
  command: string,
  kubeconfig: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  // kubectl keeps its cache in the home folder, and without one in this folder.
  const { PATH, HOME } = process.env;
  const all = { PATH, HOME, KUBECONFIG: kubeconfig, ...env };
  return await run("node", [MAIN, command], { env: all }).then(
    (done) => ({ code: 0, ...done }),
    (error: unknown) => error as Ended,
  );
}
