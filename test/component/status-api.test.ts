/** What senders see and do of their requests, by a real status-api with a real issuer, ledger and store. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { KubeConfig } from "@kubernetes/client-node";
import { recordRequest, type StatementRequest } from "../../functions/domain/statement-request.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";
import { startHttpFaultProxy } from "../support/wire/http-fault-proxy.ts";
import type { S3Server } from "../support/servers/s3-server.ts";
import { BILLING, startStatusApi, type RunningStatusApi } from "../support/functions/status-api.ts";
import { startS3Server } from "../support/servers/versitygw-server.ts";

const WEB = "system:serviceaccount:web:api";
const STRANGER = "system:serviceaccount:other:api";
const AT = Date.UTC(2026, 0, 15, 12);
const LINK_SECONDS = 120;

const opened = new AsyncDisposableStack();
let ledger: LocalLedger;
let store: S3Server;
let api: RunningStatusApi;

beforeAll(async () => {
  ledger = opened.use(await startLocalLedger());
  store = opened.use(await startS3Server());
  api = opened.use(
    await startStatusApi({
      ...store.env,
      KUBECONFIG: ledger.kubeconfig,
      ALLOWED_SOURCES: `${BILLING} /billing, ${WEB} /web, ${WEB} /shop`,
      LINK_SECONDS: String(LINK_SECONDS),
    }),
  );
}, 180_000);
afterAll(() => opened.disposeAsync());

const ask: RunningStatusApi["ask"] = async (path, how) => await api.ask(path, how);

let serial = 0;
interface Recorded {
  readonly customerId?: string;
  readonly source?: string;
  readonly recordedAt?: number;
  readonly name?: string;
  /** What has become of it since. */
  readonly change?: (request: StatementRequest) => StatementRequest;
}

async function recorded(options: Recorded = {}): Promise<string> {
  const { customerId = "c-1", source = "/billing", change } = options;
  const { recordedAt = AT + ++serial } = options;
  const { name = `transaction-request-${customerId}-${recordedAt}` } = options;
  const event = { source, id: name, type: "t", time: recordedAt };
  const days = { startDate: "2025-12-01", endDate: "2025-12-31", timeZone: "UTC" };
  const facts = { name, customerId, ...days, options: {}, event, recordedAt };
  expect(await ledger.ledger.create(recordRequest(facts))).toBe("created");
  const stored = await ledger.ledger.read(name);
  if (change && stored) await ledger.ledger.replace(stored, change(stored.request));
  return name;
}

const executed =
  (key: string) =>
  (request: StatementRequest): StatementRequest => ({
    ...request,
    status: "executed",
    object: { bucket: store.bucket, key },
    rows: 12,
    bytes: 345,
    sha256: "ab",
    asOf: AT,
    executedAt: AT + 1,
    announced: true,
  });

interface Page {
  readonly requests: readonly { readonly request_id: string }[];
  readonly next?: string;
}

async function wishes() {
  const all = await ledger.configMaps();
  return all.filter(({ metadata }) => metadata?.name?.startsWith("cancel-"));
}

