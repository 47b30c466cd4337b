/**
 * The installed product on a real cluster: events through the real Broker, pods that are killed and
 * scaled to zero, real ticks. Each test is one promise of the README; they share one installation,
 * and each asks for statements of its own.
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { offerEvent } from "../../functions/domain/events/statement-event.ts";
import { kubectl, type ClusterObject } from "../../infra/kubernetes/deploy/kubectl.ts";
import { requested } from "../support/functions/requested.ts";
import { auditStatements } from "../support/functions/statement-audit.ts";
import { diagnosed } from "./diagnosis.ts";
import { install, say, type Installed } from "./installed.ts";

const run = promisify(execFile);
const CLI = new URL("../../infra/operator/statements.ts", import.meta.url).pathname;
/** A pod has to start first, on a node that has other things to do. */
const STATEMENT_SECONDS = 180;
/** A tick a minute, and what it wakes. */
const TICK_SECONDS = 60 + STATEMENT_SECONDS;

let installed: Installed;
beforeAll(async () => {
  installed = await install();
});
afterAll(async () => {
  // Not there when the installation failed, which has then cleaned up after itself.
  await (installed as Installed | undefined)?.[Symbol.asyncDispose]();
});

/** A test that leaves its evidence when it fails. */
function promise(what: string, check: () => Promise<void>): void {
  test(what, async () => {
    await diagnosed(what, installed.namespaces, check);
  });
}

interface Asked {
  readonly customer?: 1 | 2;
  readonly from: string;
  readonly to: string;
  readonly id?: string;
  readonly time?: Date;
}

/** Posts a `requested` event; answers the status and, from intake, the record's name. */
async function ask(url: string, { customer = 1, from, to, id, time }: Asked) {
  const data = {
    customer_id: `customer-00000${customer}`,
    start_date: from,
    end_date: to,
    time_zone: "UTC",
  };
  const sender = { source: "/e2e", id, time: time?.toISOString() };
  const answer = await fetch(url, requested(data, sender));
  const name = answer.headers.get("ce-subject") ?? "";
  return { status: answer.status, name, body: await answer.text() };
}

async function record(asked: Asked): Promise<string> {
  const { status, name, body } = await ask(installed.intakeUrl, asked);
  if (status !== 200) throw new Error(`intake answered ${status}: ${body}`);
  return name;
}

/** One object, verified from its own bytes, with as many rows as SQL counts, and announced. */
async function expectOneProvedFile(name: string, seconds = STATEMENT_SECONDS): Promise<void> {
  await installed.until(name, "executed", seconds);
  await until("it was announced", 60, async () => {
    const stored = await installed.ledger.read(name);
    return stored?.request.status === "executed" && stored.request.announced;
  });
  const { ledger, s3, databaseUrl } = installed;
  const audit = await auditStatements({ ledger, s3, mariaDb: { databaseUrl } });
  expect(audit.problemsOf(name)).toEqual([]);
}

