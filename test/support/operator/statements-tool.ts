/** The operator's tool, called in this process: what it wrote where, and how it ended. */
import { PassThrough } from "node:stream";
import { runStatements } from "../../../infra/operator/run.ts";
import type { Pipeline } from "../functions/pipeline.ts";

export interface ToolRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Tool = (...args: readonly string[]) => Promise<ToolRun>;

/** With every right there is. */
export function operatorEnvironment(pipeline: Pipeline): Readonly<Record<string, string>> {
  return {
    ...pipeline.s3.env,
    KUBECONFIG: pipeline.kube.kubeconfig,
    LEDGER_NAMESPACE: pipeline.namespace,
    INTAKE_URL: pipeline.urlOf("request-intake"),
    DATABASE_URL: pipeline.mariaDb.databaseUrl,
  };
}

export function makeTool(
  env: Readonly<Record<string, string>>,
  signal = new AbortController().signal,
  onResult: (text: string) => void = () => undefined,
): Tool {
  return async (...args) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    stdout.on("data", (chunk) => onResult(String(chunk)));
    const texts = Promise.all([textOf(stdout), textOf(stderr)]);
    const code = await runStatements(args, env, { stdout, stderr, signal });
    stdout.end();
    stderr.end();
    const [out, err] = await texts;
    return { code, stdout: out, stderr: err };
  };
}

async function textOf(stream: PassThrough): Promise<string> {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk as string;
  return text;
}
