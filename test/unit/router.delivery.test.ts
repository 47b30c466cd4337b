/** Deliveries between real HTTP servers, by the rules of Knative's sender. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { DeliveryReport } from "../../infra/local/cluster/router/broker.ts";
import { backoffMs, isRetryable } from "../../infra/local/cluster/router/delivery.ts";
import { type LocalRouter, startLocalRouter } from "../../infra/local/cluster/router/router.ts";

const RECORDED = "io.transactions-collector.statement.recorded.v1";
const DUE = "io.transactions-collector.statement.due.v1";

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly afterMs?: number;
}

/** Answers with each reply in turn, then with the last one again. */
class Service implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly server: Server;
  replies: Reply[] = [{ status: 204 }];

  constructor() {
    this.server = createServer((request, response) => {
      void (async () => {
        const body = await text(request);
        this.received.push({ path: request.url ?? "", headers: request.headers, body });
        const [reply = { status: 204 }] = this.replies;
        if (this.replies.length > 1) this.replies.shift();
        await sleep(reply.afterMs ?? 0);
        response.writeHead(reply.status, reply.headers).end(reply.body);
      })();
    });
  }
  async listen(): Promise<string> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, "close");
  }
}

let intake: Service, scanner: Service, builder: Service;
let router: LocalRouter;
let folder: string;
let reports: DeliveryReport[];

beforeEach(async () => {
  [intake, scanner, builder] = [new Service(), new Service(), new Service()];
  reports = [];
  folder = await mkdtemp(join(tmpdir(), "eventing-"));
  await cp(join(import.meta.dirname, "../../eventing"), folder, { recursive: true });
  // The shipped second would only make the test slow.
  for (const file of ["trigger-recorded.yaml", "trigger-due.yaml"]) {
    const manifest = await readFile(join(folder, file), "utf8");
    const faster = manifest.replace("PT1S", "PT0.01S").replace("PT11M", "PT2S");
    await writeFile(join(folder, file), faster);
  }
  router = await startLocalRouter({
    eventing: folder,
    services: {
      "request-intake": await intake.listen(),
      "pending-scanner": await scanner.listen(),
      "statement-builder": await builder.listen(),
    },
    schedule: "* * * * * *",
    onDelivery: (report) => reports.push(report),
  });
});
afterEach(async () => {
  await router[Symbol.asyncDispose]();
  for (const service of [intake, scanner, builder]) await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function post(type: string, id = "1", to = router): Promise<Response> {
  return fetch(to.environmentOf("request-intake")["K_SINK"] ?? "", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-source": "/test",
      "ce-id": id,
      "ce-type": type,
      "ce-subject": "Zo%C3%AB",
    },
    body: '{"big":"x"}',
  });
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("it did not come");
    await sleep(10);
  }
}
const outcome = async (): Promise<DeliveryReport | undefined> => {
  const ofEvents = () => reports.find((one) => one.via.startsWith("statement-"));
  await until(() => ofEvents() !== undefined);
  return ofEvents();
};

test("202 at once, and the event goes to the one Trigger of its exact type", async () => {
  builder.replies = [{ status: 204, afterMs: 200 }];
  const response = await post(RECORDED);
  expect(response.status).toBe(202);
  expect(reports).toEqual([]);
  expect(await outcome()).toMatchObject({ via: "statement-recorded", outcome: "delivered" });
  expect(builder.received).toHaveLength(1);
  expect(builder.received[0]).toMatchObject({
    path: "/",
    body: '{"big":"x"}',
    headers: { "ce-type": RECORDED, "ce-id": "1", "content-type": "application/json" },
  });
  expect(intake.received).toEqual([]);
});

test("a type no Trigger names goes nowhere, not even with the same beginning", async () => {
  await post(`${RECORDED}x`, "a");
  await post(DUE, "b");
  expect(await outcome()).toMatchObject({ via: "statement-due" });
  expect(builder.received.map((one) => one.headers["ce-id"])).toEqual(["b"]);
});