describe("a customer's requests", () => {
  async function pages(query: string, subject = BILLING): Promise<readonly string[][]> {
    const found: string[][] = [];
    for (let cursor = ""; ;) {
      const { status, body } = await ask(`/requests?${query}${cursor}`, { subject });
      expect(status).toBe(200);
      const { requests, next } = body as unknown as Page;
      found.push(requests.map((one) => one.request_id));
      if (next === undefined) return found;
      cursor = `&cursor=${next}`;
    }
  }

  it("are listed with the newest first, in pages that follow each other", async () => {
    const names: string[] = [];
    for (let day = 0; day < 5; day++)
      names.unshift(
        await recorded({ customerId: "paged", recordedAt: AT - (9 - day) * 86_400_000 }),
      );
    // The same millisecond, told apart by the name.
    const twin = `${names[2] ?? ""}-0123456789abcdef`;
    await recorded({ customerId: "paged", recordedAt: AT - 7 * 86_400_000, name: twin });
    const [a = "", b = "", c = "", d = "", e = ""] = names;
    expect(await pages("customer=paged&limit=2")).toEqual([
      [a, b],
      [c, twin],
      [d, e],
    ]);
    expect(await pages("customer=paged")).toEqual([[a, b, c, twin, d, e]]);
    expect(await pages("customer=paged&limit=6")).toEqual([[a, b, c, twin, d, e]]);
  });

  it("neither double nor skip what is there, while others come and go", async () => {
    const [, old, older] = [
      await recorded({ customerId: "moving", recordedAt: AT + 3 }),
      await recorded({ customerId: "moving", recordedAt: AT + 2 }),
      await recorded({ customerId: "moving", recordedAt: AT + 1 }),
    ];
    const { body } = await ask("/requests?customer=moving&limit=1");
    const cursor = String(body["next"]);
    // The one that the page ended with goes, and a newer one comes.
    const first = await ledger.ledger.read(`transaction-request-moving-${AT + 3}`);
    if (!first) throw new Error("gone");
    await ledger.ledger.remove(first);
    await recorded({ customerId: "moving", recordedAt: AT + 4 });
    const next = await ask(`/requests?customer=moving&cursor=${cursor}`);
    const listed = next.body["requests"] as { request_id: string }[];
    expect(listed.map((one) => one.request_id)).toEqual([old, older]);
  });

  it("are those of the sender's own sources alone", async () => {
    const own = await recorded({ customerId: "shared", source: "/shop" });
    await recorded({ customerId: "shared", source: "/billing" });
    await recorded({ customerId: "shared", source: "/elsewhere" });
    expect(await pages("customer=shared", WEB)).toEqual([[own]]);
    expect(await pages("customer=nobody", WEB)).toEqual([[]]);
  });

  it.each([
    ["", "customer", "required"],
    ["?customer=", "customer", "required"],
    ["?customer=a,b", "customer", "invalid_format"],
    ["?customer=a&limit=0", "limit", "invalid_format"],
    ["?customer=a&limit=101", "limit", "invalid_format"],
    ["?customer=a&limit=2.5", "limit", "invalid_format"],
    ["?customer=a&cursor=x", "cursor", "invalid_format"],
    ["?customer=a&cursor=MSB4", "cursor", "invalid_format"],
    ["?customer=a&curser=MSB4", "curser", "unknown_field"],
    ["?customer=a&4711123=", "query", "unknown_field"],
    ["?customer=a&customer=b", "customer", "doubled_key"],
  ])("are not listed for %j", async (query, field, code) => {
    const { status, headers, body } = await ask(`/requests${query}`);
    expect([status, headers.get("content-type")]).toEqual([400, "application/problem+json"]);
    expect(body).toMatchObject({ error: code, problems: [{ field, code }] });
  });
});