async function until(what: string, seconds: number, probe: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await probe())) {
    if (performance.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Those that serve: a pod of a revision that never started may be there for a while. */
async function readyBuilders(): Promise<readonly ClusterObject[]> {
  const json = await kubectl([
    "get",
    "pods",
    "-n",
    installed.namespaces.functions,
    "-o",
    "json",
    "-l",
    "serving.knative.dev/service=statement-builder",
  ]);
  const { items } = JSON.parse(json) as { readonly items: readonly ClusterObject[] };
  return items.filter(({ status }) => {
    const { conditions = [] } = (status ?? {}) as {
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
    return conditions.some((one) => one.type === "Ready" && one.status === "True");
  });
}

/** The record of an event that went through the Broker, by the event's id. */
async function recordOf(eventId: string): Promise<string | undefined> {
  for await (const { records } of installed.ledger.list({})) {
    const found = records.find(({ request }) => request.facts.event.id === eventId);
    if (found) return found.name;
  }
  return undefined;
}

promise("a request through the Broker becomes one proved file", async () => {
  const id = randomUUID();
  const sent = await ask(installed.brokerUrl, { from: "2025-01-01", to: "2025-01-31", id });
  expect(sent.status).toBe(202);
  let name: string | undefined;
  await until("it was recorded", STATEMENT_SECONDS, async () => {
    name = await recordOf(id);
    return name !== undefined;
  });
  await expectOneProvedFile(name ?? "");
});

promise("a redelivered event is one record, one answer and one file", async () => {
  const asked = { from: "2025-02-01", to: "2025-02-28", id: randomUUID(), time: new Date() };
  const answers = await Promise.all([1, 2, 3].map(() => ask(installed.intakeUrl, asked)));
  expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size).toBe(1);
  const name = answers[0]?.name ?? "";
  const stored = await installed.ledger.read(name);
  if (!stored) throw new Error("not recorded");
  const { id, type, source, subject, time, data } = offerEvent(
    stored.request,
    "pending-scanner",
    Date.now(),
  );
  const wakeUps = [1, 2, 3, 4, 5].map(() =>
    fetch(installed.brokerUrl, {
      method: "POST",
      headers: { "content-type": "application/cloudevents+json" },
      body: JSON.stringify({ specversion: "1.0", id, type, source, subject, time, data }),
    }),
  );
  for (const answer of await Promise.all(wakeUps)) expect(answer.status).toBe(202);
  await expectOneProvedFile(name);
  expect((await installed.ledger.read(name))?.request.attempt).toBe(1);
});

promise("a builder killed in mid-build is followed by another, and there is one file", async () => {
  // A build may end before its pod is gone: then another one is caught.
  for (let month = 1; month <= 9; month += 1) {
    const from = `2024-${String(month).padStart(2, "0")}-01`;
    const name = await record({ from, to: "2025-03-31" });
    const { request } = await installed.until(name, "processing", STATEMENT_SECONDS);
    const [pod = ""] = request.status === "processing" ? request.holder.split("/") : [];
    await kubectl([
      "delete",
      "pod",
      pod,
      "-n",
      installed.namespaces.functions,
      "--grace-period=0",
      "--force",
      "--wait=false",
    ]);
    await expectOneProvedFile(name, TICK_SECONDS * 2);
    if (((await installed.ledger.read(name))?.request.attempt ?? 0) > 1) return;
  }
  throw new Error("no build was slow enough to be caught");
});

promise("an event nobody can use is parked, found, and replayed when it can be used", async () => {
  // More than an hour ahead is refused; a minute later it is within the hour.
  const time = new Date(Date.now() + 3_600_000 + 60_000);
  const id = randomUUID();
  const asked = { from: "2025-03-01", to: "2025-03-31", id, time };
  expect((await ask(installed.brokerUrl, asked)).status).toBe(202);
  await until("it was parked", 120, async () => (await cli("rejected")).includes("HTTP 400"));
  expect(await recordOf(id)).toBeUndefined();
  await until("its time has come", 120, () => Promise.resolve(Date.now() > +time - 3_590_000));
  await cli("replay", "--all", "--yes");
  expect(await cli("rejected")).toBe("");
  await expectOneProvedFile((await recordOf(id)) ?? "");
});

async function cli(...args: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    KUBECONFIG: installed.kubeconfig,
    LEDGER_NAMESPACE: installed.namespaces.ledger,
    INTAKE_URL: installed.intakeUrl,
  };
  return (await run("node", [CLI, ...args], { env })).stdout;
}

promise("a request whose wake-up was lost is found by the tick", async () => {
  const trigger = ["trigger", "statement-recorded", "-n", installed.namespaces.functions];
  const manifest = await kubectl(["get", ...trigger, "-o", "json"]);
  await kubectl(["delete", ...trigger]);
  try {
    const name = await record({ from: "2025-04-01", to: "2025-04-30" });
    await expectOneProvedFile(name, TICK_SECONDS * 2);
  } finally {
    await kubectl(["apply", "-f", "-"], withoutState(manifest));
  }
});

/** As it was first applied. */
function withoutState(json: string): string {
  const { apiVersion, kind, metadata, spec } = JSON.parse(json) as ClusterObject;
  const { name, namespace } = metadata;
  return JSON.stringify({ apiVersion, kind, metadata: { name, namespace }, spec });
}

promise("a Broker that is made anew is found by what was there before it", async () => {
  await kubectl(["delete", "broker", "statements", "-n", installed.namespaces.functions]);
  await installed.deploy();
  await expectOneProvedFile(await record({ from: "2025-06-01", to: "2025-06-30" }));
});

promise("scaled to zero, it starts for one request", async () => {
  await until("no builder is left", 300, async () => (await readyBuilders()).length === 0);
  const began = performance.now();
  await expectOneProvedFile(await record({ from: "2025-05-01", to: "2025-05-31" }));
  say(`from zero to file: ${((performance.now() - began) / 1000).toFixed(1)} s`);
});

promise("a very large statement is built by a Job", async () => {
  const name = await record({ customer: 2, from: "2024-01-01", to: "2025-12-30" });
  await expectOneProvedFile(name, TICK_SECONDS * 2);
  const { request } = (await installed.ledger.read(name)) ?? {};
  expect(request).toMatchObject({ lane: "job", failures: 0 });
  const json = await kubectl([
    "get",
    "jobs",
    "-n",
    installed.namespaces.functions,
    "-o",
    "json",
    "-l",
    "sinks.knative.dev/job-sink-name=statement-builder",
  ]);
  const { items } = JSON.parse(json) as { readonly items: readonly ClusterObject[] };
  expect(items.length).toBeGreaterThan(0);
  await until("its Job is complete", 60, async () => {
    const ended = await kubectl([
      "get",
      "jobs",
      "-n",
      installed.namespaces.functions,
      "-l",
      "sinks.knative.dev/job-sink-name=statement-builder",
      "-o",
      "jsonpath={.items[*].status.succeeded}",
    ]);
    return ended.includes("1");
  });
});
