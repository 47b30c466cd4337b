/** The samples for upstream teams, run as they would run them. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { EVENT_NAMES, eventType } from "../../functions/domain/events/event-types.ts";
import { isOnPath } from "../../infra/local/programs/executables.ts";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { startFunction } from "../../infra/local/run/function-processes.ts";
import { eventingObject } from "../../infra/local/cluster/router/manifest-schema.ts";
import { startEventSink } from "../support/functions/event-sink.ts";
import { olderNode, type OlderNode } from "../support/programs/older-node.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";

const SAMPLES = join(import.meta.dirname, "../../infra/clients/samples");

/** Each in a language, by the program that runs it; where that takes long, compiled once. */
const LANGUAGES = {
  node: () => [join(older.folder, "node"), join(SAMPLES, "request.mjs")],
  python3: () => ["python3", join(SAMPLES, "request.py")],
  go: () => [join(folder, "request")],
  javac: () => ["java", "-cp", folder, "Request"],
} as const;
type Language = keyof typeof LANGUAGES;

// In CI they are there, and one that is not fails; elsewhere its sample is told to have not been run.
const all = Object.keys(LANGUAGES) as Language[];
const missing = process.env["CI"] ? [] : all.filter((language) => !isOnPath(language));
const languages = all.filter((language) => !missing.includes(language));

let opened: AsyncDisposableStack;
let ledger: LocalLedger;
let url: string;
let folder: string;
let older: OlderNode;

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  ledger = opened.use(await startLocalLedger());
  older = opened.use(await olderNode());
  const sink = opened.use(await startEventSink());
  folder = await mkdtemp(join(tmpdir(), "samples-"));
  opened.defer(() => rm(folder, { recursive: true }));
  const port = await freePort();
  const env = { KUBECONFIG: ledger.kubeconfig, K_SINK: sink.url };
  const intake = await startFunction({ name: "request-intake", port, logDir: folder, env });
  opened.defer(() => intake.stop());
  url = `http://127.0.0.1:${port}/`;
  const compilers = {
    go: ["build", "-o", join(folder, "request"), join(SAMPLES, "request.go")],
    javac: ["-d", folder, join(SAMPLES, "Request.java")],
  };
  const compiled = Object.entries(compilers).filter(
    ([name]) => !missing.includes(name as Language),
  );
  await Promise.all(compiled.map(([name, args]) => promisify(execFile)(name, args)));
}, 120_000);
afterAll(async () => await opened.disposeAsync());

async function run(sample: string, to = url, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const [program = "", ...args] =
    sample in LANGUAGES ? LANGUAGES[sample as Language]() : ["sh", join(SAMPLES, sample)];
  const options = { env: { ...process.env, ...env } };
  return (await promisify(execFile)(program, [...args, to], options)).stdout;
}

/** What a run of the sample has added to the ledger. */
async function asked(sample: string) {
  const before = (await ledger.configMaps()).map(({ metadata }) => metadata?.name);
  const answer = await run(sample);
  const records = (await ledger.configMaps()).filter((one) => !before.includes(one.metadata?.name));
  const requests = records.map(({ data }) => [
    data?.["customer_id"],
    data?.["start_date"],
    data?.["end_date"],
    data?.["time_zone"],
  ]);
  return { answer, requests, names: records.map(({ metadata }) => metadata?.name) };
}

it.each([
  ["binary.sh", ["customer-000001", "2025-01-01", "2025-12-31", "Europe/Berlin"]],
  ["structured.sh", ["customer-000002", "2025-07-01", "2025-09-30", "UTC"]],
])("%s records one request and shows its name", async (sample, request) => {
  const { answer, requests, names } = await asked(sample);
  expect(requests).toEqual([request]);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toContain(`ce-subject: ${String(names[0])}\r\n`);
});

it("batch.sh records two requests", async () => {
  const { answer, requests } = await asked("batch.sh");
  expect(answer).toMatch(/^HTTP\/1\.1 202 Accepted\r\n/);
  expect(requests.toSorted()).toEqual([
    ["customer-000003", "2025-01-01", "2025-06-30", "UTC"],
    ["customer-000004", "2025-01-01", "2025-06-30", "UTC"],
  ]);
});

