/**
 * A thing that is refused, or parked, never costs more than one that is accepted: measured for each
 * byte that was sent, in CPU, in bytes written to the ledger, in log, and in memory.
 */
import { makeCloudEventSink } from "../../functions/platform/cloudevents/cloudevent-sink.ts";
import type { Ledger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { toConfigMap } from "../../functions/platform/ledger/configmap-record.ts";
import { makeDeadLetterRoute } from "../../functions/request-intake/dead-letter.ts";
import { makeRequestIntake } from "../../functions/request-intake/handler.ts";
import { makeRequestRecorder } from "../../functions/request-intake/record-request.ts";
import { makeExplain } from "../../functions/request-intake/requested-event.ts";
import { makeWakeUpLimit } from "../../functions/request-intake/wake-up-limit.ts";
import { collectGarbage } from "../support/collect-garbage.ts";
import {
  makeTestLog,
  post,
  startEventServer,
  type TestEventServer,
} from "../support/functions/event-server.ts";
import { startEventSink, type EventSink } from "../support/functions/event-sink.ts";
import { UNSHARED } from "../support/servers/unshared-ledger.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
const MAX_BYTES = 65_536;
const TYPE = "io.transactions-collector.statement.requested.v1";

let written = 0;
let held = new Set<string>();
/** Takes everything at once, and costs nothing itself: what is measured is intake. */
const ledger = {
  create(request) {
    if (held.has(request.facts.name)) return Promise.resolve("exists");
    held.add(request.facts.name);
    written += JSON.stringify(toConfigMap(request)).length;
    return Promise.resolve("created");
  },
  index: () => Promise.resolve("created"),
  readIndex: () => Promise.resolve(undefined),
  read: () => Promise.resolve(undefined),
  keepRejected(event) {
    written += JSON.stringify(event.fields).length;
    return Promise.resolve({ outcome: "created", name: event.hash });
  },
} as Partial<Ledger> as Ledger;

const opened = new AsyncDisposableStack();
let sink: EventSink;
let server: TestEventServer;
beforeAll(async () => {
  sink = opened.use(await startEventSink());
  const now = (): number => NOW;
  const rules = {
    defaultTimeZone: "UTC",
    periodBasis: "booking_date" as const,
    maxPeriodMonths: 24,
    eventWindowDays: 29,
  };
  // No wake-ups: an accepted event is as cheap as it can be.
  const wakeUps = makeWakeUpLimit(0, now);
  const handle = makeRequestIntake({
    recorder: makeRequestRecorder({ ledger, rules, now }),
    wakeUps,
    share: UNSHARED,
    rules,
    now,
    sink: makeCloudEventSink({ url: sink.url, log: makeTestLog().log }),
  });
  server = opened.use(
    await startEventServer({
      routes: {
        "/": { handle, explain: makeExplain(rules, now) },
        "/dead-letter": makeDeadLetterRoute({ ledger, firstPauseMs: 60_000, now }),
      },
      maxBodyBytes: MAX_BYTES,
      maxInFlight: 256,
    }),
  );
});
afterAll(() => opened.disposeAsync());

// --- what is sent --------------------------------------------------------------------------------

let serial = 0;
const requested = (data: object, more: object = {}) => ({
  specversion: "1.0",
  id: `e-${serial++}`,
  source: "/bank",
  type: TYPE,
  ...more,
  time: new Date(NOW - (serial % 1_000_000)).toISOString(),
  data,
});
/** Of a period of its own: what intake remembers of the last ones is no help. */
const accepted = () => {
  const day = (first: number, days: number): string =>
    new Date(first + (serial % days) * 86_400_000).toISOString().slice(0, 10);
  const start_date = day(Date.UTC(2025, 0, 1), 151);
  return requested({
    customer_id: `c-${serial}`,
    start_date,
    end_date: day(Date.UTC(2025, 6, 1), 149),
  });
};

/** As many items as fit into a body, and no more than `most`. */
function batchOf(item: () => unknown, most = 1_000): string {
  const items: string[] = [];
  let bytes = 2;
  while (items.length < most) {
    const text = JSON.stringify(item());
    bytes += text.length + 1;
    if (bytes > MAX_BYTES) break;
    items.push(text);
  }
  return `[${items.join(",")}]`;
}

const keys = (count: number, value: unknown, prefix: string): object =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, value]));

const one = (event: object): string => JSON.stringify(event);
const BATCH = "application/cloudevents-batch+json";
const SINGLE = "application/cloudevents+json";

interface Family {
  readonly name: string;
  readonly status: number;
  readonly type: string;
  readonly path?: string;
  readonly body: () => string;
}

