/** What all candidates share: the bank, the sink, a ledger and the tools; each a process of its own. */
import { mkdtemp, rm, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TOKEN } from "../support/servers/local-kubernetes-api-process.ts";
import { localKubeconfig } from "../../infra/local/cluster/kubeconfig.ts";
import { ensureNamespace } from "../../infra/local/cluster/ledger-api.ts";
import { startProcess, type ServerProcess } from "../../infra/local/programs/server-process.ts";
import { openBank, openTextBank, type BenchBank } from "./bank/bank.ts";
import { shippedBuilder, type ShippedBuilder } from "./candidates/shipped-builder.ts";
import { benchTools } from "./tools.ts";

export const NAMESPACE = "transaction-requests";
const BUCKET = "bench";

export interface Stage extends AsyncDisposable {
  readonly bank: BenchBank;
  readonly ledgerApi: ServerProcess;
  readonly kubeconfig: string;
  readonly sink: Sink;
  readonly shipped: ShippedBuilder;
  /** Environment in which mariadb, zip, unzip and curl are found. */
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
}

export interface Sink {
  readonly process: ServerProcess;
  /** Without a slash at its end. */
  readonly url: string;
  readonly bucket: string;
  /** Of statement-builder, and of any AWS program. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on objects are files of the folder; with undefined, nothing any more. */
  keepIn(folder: string | undefined): Promise<void>;
}

/** For `context.shared`. */
export async function openStage(quick: boolean): Promise<Stage> {
  return await openStageOf(quick, openBank);
}

/** The same, in a bank of long texts. */
export async function openTextStage(quick: boolean): Promise<Stage> {
  return await openStageOf(quick, openTextBank);
}

async function openStageOf(
  quick: boolean,
  open: (quick: boolean) => Promise<BenchBank>,
): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const env = await benchTools();
  const folder = await mkdtemp(join(tmpdir(), "bench-stage-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const bank = opened.use(await open(quick));
  const sink = await startSink(folder, opened);
  const api = await startPrinting("local-kubernetes-api", folder, [
    join(import.meta.dirname, "../support/servers/local-kubernetes-api-process.ts"),
    join(folder, "ledger.json"),
  ]);
  opened.defer(() => api.process.stop());
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, localKubeconfig(api.url, TOKEN));
  await ensureNamespace(kubeconfig, NAMESPACE);
  const shipped = await shippedBuilder(join(folder, "statement-builder"));
  const closing = opened.move();
  return {
    bank,
    sink,
    env,
    folder,
    kubeconfig,
    shipped,
    ledgerApi: api.process,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

async function startSink(folder: string, opened: AsyncDisposableStack): Promise<Sink> {
  const { process, url } = await startPrinting("sink", folder, [
    join(import.meta.dirname, "sink.ts"),
  ]);
  opened.defer(() => process.stop());
  return {
    process,
    url,
    bucket: BUCKET,
    env: {
      S3_ENDPOINT: url,
      S3_BUCKET: BUCKET,
      S3_FORCE_PATH_STYLE: "true",
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "bench",
      AWS_SECRET_ACCESS_KEY: "bench-only",
      AWS_SESSION_TOKEN: "",
    },
    async keepIn(into) {
      const answer = await fetch(`${url}/-/keep`, { method: "POST", body: into ?? "" });
      if (answer.status !== 204) throw new Error(`the sink answered ${answer.status}`);
    },
  };
}

/** A Node process that prints its address as its first line. */
async function startPrinting(name: string, folder: string, args: readonly string[]) {
  const logFile = join(folder, `${name}.log`);
  const process = startProcess({ name, command: globalThis.process.execPath, args, logFile });
  let url = "";
  await process.ready(async () => {
    url = /^http:\S+$/m.exec(await readFile(logFile, "utf8"))?.[0] ?? "";
    return url !== "";
  });
  return { process, url };
}
