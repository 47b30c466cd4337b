import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { startEventSink } from "../support/functions/event-sink.ts";
import { postStructured, type LogLine } from "../support/functions/event-server.ts";
import { startLocalLedger } from "../support/servers/local-ledger.ts";

const ENTRIES = ["request-intake", "pending-scanner"];
const NOW = new Date().toISOString();

interface FunctionProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly lines: LogLine[];
  /** Waits for a line with this message. */
  said(message: string): Promise<LogLine>;
  readonly exited: Promise<number | null>;
}

/** The shipped entry file as a process of its own, with nothing but this environment. */
function startProcess(name: string, env: Readonly<Record<string, string>>): FunctionProcess {
  const entry = new URL(`../../functions/${name}/index.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [entry], {
    env: { METRICS_PORT: "0", IDENTITY: "none", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: LogLine[] = [];
  const output = createInterface({ input: child.stdout });
  output.on("line", (line) => lines.push(JSON.parse(line) as LogLine));
  const exited = once(child, "exit").then(([code]) => code as number | null);
  return {
    child,
    lines,
    exited,
    async said(message) {
      for (;;) {
        const line = lines.find(({ msg }) => msg === message);
        if (line) return line;
        if (child.exitCode !== null) throw new Error(`exited without saying "${message}"`);
        await Promise.race([once(output, "line"), exited]);
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

describe.each(ENTRIES)("%s", (name) => {
  it("exits 78 and reports every wrong variable at once", async () => {
    await using running = startProcess(name, { PORT: "http", RETENTION_DAYS: "0" });
    expect(await running.exited).toBe(78);
    expect(running.lines.map(({ level, msg }) => [level, msg?.split(";")[0]])).toEqual([
      ["fatal", "configuration: PORT is not valid"],
      ["fatal", "configuration: K_SINK is missing"],
      ["fatal", "configuration: RETENTION_DAYS is not valid"],
      ["fatal", "configuration: EVENT_WINDOW_DAYS is not less than RETENTION_DAYS"],
    ]);
  });

  it("does not start when nobody said who may send, and names what was meant", async () => {
    const env = { K_SINK: "http://broker.example", IDENTITY: "", ODIC_ISSUER: "https://i.example" };
    await using running = startProcess(name, env);
    expect(await running.exited).toBe(78);
    expect(running.lines.map(({ level, msg }) => [level, msg])).toEqual([
      [
        "fatal",
        "configuration: IDENTITY is missing, and OIDC_ISSUER as well: nobody said who may send; expected none, where whoever reaches the port may send, or else OIDC_ISSUER, for example none",
      ],
      ["warn", `configuration: no settings of ${name}: ODIC_ISSUER (the nearest is OIDC_ISSUER)`],
    ]);
  });

  it("is alive and ready, and drains on SIGTERM", async () => {
    await using local = await startLocalLedger();
    await using sink = await startEventSink();
    const unknown = { LEDGER_NAMESPACES: "a", OIDC_ISSUR: "b" };
    const env = { PORT: "0", K_SINK: sink.url, KUBECONFIG: local.kubeconfig, ...unknown };
    await using running = startProcess(name, env);
    const { port } = await running.said("listening");
    expect(running.lines.filter(({ msg }) => msg?.startsWith("configuration"))).toEqual([
      expect.objectContaining({
        level: "warn",
        msg: `configuration: no settings of ${name}: LEDGER_NAMESPACES (the nearest is LEDGER_NAMESPACE), OIDC_ISSUR (the nearest is OIDC_ISSUER)`,
      }),
    ]);
    const probe = async (of: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${String(port)}/health/${of}`)).status;
    expect(await probe("liveness")).toBe(200);
    // On a busy machine the first look at the API may take longer than a probe waits.
    while ((await probe("readiness")) !== 200);
    running.child.kill("SIGTERM");
    expect(await running.exited).toBe(0);
    expect(running.lines.at(-1)).toMatchObject({ level: "info", msg: "drained" });
  });
});

it("a mistyped address of the database ends the builder with 78, and its password is nowhere", async () => {
  const DATABASE_URL = "mysql//reader:secret-4711@db/bank";
  const env = { K_SINK: "http://broker.example", S3_BUCKET: "statements", DATABASE_URL };
  await using running = startProcess("statement-builder", env);
  expect(await running.exited).toBe(78);
  expect(running.lines).toEqual([
    expect.objectContaining({
      level: "fatal",
      msg: expect.stringMatching(/^configuration: DATABASE_URL is not valid; /) as string,
    }),
  ]);
  expect(JSON.stringify(running.lines)).not.toContain("4711");
});

it("finishes the request in flight when SIGTERM comes", async () => {
  await using local = await startLocalLedger();
  const asked = Promise.withResolvers<undefined>();
  const gate = Promise.withResolvers<undefined>();
  await using sink = await startEventSink(async (_event, response) => {
    asked.resolve(undefined);
    await gate.promise;
    response.writeHead(202).end();
  });
  const env = { PORT: "0", K_SINK: sink.url, KUBECONFIG: local.kubeconfig };
  await using running = startProcess("request-intake", env);
  const { port } = await running.said("listening");
  const reply = postStructured(`http://127.0.0.1:${String(port)}/`, {
    specversion: "1.0",
    id: "1",
    source: "/bank",
    time: NOW,
    type: "io.transactions-collector.statement.requested.v1",
    data: { customer_id: "c", start_date: "2025-12-01", end_date: "2025-12-31" },
  });
  await asked.promise;
  running.child.kill("SIGTERM");
  await running.said("draining");
  gate.resolve(undefined);
  expect((await reply).status).toBe(200);
  expect(await running.exited).toBe(0);
  expect(await local.configMaps()).toHaveLength(1);
});

it("is not ready, and answers 503, while the Kubernetes API is away", async () => {
  await using local = await startLocalLedger();
  await using sink = await startEventSink();
  const env = { PORT: "0", K_SINK: sink.url, KUBECONFIG: local.kubeconfig };
  await using running = startProcess("pending-scanner", env);
  const { port } = await running.said("listening");
  await local[Symbol.asyncDispose]();
  const url = `http://127.0.0.1:${String(port)}/`;
  expect((await fetch(`${url}health/readiness`)).status).toBe(503);
  const tick = { specversion: "1.0", id: "1", source: "/clock", type: "tick" };
  expect(await postStructured(url, tick)).toMatchObject({
    status: 503,
    body: { error: "ledger_unavailable", problems: [] },
  });
});