const FAMILIES: readonly Family[] = [
  { name: "thousand zeros", status: 400, type: BATCH, body: () => batchOf(() => 0) },
  { name: "zeros to the last byte", status: 400, type: BATCH, body: () => batchOf(() => 0, 1e9) },
  { name: "empty objects", status: 400, type: BATCH, body: () => batchOf(() => ({})) },
  {
    name: "objects of a letter",
    status: 400,
    type: BATCH,
    body: () => batchOf(() => ({ a: "b" })),
  },
  {
    name: "events of another type",
    status: 400,
    type: BATCH,
    body: () => batchOf(() => ({ specversion: "1.0", id: `${serial++}`, source: "a", type: "b" })),
  },
  { name: "no data", status: 400, type: BATCH, body: () => batchOf(() => requested({})) },
  {
    name: "unknown fields",
    status: 400,
    type: SINGLE,
    body: () => one(requested(keys(5_500, 1, "f"))),
  },
  {
    name: "too many formats",
    status: 400,
    type: SINGLE,
    body: () => one(requested({ formats: Array.from({ length: 30_000 }, () => 1) })),
  },
  {
    name: "too many attributes",
    status: 400,
    type: SINGLE,
    body: () => one(requested({}, keys(5_500, "x", "a"))),
  },
  {
    name: "names that are none",
    status: 400,
    type: SINGLE,
    body: () => one(requested({}, keys(60, "x".repeat(1_000), "A"))),
  },
  {
    name: "one deep value",
    status: 400,
    type: SINGLE,
    body: () => `{"data":${"[".repeat(32_000)}${"]".repeat(32_000)}}`,
  },
  {
    name: "an endless id",
    status: 400,
    type: SINGLE,
    body: () => one(requested({}, { id: "x".repeat(65_000) })),
  },
  {
    name: "no JSON",
    status: 400,
    type: SINGLE,
    body: () => "[".repeat(65_000),
  },
  {
    name: "parked: thousand objects",
    status: 202,
    type: BATCH,
    path: "dead-letter",
    body: () => batchOf(() => ({ id: `${serial++}` })),
  },
  {
    name: "parked: zeros",
    status: 202,
    type: BATCH,
    path: "dead-letter",
    body: () => batchOf(() => 0),
  },
  {
    name: "parked: events of another type",
    status: 202,
    type: BATCH,
    path: "dead-letter",
    body: () => batchOf(() => ({ specversion: "1.0", id: `${serial++}`, source: "a", type: "b" })),
  },
  {
    name: "parked: no event",
    status: 202,
    type: SINGLE,
    path: "dead-letter",
    body: () => JSON.stringify({ id: "x".repeat(60_000), n: serial++ }),
  },
];

// --- what it costs -------------------------------------------------------------------------------

interface Costs {
  readonly cpu: number;
  readonly written: number;
  readonly log: number;
  readonly heap: number;
}

/** Of one byte that was sent, over at least `BYTES`; the cheapest of some rounds for the CPU's sake. */
async function costsOf({ status, type, path = "", body }: Family): Promise<Costs> {
  const BYTES = 200_000;
  let cpu = Infinity;
  let log = 0;
  let heap = 0;
  let all = 0;
  written = 0;
  for (let round = 0; round < 4; round++) {
    const bodies: string[] = [];
    for (let bytes = 0; bytes < BYTES && bodies.length < 100;) {
      bodies.push(body());
      bytes += bodies.at(-1)?.length ?? 0;
    }
    const bytes = bodies.reduce((sum, text) => sum + text.length, 0);
    all += bytes;
    held = new Set();
    server.lines.length = 0;
    collectGarbage();
    const heapBefore = process.memoryUsage().heapUsed;
    const before = process.cpuUsage();
    for (const text of bodies)
      expect((await post(`${server.url}${path}`, { "content-type": type }, text)).status).toBe(
        status,
      );
    const { user, system } = process.cpuUsage(before);
    heap = Math.max(heap, (process.memoryUsage().heapUsed - heapBefore) / bytes);
    // A request has a price of its own, whatever is in it; what matters is the price of a byte.
    cpu = Math.min(cpu, (user + system) / (bytes + bodies.length * 2_000));
    log += server.lines.reduce((sum, line) => sum + JSON.stringify(line).length, 0);
  }
  return { cpu, written: written / all, log: log / all, heap };
}

test("what is refused or parked costs no more than what is accepted, for each byte", async () => {
  const measure: Family = {
    name: "accepted",
    status: 202,
    type: BATCH,
    body: () => batchOf(accepted),
  };
  await costsOf(measure);
  const limit = await costsOf(measure);
  const found: Record<string, Costs> = { accepted: limit };
  const dear: string[] = [];
  for (const family of FAMILIES) {
    const costs = (found[family.name] = await costsOf(family));
    // The noise of a shared machine is in CPU and memory: what is dear is dear twice.
    const isDear = costs.cpu > limit.cpu * 1.5;
    if (isDear && (await costsOf(family)).cpu > (await costsOf(measure)).cpu * 1.5)
      dear.push(`${family.name}: CPU`);
    if (costs.written > limit.written * 1.1) dear.push(`${family.name}: written`);
    if (costs.log > limit.log + 0.5) dear.push(`${family.name}: log`);
    if (costs.heap > limit.heap * 2 + 200) dear.push(`${family.name}: memory`);
  }
  if (process.env["SHOW_COSTS"]) console.table(found);
  expect(dear).toEqual([]);
}, 300_000);
