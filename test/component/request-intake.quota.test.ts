/** The ledger's fuse on a real API server: when it has blown, senders keep their requests. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api } from "@kubernetes/client-node";
import { makeCloudEventSink } from "../../functions/platform/cloudevents/cloudevent-sink.ts";
import {
  connectLedger,
  makeConfigMapLedger,
} from "../../functions/platform/ledger/configmap-ledger.ts";
import { openSourceCounts } from "../../functions/platform/ledger/source-counts.ts";
import { makeLedgerTally, type LedgerTally } from "../../functions/pending-scanner/ledger-tally.ts";
import { makeRequestIntake } from "../../functions/request-intake/handler.ts";
import { makeRequestRecorder } from "../../functions/request-intake/record-request.ts";
import { makeSourceShare } from "../../functions/request-intake/source-share.ts";
import { makeWakeUpLimit } from "../../functions/request-intake/wake-up-limit.ts";
import { startEventSink } from "../support/functions/event-sink.ts";
import {
  makeTestLog,
  postStructured,
  startEventServer,
} from "../support/functions/event-server.ts";
import { startKubeApiserver } from "../support/servers/kube-apiserver.ts";

const LEDGER = "transaction-requests";
const HOME = "statements";
/** Records of one source, in place of 160 000. */
const SHARE = 5;
const BASE = new URL("../../infra/kubernetes/base/", import.meta.url);

const opened = new AsyncDisposableStack();
let core: CoreV1Api;
let intake: string;
let tally: LedgerTally;

beforeAll(async () => {
  const kube = opened.use(await startKubeApiserver());
  core = kube.config().makeApiClient(CoreV1Api);
  await kube.createNamespace(LEDGER);
  await kube.createNamespace(HOME);
  const files = ["request-intake", "pending-scanner"].flatMap((name) =>
    ["service-account", "role", "role-binding"].map((one) => `${name}/${one}`),
  );
  for (const file of [...files, "ledger/records-by-source"])
    await kube.apply(await readFile(new URL(`${file}.yaml`, BASE), "utf8"));
  await kube.apply(await readFile(new URL("ledger/quota.yaml", BASE), "utf8"));
  const as = async (name: string) => ({
    namespace: LEDGER,
    kubeconfig: await kube.serviceAccountKubeconfig(HOME, name),
  });
  const sink = opened.use(await startEventSink());
  const { log } = makeTestLog();
  const asScanner = await as("pending-scanner");
  tally = makeLedgerTally(
    makeConfigMapLedger(asScanner),
    openSourceCounts(asScanner, connectLedger(asScanner)),
    Date.now,
  );
  const asIntake = await as("request-intake");
  const rules = {
    defaultTimeZone: "UTC",
    periodBasis: "booking_date" as const,
    maxPeriodMonths: 24,
    eventWindowDays: 29,
  };
  const handle = makeRequestIntake({
    recorder: makeRequestRecorder({ ledger: makeConfigMapLedger(asIntake), rules, now: Date.now }),
    share: makeSourceShare(openSourceCounts(asIntake, connectLedger(asIntake)), SHARE, Date.now),
    sink: makeCloudEventSink({ url: sink.url, log }),
    wakeUps: makeWakeUpLimit(10, Date.now),
    rules,
    now: Date.now,
  });
  intake = opened.use(await startEventServer({ routes: { "/": { handle } } })).url;
}, 180_000);
afterAll(() => opened.disposeAsync());

/** Plays the quota controller, which is not there: the API server admits by what stands here. */
async function setQuota(records: number): Promise<void> {
  const where = { name: "ledger", namespace: LEDGER };
  const quota = await core.readNamespacedResourceQuota(where);
  const used = { "count/configmaps": "0", pods: "0", ...quota.status?.used };
  quota.status = { hard: { "count/configmaps": String(records), pods: "0" }, used };
  await core.replaceNamespacedResourceQuotaStatus({ ...where, body: quota });
}

const eventOf = (id: string, source = "/bank") => ({
  specversion: "1.0",
  id,
  source,
  time: new Date().toISOString(),
  type: "io.transactions-collector.statement.requested.v1",
  data: { customer_id: `c-${id}`, start_date: "2025-01-01", end_date: "2025-01-31" },
});

/** The API server sees a change of the quota a moment later. */
async function postUntil(status: number, event: object) {
  let answer = await postStructured(intake, event);
  for (let tries = 0; answer.status !== status && tries < 100; tries++) {
    await sleep(100);
    answer = await postStructured(intake, event);
  }
  return answer;
}

async function recordsOf(customer: string): Promise<number> {
  const labelSelector = `transactions-collector.io/status,transactions-collector.io/customer=${customer}`;
  const found = await core.listNamespacedConfigMap({ namespace: LEDGER, labelSelector });
  return found.items.length;
}

test("a full ledger answers 503, and the repeated event is recorded once there is room", async () => {
  // Room for an index and a record.
  await setQuota(2);
  const first = eventOf("first");
  expect((await postUntil(200, first)).status).toBe(200);

  const second = eventOf("second");
  const unavailable = { status: 503, body: { error: "ledger_unavailable", problems: [] } };
  expect(await postStructured(intake, second)).toMatchObject(unavailable);
  expect(await recordsOf("c-second")).toBe(0);
  // What is recorded needs no room.
  expect((await postStructured(intake, first)).status).toBe(200);

  await setQuota(4);
  expect((await postUntil(200, second)).status).toBe(200);
  expect((await postStructured(intake, second)).status).toBe(200);
  expect(await recordsOf("c-second")).toBe(1);
});

describe("a source that floods the ledger", () => {
  /** What a tick of the scanner does. */
  async function count(): Promise<void> {
    const { log, lines } = makeTestLog();
    for await (const page of tally.counted.list({ atRest: false }))
      expect(page.unreadable).toEqual([]);
    await tally.tell(log);
    expect(lines).toEqual([]);
  }
  let posted = 0;
  const flood = async () => await postStructured(intake, eventOf(`flood-${posted++}`, "/flood"));

  async function floodUntil(status: number) {
    let answer = await flood();
    for (const end = performance.now() + 30_000; answer.status !== status;) {
      if (performance.now() > end) throw new Error(`still ${answer.status}`);
      await sleep(100);
      answer = await flood();
    }
    return answer;
  }

  test("is refused alone, and told when to come again", async () => {
    await setQuota(10_000);
    const first = eventOf("flood-first", "/flood");
    expect((await postUntil(200, first)).status).toBe(200);
    for (let i = 1; i < SHARE; i++) expect((await flood()).status).toBe(200);
    await count();

    const refused = await floodUntil(429);
    expect(refused).toMatchObject({
      body: {
        error: "source_share_used",
        problems: [{ index: 0, field: "source", code: "source_share_used" }],
      },
    });
    expect(refused.headers.get("retry-after")).toBe("60");
    // Whoever else there is still has room, and so has what was recorded before.
    expect((await postStructured(intake, eventOf("quiet", "/quiet"))).status).toBe(200);
    expect((await postStructured(intake, first)).status).toBe(200);
    expect(await recordsOf("c-quiet")).toBe(1);
  });

  test("is taken again when its records are gone", async () => {
    const { items } = await core.listNamespacedConfigMap({ namespace: LEDGER });
    const own = items.filter(({ data }) => data?.["event_source"] === "/flood");
    expect(own.length).toBeGreaterThanOrEqual(SHARE);
    for (const { metadata } of own)
      await core.deleteNamespacedConfigMap({ namespace: LEDGER, name: metadata?.name ?? "" });
    await count();
    expect((await floodUntil(200)).status).toBe(200);
  });
});
