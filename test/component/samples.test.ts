/** The samples for upstream teams, run as they would run them. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../infra/local/free-port.ts";
import { startFunction } from "../../infra/local/function-processes.ts";
import { startEventSink } from "../support/event-sink.ts";
import { startLocalLedger, type LocalLedger } from "../support/local-ledger.ts";

let opened: AsyncDisposableStack;
let ledger: LocalLedger;
let url: string;

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  ledger = opened.use(await startLocalLedger());
  const sink = opened.use(await startEventSink());
  const logDir = await mkdtemp(join(tmpdir(), "samples-"));
  opened.defer(() => rm(logDir, { recursive: true }));
  const port = await freePort();
  const env = { KUBECONFIG: ledger.kubeconfig, K_SINK: sink.url };
  const intake = await startFunction({ name: "request-intake", port, logDir, env });
  opened.defer(() => intake.stop());
  url = `http://127.0.0.1:${port}/`;
});
afterAll(async () => await opened.disposeAsync());

async function run(sample: string, to = url, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const script = new URL(`../../infra/samples/${sample}`, import.meta.url).pathname;
  const options = { env: { ...process.env, ...env } };
  return (await promisify(execFile)("sh", [script, to], options)).stdout;
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