test("what may pass is tried again, the manifest's three times, then parked with the reason", async () => {
  builder.replies = [{ status: 503, body: '{"error":"internal"}' }];
  await post(RECORDED);
  expect(await outcome()).toMatchObject({ outcome: "dead-lettered", status: 503 });
  expect(builder.received).toHaveLength(4);
  expect(intake.received).toHaveLength(1);
  const [parked] = intake.received;
  expect(parked?.path).toBe("/dead-letter");
  expect(parked?.headers).toMatchObject({
    "ce-id": "1",
    "ce-type": RECORDED,
    "ce-knativeerrorcode": "503",
    "ce-knativeerrordata": Buffer.from('{"error":"internal"}').toString("base64"),
  });
  expect(parked?.headers["ce-knativeerrordest"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/?$/);
});

test("a refusal is parked at once", async () => {
  builder.replies = [{ status: 400 }];
  await post(RECORDED);
  expect(await outcome()).toMatchObject({ outcome: "dead-lettered", status: 400 });
  expect(builder.received).toHaveLength(1);
});

test("an answer after the timeout, and a body that is no event, count as failures", async () => {
  builder.replies = [
    { status: 204, afterMs: 4_000 },
    { status: 200, body: "done" },
    { status: 204 },
  ];
  await post(RECORDED);
  expect(await outcome()).toMatchObject({ outcome: "delivered" });
  expect(builder.received).toHaveLength(3);
});

test("a 2xx answer that is no event is tried again, then parked twice, and nothing says why", async () => {
  builder.replies = [{ status: 200, body: "done" }];
  await post(RECORDED);
  expect(await outcome()).toMatchObject({ outcome: "dead-lettered", status: 502 });
  expect(builder.received).toHaveLength(4);
  expect(intake.received).toHaveLength(2);
  for (const { headers } of intake.received) {
    expect(Object.keys(headers).filter((name) => name.startsWith("ce-knativeerror"))).toEqual([]);
  }
});

test("a delivery says that it comes from a Broker, a tick does not", async () => {
  await post(RECORDED);
  await until(() => builder.received.length > 0 && scanner.received.length > 0);
  expect(builder.received[0]?.headers).toMatchObject({ prefer: "reply" });
  expect(builder.received[0]?.headers).toHaveProperty("ce-knativearrivaltime");
  expect(scanner.received[0]?.headers).not.toHaveProperty("prefer");
});

test("a subscriber's path is where its events go", async () => {
  const trigger = join(import.meta.dirname, "../../infra/kubernetes/components/broker-intake");
  await cp(join(trigger, "trigger-requested.yaml"), join(folder, "trigger-requested.yaml"));
  const list = join(folder, "kustomization.yaml");
  await writeFile(list, `${await readFile(list, "utf8")}  - trigger-requested.yaml\n`);
  await using withIntake = await startLocalRouter({
    eventing: folder,
    services: {
      "request-intake": `http://127.0.0.1:${(intake.server.address() as AddressInfo).port}`,
      "pending-scanner": "http://127.0.0.1:9",
      "statement-builder": "http://127.0.0.1:9",
    },
    schedule: "0 0 1 1 *",
  });
  await post("io.transactions-collector.statement.requested.v1", "1", withIntake);
  await until(() => intake.received.length > 0);
  expect(intake.received[0]?.path).toBe("/broker");
});

test("an event in the answer goes back into the broker", async () => {
  const headers = {
    "ce-specversion": "1.0",
    "ce-id": "2",
    "ce-source": "/reply",
    "ce-type": DUE,
    "content-type": "application/json",
  };
  builder.replies = [{ status: 200, headers, body: "{}" }, { status: 204 }];
  await post(RECORDED);
  await until(() => reports.some((one) => one.via === "statement-due"));
  expect(builder.received.map((one) => one.headers["ce-id"])).toEqual(["1", "2"]);
});

test("the PingSource ticks at its sink", async () => {
  await until(() => scanner.received.length > 0);
  expect(scanner.received[0]?.headers).toMatchObject({
    "ce-type": "dev.knative.sources.ping",
    "ce-source": "/apis/v1/namespaces/statements/pingsources/pending-scanner-tick",
  });
});

describe("a tick", () => {
  const ticked = async (): Promise<DeliveryReport | undefined> => {
    const ofTicks = () => reports.find((one) => one.via === "pending-scanner-tick");
    await until(() => ofTicks() !== undefined);
    return ofTicks();
  };

  test("waits for its answer, however long that takes", async () => {
    scanner.replies = [{ status: 204, afterMs: 3_500 }];
    expect(await ticked()).toMatchObject({ outcome: "delivered", status: 204 });
  });

  test("is sent again after a status that may pass, under the same id", async () => {
    scanner.replies = [{ status: 503 }, { status: 429 }, { status: 204 }];
    const sent = router.tick();
    await sent;
    const ids = scanner.received.map(({ headers }) => headers["ce-id"]);
    const [first] = ids;
    expect(ids.filter((id) => id === first)).toHaveLength(3);
  });

  test("is lost with a 500", async () => {
    scanner.replies = [{ status: 500 }];
    await router.tick();
    const ids = scanner.received.map(({ headers }) => headers["ce-id"]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await ticked()).toMatchObject({ outcome: "lost", status: 500 });
  });
});

test("what is no event is 400, another path 404", async () => {
  const broker = router.environmentOf("request-intake")["K_SINK"] ?? "";
  expect((await fetch(broker, { method: "POST", body: "{}" })).status).toBe(400);
  expect((await fetch(`${broker}s`, { method: "POST", body: "{}" })).status).toBe(404);
});

test("after a pause nothing is delivered any more, and events are still taken", async () => {
  builder.replies = [{ status: 503 }];
  await post(RECORDED);
  await until(() => builder.received.length > 0);
  await router.pause();
  const before = builder.received.length;
  expect((await post(RECORDED)).status).toBe(202);
  await sleep(100);
  expect(builder.received).toHaveLength(before);
});

test.each([404, 408, 409, 429, 500, 502, 503, 504])("%i is tried again", (status) => {
  expect(isRetryable(status)).toBe(true);
});
test.each([301, 400, 401, 403, 405, 413, 415])("%i is final", (status) => {
  expect(isRetryable(status)).toBe(false);
});
test("the waits double, or grow by one step, or there is none without both fields", () => {
  const waits = (settings: Parameters<typeof backoffMs>[0]) =>
    [0, 1, 2].map((retries) => backoffMs(settings, retries));
  expect(waits({ backoffPolicy: "exponential", backoffDelay: 1_000 })).toEqual([1000, 2000, 4000]);
  expect(waits({ backoffPolicy: "linear", backoffDelay: 1_000 })).toEqual([0, 1000, 2000]);
  expect(waits({ backoffDelay: 1_000 })).toEqual([0, 0, 0]);
});
