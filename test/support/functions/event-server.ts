/** A CloudEvents server of a test's own, on a free port of this machine, with its log lines kept. */
import {
  startCloudEventServer,
  type CloudEventServerOptions,
} from "../../../functions/platform/server/cloudevent-server.ts";
import { makeLog, type Log } from "../../../functions/platform/telemetry/log.ts";

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

export function makeTestLog(): { readonly log: Log; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const destination = {
    write(line: string) {
      lines.push(JSON.parse(line) as LogLine);
    },
  };
  return { log: makeLog({ name: "request-intake", level: "debug" }, destination), lines };
}

export interface TestEventServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly lines: LogLine[];
  drain(ms: number): Promise<void>;
}

type Settings = Pick<CloudEventServerOptions, "routes"> & Partial<CloudEventServerOptions>;

export async function startEventServer(settings: Settings): Promise<TestEventServer> {
  const { log, lines } = makeTestLog();
  const server = await startCloudEventServer({
    log,
    port: 0,
    host: "127.0.0.1",
    ready: () => Promise.resolve(),
    maxBodyBytes: 65_536,
    maxInFlight: 32,
    deadlineMs: 30_000,
    ...settings,
  });
  let drained: Promise<void> | undefined;
  const drain = (ms: number): Promise<void> => (drained ??= server.drain(ms));
  return {
    url: `http://127.0.0.1:${server.port}/`,
    port: server.port,
    lines,
    drain,
    [Symbol.asyncDispose]: () => drain(0),
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** The body as JSON when there is one. */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<Reply> {
  const response = await fetch(url, { method: "POST", headers, body });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : (JSON.parse(text) as unknown),
  };
}

/** Attributes as `ce-` headers, data as the body. */
export async function postBinary(
  url: string,
  attributes: Readonly<Record<string, string>>,
  data: unknown,
): Promise<Reply> {
  const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value] as const);
  const json = { "content-type": "application/json" };
  return await post(url, { ...json, ...Object.fromEntries(headers) }, JSON.stringify(data));
}

export async function postStructured(
  url: string,
  event: unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const headers = { "content-type": "application/cloudevents+json", ...more };
  return await post(url, headers, JSON.stringify(event));
}

export async function postBatch(url: string, events: readonly unknown[]): Promise<Reply> {
  const headers = { "content-type": "application/cloudevents-batch+json" };
  return await post(url, headers, JSON.stringify(events));
}
