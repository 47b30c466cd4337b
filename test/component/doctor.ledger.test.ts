/** What `doctor` says of requests that wait, on a real kube-apiserver. */
import { announce } from "../../functions/domain/outcome/telling.ts";
import {
  execute,
  recordRequest,
  type PendingRequest,
} from "../../functions/domain/statement-request.ts";
import {
  makeConfigMapLedger,
  type Ledger,
} from "../../functions/platform/ledger/configmap-ledger.ts";
import type { Finding } from "../../infra/operator/doctor/finding.ts";
import { heldRequest } from "../support/functions/held-request.ts";
import { startKubeApiserver, type KubeApiserver } from "../support/servers/kube-apiserver.ts";
import { makeTool } from "../support/operator/statements-tool.ts";

const MINUTE = 60_000;

let kube: KubeApiserver;
let ledger: Ledger;
let namespace: string;

beforeAll(async () => {
  kube = await startKubeApiserver();
}, 600_000);
afterAll(async () => {
  await kube[Symbol.asyncDispose]();
});
beforeEach(async () => {
  namespace = await kube.createNamespace();
  // As every installation brings it.
  const metadata = { name: "records-by-source", namespace };
  await kube.apply([{ apiVersion: "v1", kind: "ConfigMap", metadata }]);
  ledger = makeConfigMapLedger({ namespace, kubeconfig: kube.kubeconfig });
});

function recorded(name: string, agoMs: number): PendingRequest {
  const recordedAt = Date.now() - agoMs;
  return recordRequest({
    name,
    customerId: "acme-42",
    startDate: "2026-01-01",
    endDate: "2026-01-31",
    timeZone: "UTC",
    options: {},
    event: { source: "/bank", id: name, type: "t", time: recordedAt },
    recordedAt,
  });
}

/** Executed a minute ago, ten minutes after it was recorded; its object says when it was first claimed. */
async function keepExecuted(name: string, claimedAfterMs: number): Promise<void> {
  const request = recorded(name, 11 * MINUTE);
  await ledger.create(request);
  const at = Date.now() - MINUTE;
  const key = `acme-42-1767225600-1769817600-${request.facts.recordedAt + claimedAfterMs}.zip`;
  const object = { bucket: "statements", key };
  const result = { rows: 1, bytes: 1, sha256: "0".repeat(64), asOf: at };
  const stored = await ledger.read(name);
  if (!stored) throw new Error("not there");
  const held = heldRequest(request, { now: at, object });
  await ledger.replace(stored, announce(execute(held, object, result, at)));
}

async function diagnose(): Promise<readonly Finding[]> {
  const tool = makeTool({ KUBECONFIG: kube.kubeconfig, LEDGER_NAMESPACE: namespace });
  return JSON.parse((await tool("doctor", "-o", "json")).stdout) as readonly Finding[];
}

test("the backlog is set against what the builders have ended since its oldest came due", async () => {
  for (let i = 0; i < 12; i++) await keepExecuted(`done-${i}`, i < 9 ? 500 : 40_000);
  for (let i = 0; i < 4; i++) await ledger.create(recorded(`due-${i}`, 5 * MINUTE));
  await ledger.create({ ...recorded("later", 5 * MINUTE), nextAttemptAt: Date.now() + MINUTE });
  const found = await diagnose();
  expect(found).toContainEqual({
    level: "ok",
    // 12 in 5 minutes, and 4 to go.
    what: expect.stringMatching(
      /^4 requests are due, the oldest since 5m\S*; in the last 5m\S* the builders ended 2\.[34] a minute: about 10\ds until all are done; 0 requests are being built$/,
    ) as string,
  });
  expect(found).toContainEqual({
    level: "ok",
    what: "of 12 requests first taken in the last 15m, 9 came within 3s by their wake-up",
  });
});

test("requests that a wake-up did not bring", async () => {
  for (const name of ["one", "two"]) await keepExecuted(name, 40_000);
  expect(await diagnose()).toContainEqual({
    level: "unknown",
    what: expect.stringMatching(/^of 2 requests first taken in the last 15m, 2 waited/) as string,
    next: expect.stringContaining("kubectl get broker,trigger") as string,
  });
});

test("what is due for minutes while nothing ends is a finding, and the exit code", async () => {
  await ledger.create(recorded("stalled", 4 * MINUTE));
  const tool = makeTool({ KUBECONFIG: kube.kubeconfig, LEDGER_NAMESPACE: namespace });
  const { code, stdout } = await tool("doctor");
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^no {2}1 request is due, the oldest since 4m\S*, and none has ended meanwhile; 0 requests are being built\n {4}→ no builder takes them/m,
  );
});

test("requests that no tick has ever seen are a finding, and the exit code; a new one is to be watched", async () => {
  const tick = async () => (await diagnose()).find(({ what }) => what.includes("tick"));
  await ledger.create(recorded("new", MINUTE));
  expect(await tick()).toMatchObject({ level: "unknown" });
  await keepExecuted("old", 500);
  expect(await tick()).toMatchObject({
    level: "wrong",
    what: "there are requests, and the scanner has never ticked: it has counted none",
  });
});

test("a namespace without what every installation brings is no ledger", async () => {
  namespace = await kube.createNamespace();
  const found = (await diagnose()).filter(({ level }) => level === "wrong");
  expect(found.map(({ what }) => what)).toContainEqual(
    `${namespace} is no ledger: it has no ConfigMap records-by-source, which every installation brings`,
  );
});
