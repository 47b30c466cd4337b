/** The shipped builder as the process it is in production: wake-up event in, record executed out. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { basename, join } from "node:path";
import { offerEvent } from "../../../functions/domain/events/statement-event.ts";
import { TRANSACTIONS_FILE, type PeriodBasis } from "../../../functions/domain/manifest.ts";
import { recordName } from "../../../functions/domain/record-name.ts";
import { recordRequest, type PendingRequest } from "../../../functions/domain/statement-request.ts";
import { toBinaryMessage } from "../../../functions/platform/cloudevents/cloudevent-binary.ts";
import {
  makeConfigMapLedger,
  type Ledger,
} from "../../../functions/platform/ledger/configmap-ledger.ts";
import { freePort } from "../../../infra/local/programs/free-port.ts";
import { isReady } from "../../../infra/local/run/function-processes.ts";
import { startProcess, type ServerProcess } from "../../../infra/local/programs/server-process.ts";
import type { Candidate } from "../bench.ts";
import { NAMESPACE, type Stage } from "../stage.ts";
import { csvSha256 } from "./shell.ts";
import { PERIOD } from "./statement-sql.ts";

/** The builder without a bundle, for whoever wants to read its names. */
export const SOURCE = join(import.meta.dirname, "../../../functions/statement-builder/index.ts");

export interface RunningBuilder extends AsyncDisposable {
  readonly process: ServerProcess;
  /** Resolves when the builder has answered 204. */
  offer(request: PendingRequest): Promise<void>;
}

export interface BuilderOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Of Node, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
  /** When not the shipped one. */
  readonly entry?: string;
}

let started = 0;

export async function startBuilder(
  stage: Stage,
  { env, nodeOptions = [], entry }: BuilderOptions = {},
): Promise<RunningBuilder> {
  const { shipped } = stage;
  const port = await freePort();
  const logFile = join(stage.folder, `statement-builder-${++started}.log`);
  const process = startProcess({
    name: "statement-builder",
    command: globalThis.process.execPath,
    args: [...nodeOptions, entry ?? shipped.entry],
    env: {
      PATH: globalThis.process.env["PATH"],
      ...shipped.env,
      ...stage.sink.env,
      DATABASE_URL: stage.bank.databaseUrl,
      KUBECONFIG: stage.kubeconfig,
      LEDGER_NAMESPACE: NAMESPACE,
      K_SINK: `${stage.sink.url}/-/events`,
      IDENTITY: "none",
      PORT: String(port),
      METRICS_PORT: "0",
      ...env,
    },
    logFile,
  });
  const url = `http://127.0.0.1:${port}`;
  await process.ready(async () => await isReady(url));
  return {
    process,
    offer: async (request) => await offer(url, request),
    [Symbol.asyncDispose]: () => process.stop(),
  };
}

async function offer(url: string, request: PendingRequest): Promise<void> {
  const { headers, body } = toBinaryMessage(offerEvent(request, "pending-scanner", Date.now()));
  // Not fetch, which gives up after five minutes: a build may take nine.
  const sent = httpRequest(url, { method: "POST", headers }).end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.resume();
  if (answer.statusCode !== 204) throw new Error(`the builder answered ${answer.statusCode}`);
}

// --- requests ----------------------------------------------------------------------------------

let lastTime = 0;

/** A new record of the customer's whole period, as intake would have written it. */
async function recordStatement(
  ledger: Ledger,
  customerId: string,
  options: Readonly<Record<string, unknown>> = {},
  basis: PeriodBasis = "posted_at",
): Promise<PendingRequest> {
  const time = (lastTime = Math.max(Date.now(), lastTime + 1));
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
  const request = recordRequest({
    ...PERIOD,
    basis,
    name: recordName(customerId, time, sha256),
    customerId,
    options,
    event: { source: "/bench", id: String(time), type: "bench", time },
    recordedAt: time,
  });
  if ((await ledger.create(request)) !== "created") throw new Error("the record was there already");
  return request;
}

function stageLedger(stage: Stage): Ledger {
  return makeConfigMapLedger({ namespace: NAMESPACE, kubeconfig: stage.kubeconfig });
}

// --- as a candidate ----------------------------------------------------------------------------

export interface BuilderCandidate {
  readonly name: string;
  readonly stage: Stage;
  readonly builder: RunningBuilder;
  readonly customerId: string;
  /** Those of the installation unless given. */
  readonly formats?: readonly string[];
  /** Of its period; `posted_at` unless given. */
  readonly basis?: PeriodBasis;
  /** What its `transactions.csv` must be. */
  readonly expected: { readonly rows: number; readonly sha256: string };
}

/** Its warm-up unzips the object and compares the CSV; every round looks at the record. */
export function builderCandidate(options: BuilderCandidate): Candidate {
  const { stage, builder, customerId, expected, formats, basis } = options;
  const ledger = stageLedger(stage);
  let request: PendingRequest;
  let keptIn: string | undefined;
  return {
    name: options.name,
    servers: () => ({
      builder: builder.process.pid,
      mariadbd: stage.bank.pid,
      sink: stage.sink.process.pid,
      "ledger API": stage.ledgerApi.pid,
    }),
    memoryOf: ["builder"],
    async prepare({ warmUp }) {
      request = await recordStatement(ledger, customerId, formats && { formats }, basis);
      keptIn = warmUp ? await mkdtemp(join(stage.folder, "kept-")) : undefined;
      await stage.sink.keepIn(keptIn);
    },
    async run() {
      await builder.offer(request);
      return {};
    },
    async check() {
      const executed = (await ledger.read(request.facts.name))?.request;
      if (executed?.status !== "executed") throw new Error(`it is ${executed?.status ?? "gone"}`);
      if (executed.rows !== expected.rows) throw new Error(`it has ${executed.rows} rows`);
      if (keptIn !== undefined) {
        const file = join(keptIn, basename(executed.object.key));
        await checkZip(stage, file, { zip: executed.sha256, csv: expected.sha256 });
        await rm(keptIn, { recursive: true });
      }
      return { zipBytes: executed.bytes, rows: executed.rows };
    },
  };
}

async function checkZip(
  stage: Stage,
  file: string,
  expected: { readonly zip: string; readonly csv: string },
): Promise<void> {
  const hash = createHash("sha256").update(await readFile(file));
  if (hash.digest("hex") !== expected.zip) throw new Error("the zip is not the one of the record");
  if ((await csvSha256(stage, file, TRANSACTIONS_FILE)) !== expected.csv) {
    throw new Error("its transactions.csv is not the one that SQL writes");
  }
}
