/** The whole pipeline over the marked bank, with everything that comes out of it kept to be searched. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventType } from "../../../functions/domain/events/event-types.ts";
import { startEventSink, type SentEvent } from "../functions/event-sink.ts";
import { startHttpFaultProxy, type HttpFaultProxy } from "../wire/http-fault-proxy.ts";
import { MARKED_BANK } from "./marked-bank.ts";
import { SENT_MARKS, SERVER_MARKS } from "./marked-data.ts";
import { startOtlpCollector } from "../servers/otlp-collector.ts";
import { startPipeline, type Pipeline } from "../functions/pipeline.ts";
import { requested } from "../functions/requested.ts";
import { makeTool, operatorEnvironment } from "../operator/statements-tool.ts";

export const FUNCTIONS = ["request-intake", "pending-scanner", "statement-builder"] as const;

export interface MarkedPipeline extends AsyncDisposable, Outputs {
  readonly pipeline: Pipeline;
  /** In front of S3, for the functions. */
  readonly store: HttpFaultProxy;
  /** Of this test alone. */
  readonly folder: string;
  /** Posts to intake, and keeps the answer: `200 {"specversion":…`. */
  post(path: string, init: RequestInit): Promise<string>;
  /** Asks with everything around the event that a sender may add; answers the record's name. */
  ask(data: object): Promise<string>;
  /** Runs the operator's tool; answers its exit code. */
  tool(...args: readonly string[]): Promise<number>;
}

interface Outputs {
  /** Whatever was sent to the Broker. */
  readonly events: readonly SentEvent[];
  /** Spans as the collector of traces gets them. */
  readonly spans: readonly string[];
  /** Heads and bodies of a function's answers. */
  readonly answers: string[];
  /** What the tool wrote, of each run. */
  readonly printed: readonly string[];
  /** One of each function. */
  readonly logFiles: readonly string[];
  /** Where the functions would put temporary files. */
  readonly temporary: string;
}

export async function startMarkedPipeline(): Promise<MarkedPipeline> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "marked-pipeline-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const temporary = join(folder, "temporary");
  await mkdir(temporary);
  const options = { LOG_LEVEL: "trace", MAX_FAILURES: "2", OVERSIZED_ROWS: "5", TMPDIR: temporary };
  const bank = { customers: 1, rows: 300, seed: 1 };
  const pipeline = opened.use(await startPipeline({ bank, env: options }));
  await pipeline.mariaDb.execute(MARKED_BANK);
  const store = opened.use(await startHttpFaultProxy({ url: pipeline.s3.endpoint }));
  const { K_SINK: broker = "" } = pipeline.router.environmentOf("request-intake");
  const sink = opened.use(await startEventSink(passOnTo(broker)));
  const collector = opened.use(await startOtlpCollector());
  const env = {
    K_SINK: sink.url,
    S3_ENDPOINT: store.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_BSP_SCHEDULE_DELAY: "200",
  };
  const logFiles: string[] = [];
  for (const name of FUNCTIONS) logFiles.push((await pipeline.start(name, { env })).logFile);
  const answers: string[] = [];
  const printed: string[] = [];
  const intake = pipeline.urlOf("request-intake");
  const run = makeTool(operatorEnvironment(pipeline));

  async function post(path: string, init: RequestInit): Promise<string> {
    const answered = await fetch(new URL(path, intake), init);
    const { status, headers } = answered;
    const text = await answered.text();
    answers.push(JSON.stringify([status, ...headers, text]));
    return `${status} ${text}`;
  }

  const closing = opened.move();
  return {
    pipeline,
    store,
    folder,
    temporary,
    answers,
    printed,
    logFiles,
    post,
    events: sink.events,
    spans: collector.bodies,
    async ask(data) {
      const event = requested(data);
      const headers = { ...event.headers, ...AROUND_THE_EVENT };
      const told = await post(`/?name=${SENT_MARKS.query}`, { ...event, headers });
      const name = /"request_id":"([^"]+)"/.exec(told)?.[1];
      if (!told.startsWith("200 ") || !name) throw new Error(told);
      return name;
    },
    async tool(...args) {
      const { code, stdout, stderr } = await run(...args);
      printed.push(`$ statements ${args.join(" ")}\n${stdout}${stderr}`);
      return code;
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

const AROUND_THE_EVENT = {
  "ce-customername": SENT_MARKS.extension,
  authorization: `Bearer ${SENT_MARKS.token}`,
  cookie: `session=${SENT_MARKS.header}`,
  "user-agent": SENT_MARKS.header,
};

/** In front of a Broker; of the outcomes the first is refused. */
function passOnTo(broker: string) {
  let outcomes = 0;
  return async ({ headers, body }: SentEvent, response: ServerResponse): Promise<void> => {
    if (headers["ce-type"] === eventType("executed") && outcomes++ === 0) {
      response.writeHead(500, { "x-says": SERVER_MARKS.sink }).end(SERVER_MARKS.sink);
      return;
    }
    const attributes = Object.entries(headers).filter(([name]) =>
      /^(ce-|content-type|traceparent)/.test(name),
    );
    const passed = await fetch(broker, {
      method: "POST",
      headers: attributes.map(([name, value]): [string, string] => [name, String(value)]),
      body,
    });
    response.writeHead(passed.status).end(await passed.text());
  };
}