it("lists that take long leave room for whoever asks for one request", async () => {
  const name = await recorded();
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromFile(ledger.kubeconfig);
  const server = kubeconfig.getCurrentCluster()?.server ?? "";
  await using proxy = await startHttpFaultProxy({ url: server });
  await using folder = await makeFolder();
  const KUBECONFIG = join(folder.path, "kubeconfig");
  const text = await readFile(ledger.kubeconfig, "utf8");
  await writeFile(KUBECONFIG, text.replace(server, proxy.url));
  await using slow = await startStatusApi({ ...store.env, KUBECONFIG });
  const isOfList = /configmaps\?labelSelector/;
  const rule = proxy.fail({ path: isOfList, fault: { kind: "drop" } });
  const lists = Array.from({ length: 16 }, () => slow.ask("/requests?customer=c-1"));
  const busy = await Promise.race(lists);
  expect([busy.status, busy.body["error"]]).toEqual([503, "busy"]);
  expect((await slow.ask(`/requests/${name}`)).status).toBe(200);
  expect((await slow.ask(`/requests/${name}/cancel`, { method: "PUT" })).status).toBe(202);
  // What was dropped is asked again, and answered now.
  rule.remove();
  const statuses = (await Promise.all(lists)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([
    ...Array<number>(8).fill(200),
    ...Array<number>(8).fill(503),
  ]);
}, 60_000);

describe("one request", () => {
  it("is told as request-intake tells it, with the wish for its end", async () => {
    const name = await recorded();
    const before = await ask(`/requests/${name}`);
    expect(before.body).toMatchObject({ request_id: name, status: "pending", customer_id: "c-1" });
    expect(before.body).not.toHaveProperty("cancel_requested_at");
    const { body: wished } = await ask(`/requests/${name}/cancel`, { method: "PUT" });
    const { body } = await ask(`/requests/${name}`);
    expect(body).toEqual(wished);
    expect(body["cancel_requested_at"]).toMatch(/^20\d\d-.*Z$/);
    const { body: list } = await ask("/requests?customer=c-1&limit=100");
    expect(list["requests"]).toContainEqual(body);
  });
});

describe("a wish to cancel", () => {
  it("stands beside the record, which does not change", async () => {
    const name = await recorded();
    const before = await ledger.ledger.read(name);
    const { status, headers, body } = await ask(`/requests/${name}/cancel`, { method: "PUT" });
    expect([status, headers.get("retry-after") !== null]).toEqual([202, true]);
    expect(body).toMatchObject({ request_id: name, status: "pending" });
    expect(await ledger.ledger.read(name)).toEqual(before);
    const wish = (await wishes()).find(({ metadata }) => metadata?.name === `cancel-${name}`);
    expect(wish).toMatchObject({
      immutable: true,
      data: {
        record: name,
        customer_id: "c-1",
        requested_by: BILLING,
        requested_at: body["cancel_requested_at"],
      },
    });
  });

  it("asked for twice, and by two at once, is one", async () => {
    const name = await recorded();
    const path = `/requests/${name}/cancel`;
    const both = await Promise.all([ask(path, { method: "PUT" }), ask(path, { method: "PUT" })]);
    const again = await ask(path, { method: "PUT" });
    expect(both.map(({ status, body }) => [status, body])).toEqual([
      [202, again.body],
      [202, again.body],
    ]);
    expect(again.status).toBe(202);
    expect((await wishes()).filter((one) => one.data?.["record"] === name)).toHaveLength(1);
  });

  it.each([
    ["executed", executed("k.zip")],
    [
      "cancelled",
      (request: StatementRequest): StatementRequest => ({
        ...request,
        status: "cancelled",
        cancelledAt: AT,
        announced: true,
      }),
    ],
  ])("of what is %s changes nothing, and says so", async (state, change) => {
    const name = await recorded({ change });
    const { status, body } = await ask(`/requests/${name}/cancel`, { method: "PUT" });
    expect([status, body["status"]]).toEqual([200, state]);
    // Nor whoever has seen that before: only what is read can be as it was.
    const { headers } = await ask(`/requests/${name}`);
    const known = { "if-none-match": headers.get("etag") ?? "" };
    const again = await ask(`/requests/${name}/cancel`, { method: "PUT", headers: known });
    expect([again.status, again.body["status"]]).toEqual([200, state]);
    expect((await ask(`/requests/${name}`, { headers: known })).status).toBe(304);
    expect((await ask(`/requests/${name}`, { headers: { "if-none-match": "*" } })).status).toBe(
      304,
    );
    expect((await wishes()).filter((one) => one.data?.["record"] === name)).toEqual([]);
  });

  it("that the operator had before is his", async () => {
    const change = (request: StatementRequest) => ({ ...request, cancelRequestedAt: AT });
    const name = await recorded({ change });
    const { status, body } = await ask(`/requests/${name}/cancel`, { method: "PUT" });
    expect([status, body["cancel_requested_at"]]).toEqual([202, new Date(AT).toISOString()]);
    expect((await wishes()).filter((one) => one.data?.["record"] === name)).toEqual([]);
  });

  it("that somebody has spoilt by hand is not taken for one", async () => {
    const name = await recorded();
    const labels = {
      "app.kubernetes.io/managed-by": "transactions-collector",
      "app.kubernetes.io/component": "cancel-wish",
    };
    const body = { metadata: { name: `cancel-${name}`, labels }, data: {} };
    await ledger.core.createNamespacedConfigMap({ namespace: ledger.namespace, body });
    expect(await ask(`/requests/${name}/cancel`, { method: "PUT" })).toMatchObject({
      status: 503,
      body: { error: "cancel_unclear" },
    });
    expect((await ask("/requests?customer=c-1")).status).toBe(200);
  });
});

describe("a link", () => {
  async function withObject(key: string): Promise<string> {
    using client = disposable(store.client());
    const put = new PutObjectCommand({ Bucket: store.bucket, Key: key, Body: "the zip" });
    await client.value.send(put);
    return await recorded({ change: executed(key) });
  }

  it("gives the file to whoever has it, until the moment it says", async () => {
    const name = await withObject("linked.zip");
    const before = Date.now();
    const { status, headers, body } = await ask(`/requests/${name}/link`, { method: "POST" });
    expect([status, headers.get("cache-control"), headers.get("etag")]).toEqual([
      200,
      "no-store",
      null,
    ]);
    const file = await fetch(String(body["url"]));
    expect([file.status, await file.text()]).toEqual([200, "the zip"]);
    expect(file.headers.get("content-disposition")).toBe('attachment; filename="linked.zip"');
    const endsAt = Date.parse(String(body["expires_at"]));
    expect(endsAt).toBeGreaterThan(before + (LINK_SECONDS - 1) * 1000 - 1);
    expect(endsAt).toBeLessThanOrEqual(Date.now() + LINK_SECONDS * 1000);
    // As the address itself has it.
    const signed = new URL(String(body["url"])).searchParams;
    const date = (signed.get("X-Amz-Date") ?? "").replace(
      /^(....)(..)(..T..)(..)(..Z)$/,
      "$1-$2-$3:$4:$5",
    );
    expect(Date.parse(date) + Number(signed.get("X-Amz-Expires")) * 1000).toBe(endsAt);
  });

  it("is made anew each time, and only read by GET of nobody", async () => {
    const name = await withObject("twice.zip");
    const got = await ask(`/requests/${name}/link`);
    expect([got.status, got.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it("of credentials that have ended there is none, whatever the store thinks of them", async () => {
    const name = await withObject("ended.zip");
    await using ended = await startStatusApi({
      ...store.env,
      KUBECONFIG: ledger.kubeconfig,
      AWS_CREDENTIAL_EXPIRATION: "2026-01-01T00:00:00Z",
    });
    expect(await ended.ask(`/requests/${name}/link`, { method: "POST" })).toMatchObject({
      status: 503,
      body: { error: "store_unavailable" },
    });
    const log = await readFile(ended.process.logFile, "utf8");
    expect(log).toContain("the credentials of the store have ended, at 2026-01-01T00:00:00.000Z");
  });

  it("of what is not executed there is none", async () => {
    const name = await recorded();
    const { status, headers, body } = await ask(`/requests/${name}/link`, { method: "POST" });
    expect([status, headers.get("content-type")]).toEqual([409, "application/problem+json"]);
    expect(body).toMatchObject({ status: 409, error: "not_executed" });
  });

  it("of what the bucket has let expire there is none any more", async () => {
    const name = await withObject("expired.zip");
    using client = disposable(store.client());
    await client.value.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: "expired.zip" }));
    expect(await ask(`/requests/${name}/link`, { method: "POST" })).toMatchObject({
      status: 410,
      body: { error: "statement_gone" },
    });
  });
});

describe("what is not told", () => {
  const ASKED = [
    ["GET", ""],
    ["PUT", "/cancel"],
    ["POST", "/link"],
  ] as const;

  it.each(ASKED)(
    "%s NAME%s: another's, an absent one and none are one answer",
    async (method, act) => {
      const others = await recorded({ source: "/web" });
      const index = "statement-event-0123456789abcdef";
      const absent = await ask(`/requests/transaction-request-c-1-1768478398123${act}`, { method });
      expect([absent.status, absent.body["error"]]).toEqual([404, "unknown_request"]);
      for (const name of [others, index, "readiness", "%2fx", ""]) {
        const { status, body } = await ask(`/requests/${name}${act}`, { method });
        expect([name, status, body]).toEqual([name, 404, absent.body]);
      }
      expect((await wishes()).filter((one) => one.data?.["record"] === others)).toEqual([]);
    },
  );

  it.each(ASKED)(
    "%s NAME%s: to a token of whom nothing is allowed, and to nobody",
    async (method, act) => {
      const name = await recorded();
      const stranger = await ask(`/requests/${name}${act}`, { method, subject: STRANGER });
      expect([stranger.status, stranger.body["error"]]).toEqual([403, "sender_not_allowed"]);
      const nobody = await fetch(`${api.url}/requests/${name}${act}`, { method });
      expect(nobody.status).toBe(401);
      await nobody.body?.cancel();
    },
  );

  it("events: they are request-intake's", async () => {
    const headers = { "content-type": "application/cloudevents+json" };
    const posted = await fetch(`${api.url}/`, { method: "POST", headers, body: "{}" });
    expect(posted.status).toBe(400);
    expect(await posted.json()).toMatchObject({ error: "unknown_path" });
  });

  it.each([
    ["DELETE", "", "GET, HEAD"],
    ["POST", "/cancel", "PUT"],
    ["PUT", "/link", "POST"],
  ])("%s NAME%s is not the way", async (method, act, allow) => {
    const { status, headers } = await ask(`/requests/${await recorded()}${act}`, { method });
    expect([status, headers.get("allow")]).toEqual([405, allow]);
  });
});

function disposable<T extends { destroy(): void }>(value: T): Disposable & { readonly value: T } {
  return { value, [Symbol.dispose]: () => value.destroy() };
}

async function makeFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "status-api-ledger-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
