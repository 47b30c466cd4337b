/** The functions as real processes, told everything by their environment. */
import { join } from "node:path";
import type { ProgramName } from "../../../functions/domain/function-names.ts";
import { startProcess, type ServerProcess } from "../programs/server-process.ts";

const FUNCTIONS = join(import.meta.dirname, "../../../functions");

export interface FunctionProcess extends ServerProcess {
  readonly name: ProgramName;
  readonly logFile: string;
}

export interface FunctionLaunch {
  readonly name: ProgramName;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly logDir: string;
}

/** Resolves when it is ready for events. @throws Error with its last log lines. */
export async function startFunction(launch: FunctionLaunch): Promise<FunctionProcess> {
  const { name, port, env, logDir } = launch;
  const logFile = join(logDir, `${name}.log`);
  const told = { ...globalThis.process.env, ...env };
  const process = startProcess({
    name,
    command: globalThis.process.execPath,
    args: [join(FUNCTIONS, name, "index.ts")],
    env: {
      // Whoever is on this machine may send, unless an issuer says who is who.
      ...(told["OIDC_ISSUER"] ? {} : { IDENTITY: "none" }),
      ...told,
      PORT: String(port),
      METRICS_PORT: "0",
      HOST: "127.0.0.1",
    },
    logFile,
  });
  try {
    await process.ready(() => isReady(`http://127.0.0.1:${port}`));
  } catch (error) {
    await process.kill();
    throw error;
  }
  return Object.assign(process, { name, logFile });
}

/** Whether the function at `url` says that it can do its work. */
export async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/readiness`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