it.each(["binary.sh", "structured.sh", "batch.sh"])(
  "%s repeats the same event after a 503, with the token it was given",
  async (sample) => {
    let asks = 0;
    await using busy = await startEventSink((_event, response) => {
      response.writeHead(++asks === 1 ? 503 : 202).end();
    });
    await run(sample, busy.url, { INTAKE_TOKEN: "a.b.c" });
    const [first, second, ...more] = busy.events;
    expect(more).toEqual([]);
    expect(second).toEqual(first);
    expect(first?.headers.authorization).toBe("Bearer a.b.c");
  },
);

it("a sample that is refused ends with an error", async () => {
  await using away = await startEventSink((_event, response) => {
    response.writeHead(400).end();
  });
  await expect(run("binary.sh", away.url)).rejects.toMatchObject({ code: 22 });
});

if (missing.length > 0) test.todo(`not run, as they are not at hand: ${missing.join(", ")}`);

describe.each(languages)("the sample for %s", (language) => {
  test("records one request and tells its name", async () => {
    const { answer, requests, names } = await asked(language);
    const period = ["2025-01-01", "2025-12-31", "UTC"];
    expect(requests).toEqual([[expect.stringMatching(/^customer-00000\d$/), ...period]]);
    expect(answer).toBe(`recorded as ${String(names[0])}\n`);
  });

  test("repeats the very same event after a lost answer and a 503, when it is told to", async () => {
    const asks: number[] = [];
    await using busy = await startEventSink((_event, response) => {
      asks.push(performance.now());
      if (asks.length === 1) return void response.destroy();
      if (asks.length === 2) return void response.writeHead(503, { "retry-after": "1" }).end();
      response.writeHead(200, { "ce-subject": "a-record" }).end();
    });
    expect(await run(language, busy.url, { INTAKE_TOKEN: "a.b.c" })).toBe("recorded as a-record\n");
    const [first, second, third, ...more] = busy.events;
    expect(more).toEqual([]);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(first?.headers.authorization).toBe("Bearer a.b.c");
    // Less than the two seconds that it would take by itself.
    expect((asks[2] ?? 0) - (asks[1] ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  test("takes a body that did not come in time for passing", async () => {
    let asks = 0;
    await using slow = await startEventSink((_event, response) => {
      const status = ++asks === 1 ? 408 : 200;
      response.writeHead(status, { "retry-after": "1", "ce-subject": "a-record" }).end();
    });
    expect(await run(language, slow.url)).toBe("recorded as a-record\n");
    expect(slow.events).toHaveLength(2);
  });

  test("ends with the reason when the event is refused", async () => {
    await using strict = await startEventSink((_event, response) => {
      response.writeHead(400).end('{"error":"invalid_event"}');
    });
    await expect(run(language, strict.url)).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining('not recorded: 400 {"error":"invalid_event"}') as unknown,
    });
    expect(strict.events).toHaveLength(1);
  });
});

test("the sample Trigger states its delivery whole, and listens to an event there is", async () => {
  const text = await readFile(join(SAMPLES, "trigger-outcome.yaml"), "utf8");
  const trigger = eventingObject.parse(parse(text));
  if (trigger.kind !== "Trigger") throw new Error(trigger.kind);
  expect(trigger.spec.delivery).toMatchObject({ retry: 10, backoffPolicy: "exponential" });
  expect(EVENT_NAMES.map(eventType)).toContain(trigger.spec.filter?.attributes["type"]);
});

test.each([
  ["kn.sh", "kn", ["event", "send"]],
  ["func.sh", "func", ["invoke"]],
])("%s calls `%s` with a type that intake takes", async (sample, program, command) => {
  // The program is not at hand: what it would be given is all that can be seen here.
  const stand = join(folder, program);
  await writeFile(stand, '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  const PATH = `${folder}${delimiter}${process.env["PATH"] ?? ""}`;
  const args = (await run(sample, url, { PATH })).split("\n");
  expect(args.slice(0, command.length)).toEqual(command);
  expect(args).toEqual(expect.arrayContaining([url, eventType("requested"), "--id"]));
});
