/** The page's server by itself: whom it answers, many requests, and a run of which parts are away. */
import { createServer, request as httpRequest, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { S3Client } from "@aws-sdk/client-s3";
import {
  fail,
  recordRequest,
  requestCancel,
  startAgain,
} from "../../functions/domain/statement-request.ts";
import { wishedLedger } from "../../functions/platform/ledger/wished-ledger.ts";
import { makeBoard, type Board } from "../../infra/operator/ui/board.ts";
import { followLedger } from "../../infra/operator/ui/followed-ledger.ts";
import { makePage, type Page, type PageOptions } from "../../infra/operator/ui/page.ts";
import { findTroubles } from "../../infra/local/run/page/trouble.ts";
import { heldRequest } from "../support/functions/held-request.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";

/** Nobody listens there. */
const NOWHERE = "http://127.0.0.1:9";
const MANY = 1_500;

let opened: AsyncDisposableStack;
let ledger: LocalLedger;
let page: Page;
let server: Server;
let host: string;

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  ledger = opened.use(await startLocalLedger());
  page = open({ base: "/", mayWrite: true });
  server = createServer((request, response) => void page.answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  host = `localhost:${(server.address() as AddressInfo).port}`;
  opened.defer(() => {
    server.closeAllConnections();
    server.close();
  });
});
afterEach(async () => await opened.disposeAsync());

/** In the place of the one before. */
function open(chosen: Pick<PageOptions, "base" | "mayWrite"> & Partial<PageOptions>): Page {
  const client = opened.adopt(new S3Client({ region: "us-east-1" }), (one) => one.destroy());
  const functions = {
    "request-intake": NOWHERE,
    "pending-scanner": NOWHERE,
    "statement-builder": NOWHERE,
  };
  return opened.use(
    makePage({
      ledger: ledger.ledger,
      kubeconfig: ledger.kubeconfig,
      namespace: ledger.namespace,
      store: () => Promise.resolve(client),
      intake: () => Promise.resolve({ INTAKE_URL: NOWHERE }),
      source: "/test",
      who: () => Promise.resolve("somebody@here"),
      onAct: () => undefined,
      troubles: () => findTroubles({ functions, logDir: "out/logs" }),
      tick: () => Promise.resolve(),
      terms: { leaseMs: 60_000, clockSkewMs: 5_000, maxFailures: 5 },
      words: { place: "a test", tool: "statements", again: "Start it again." },
      ...chosen,
    }),
  );
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `fetch` lets nobody choose the headers that matter here. */
async function send(path: string, { method = "GET", headers, body }: Sent = {}) {
  const { port } = server.address() as AddressInfo;
  const sent = httpRequest({ port, path, method, headers: { host, ...headers } });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [
    NodeJS.ReadableStream & { statusCode: number; headers: Record<string, string> },
  ];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** The events of one kind that a browser with this filter is sent. */
async function* events<T>(name: string, query = ""): AsyncGenerator<T> {
  const response = await fetch(`http://${host}/page/live?${query}`);
  let unread = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    unread += chunk;
    const messages = unread.split("\n\n");
    unread = messages.pop() ?? "";
    for (const message of messages) {
      const [, event, data = ""] = /^event: (.*)\ndata: (.*)$/.exec(message) ?? [];
      if (event === name) yield JSON.parse(data) as T;
    }
  }
}

/** The first of them that is as it should be. */
async function until<T>(found: AsyncGenerator<T>, isRight: (one: T) => boolean): Promise<T> {
  for (;;) {
    const next = await found.next();
    if (next.done) throw new Error("the stream has ended");
    if (isRight(next.value)) return next.value;
  }
}

async function record(n: number): Promise<string> {
  const customerId = `customer-${String(n).padStart(6, "0")}`;
  const time = Date.UTC(2026, 0, 1) + n;
  const name = `transaction-request-${customerId}-${time}`;
  await ledger.ledger.create(
    recordRequest({
      name,
      customerId,
      startDate: "2025-01-01",
      endDate: "2025-01-31",
      timeZone: "UTC",
      options: {},
      event: { source: "/test", id: String(n), type: "requested", time },
      recordedAt: time,
    }),
  );
  return name;
}

describe("whom it answers", () => {
  test.each([
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
  ])("not a browser that was led here by the name %s", async (name) => {
    expect(await send("/", { headers: { host: name } })).toMatchObject({ status: 421 });
    expect(await send("/page/live", { headers: { host: name } })).toMatchObject({ status: 421 });
  });

  test("by any name of this machine", async () => {
    const { port } = server.address() as AddressInfo;
    for (const name of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "LOCALHOST"]) {
      expect(await send("/", { headers: { host: name } })).toMatchObject({ status: 200 });
    }
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ["another site", { origin: "https://evil.example" }],
    ["another program on this machine", { origin: "http://localhost:1" }],
    ["a sandboxed frame", { origin: "null" }],
    ["no origin at all", {}],
    ["a forged origin", { origin: "own", "sec-fetch-site": "cross-site" }],
  ])("a form of %s may not post", async (_name, { origin, ...others }) => {
    const headers = {
      ...(origin === undefined ? {} : { origin: origin === "own" ? `http://${host}` : origin }),
      ...others,
    };
    for (const path of [
      "/page/requests",
      "/page/requests/x/cancel",
      "/page/requests/x/inspection",
      "/page/tick",
    ]) {
      expect(await send(path, { method: "POST", headers, body: "{}" })).toMatchObject({
        status: 403,
      });
    }
  });

  test.each(["cross-site", "same-site"])(
    "a %s page gets nothing, and may lead a browser here at most",
    async (site) => {
      const headers = { "sec-fetch-site": site };
      expect(await send("/", { headers })).toMatchObject({ status: 200 });
      for (const path of [
        "/page/live",
        "/page/facts",
        "/page/page.js",
        "/page/requests/x/statement",
        "/page/requests/x/explanation",
      ]) {
        expect(await send(path, { headers })).toMatchObject({ status: 403 });
      }
    },
  );

  test("whoever does not know the key gets nothing, whatever headers they send", async () => {
    page = open({ base: "/s3cr3t-k3y/", mayWrite: true });
    const headers = { origin: `http://${host}`, "sec-fetch-site": "same-origin" };
    const name = await record(1);
    for (const base of ["", "/", "/s3cr3t-k3x", "/s3cr3t", "/s3cr3t-k3yy", "//s3cr3t-k3y"]) {
      for (const path of ["/", "/page/facts", "/page/live", `/page/requests/${name}/explanation`]) {
        expect(await send(`${base}${path}`, { headers })).toMatchObject({ status: 404 });
      }
      const path = `${base}/page/requests/${name}/cancel`;
      expect(await send(path, { method: "POST", headers })).toMatchObject({ status: 404 });
    }
    expect((await ledger.ledger.read(name))?.request.cancelRequestedAt).toBeUndefined();

    expect(await send("/s3cr3t-k3y/")).toMatchObject({ status: 200 });
    const path = `/s3cr3t-k3y/page/requests/${name}/cancel`;
    expect(await send(path, { method: "POST", headers })).toMatchObject({ status: 200 });
    expect((await ledger.ledger.read(name))?.request.cancelRequestedAt).toBeDefined();
  });

  test("a page that only shows refuses what would change something, its own form too", async () => {
    page = open({ base: "/", mayWrite: false });
    const headers = { origin: `http://${host}` };
    const name = await record(1);
    const event = { id: "1", time: new Date().toISOString(), data: { customer_id: "c" } };
    for (const path of [
      "/page/requests",
      "/page/tick",
      `/page/requests/${name}/cancel`,
      `/page/requests/${name}/retry`,
    ]) {
      const answer = await send(path, { method: "POST", headers, body: JSON.stringify(event) });
      expect(answer).toMatchObject({ status: 403 });
      expect(answer.body).toContain("start it with --write");
    }
    expect((await ledger.ledger.read(name))?.request.cancelRequestedAt).toBeUndefined();
    expect(await send(`/page/requests/${name}/explanation`)).toMatchObject({ status: 200 });
    const inspected = await send(`/page/requests/${name}/inspection`, { method: "POST", headers });
    expect(inspected).toMatchObject({ status: 409 });
    expect(inspected.body).toContain("it has no file");
  });

  test("nothing it sends may be framed, kept, or run what is not its own", async () => {
    for (const path of ["/", "/page/page.js", "/page/facts", "/nothing"]) {
      const { headers } = await send(path);
      expect(headers["content-security-policy"]).toContain("default-src 'none'");
      expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
      expect(headers["content-security-policy"]).not.toContain("unsafe");
      expect(headers).toMatchObject({
        "cache-control": "no-store",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      });
    }
  });

  test("the page's own form, and says what is wrong with it", async () => {
    const origin = `http://${host}`;
    const post = async (body: string) =>
      await send("/page/requests", { method: "POST", headers: { origin }, body });
    expect(await post("[]")).toMatchObject({ status: 400 });
    expect(await post(JSON.stringify({ filling: "x".repeat(20_000) }))).toMatchObject({
      status: 400,
    });
    const event = { id: "1", time: "2026-01-01T00:00:00Z", data: { customer_id: "c" } };
    const unanswered = await post(JSON.stringify(event));
    expect(unanswered.status).toBe(503);
    expect(unanswered.body).toContain(`request-intake does not answer at ${NOWHERE}`);
  });

  test.each([
    "/page/../page.ts",
    "/page/page.ts",
    "/page/%2e%2e/page.ts",
    "/constructor",
    "//x/",
    "*",
  ])("nothing but the page's files: %s", async (path) => {
    expect(await send(path)).toMatchObject({ status: 404 });
  });
});

test("of many requests it sends the newest, and counts them all", async () => {
  for (let n = 1; n <= MANY; n += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, i) => record(n + i)));
  }
  const isWhole = ({ totals }: Board): boolean => totals.pending === MANY;
  const board = await until(events<Board>("board"), isWhole);
  expect(board.matching).toBe(MANY);
  expect(board.rows).toHaveLength(20);
  expect(board.rows[0]?.customerId).toBe("customer-001500");
  expect(board.rows[19]?.customerId).toBe("customer-001481");

  const found = await until(events<Board>("board", "text=customer-0014&limit=30"), isWhole);
  expect(found).toMatchObject({ counts: { pending: 100 }, matching: 100 });
  expect(found.rows).toHaveLength(30);
  expect([board.hasMore, found.hasMore]).toEqual([true, true]);
  // It never sends more than these: the page then says to narrow the filter.
  const most = await until(events<Board>("board", "limit=620"), isWhole);
  expect(most).toMatchObject({ matching: MANY, hasMore: false });
  expect(most.rows).toHaveLength(500);
  const none = await until(events<Board>("board", "state=failed&limit=x"), isWhole);
  expect(none).toMatchObject({ matching: 0, rows: [] });
});

test("one request alone by its whole name, and how far its build is", async () => {
  const name = await record(1);
  await record(11);
  const stored = await ledger.ledger.read(name);
  if (stored?.request.status !== "pending") throw new Error("not pending");
  const now = Date.now();
  const object = { bucket: "statements", key: "x.zip" };
  const progress = {
    phase: "transactions.csv",
    rows: 250,
    rowsCounted: 1_000,
    bytesSent: 0,
    rowsPerSecond: 100,
    at: now,
  };
  await ledger.ledger.replace(stored, {
    ...heldRequest(stored.request, { now, object }),
    progress,
  });
  const board = await until(
    events<Board>("board", `request=${name}`),
    ({ rows }) => rows.length === 1,
  );
  expect(board).toMatchObject({ matching: 1, totals: { pending: 1, processing: 1 } });
  expect(board.rows[0]).toMatchObject({ name, status: "processing", share: 0.25 });
  expect(board.rows[0]?.result).toContain("250 of 1,000 (25 %) rows");
});

async function end(name: string): Promise<void> {
  const stored = await ledger.ledger.read(name);
  if (stored?.request.status !== "pending") throw new Error("not pending");
  const now = Date.now();
  const held = heldRequest(stored.request, { now, object: { bucket: "b", key: "x.zip" } });
  await ledger.ledger.replace(stored, fail(held, "too_large", now));
}

test("of what has ended long ago it keeps no more than the state, until somebody asks for it", async () => {
  const names: string[] = [];
  for (let n = 1; n <= 12; n++) names.push(await record(n));
  const [oldest = "", second = "", third = "", fourth = "", ...others] = names;
  for (const name of [third, fourth, ...others]) await end(name);
  const stop = new AbortController();
  opened.defer(() => stop.abort());
  const { kubeconfig, namespace } = ledger;
  let news = Promise.withResolvers<unknown>();
  const onNews = (): void => news.resolve(undefined);
  const options = { ledger: ledger.ledger, kubeconfig, namespace, signal: stop.signal, onNews };
  const followed = followLedger({ ...options, most: 5, onStep: onNews });
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) {
      await news.promise;
      news = Promise.withResolvers();
    }
  };
  await until(() => followed.answers === true);
  // The newest five, and the two that have not ended.
  expect([...followed.requests.keys()].toSorted()).toEqual(
    [oldest, second, ...names.slice(-5)].toSorted(),
  );
  const filter = { state: undefined, text: "", name: undefined, limit: 20 };
  const board = makeBoard(followed, filter);
  expect(board).toMatchObject({ totals: { pending: 2, failed: 10 }, matching: 7, older: 5 });

  await followed.bring(fourth);
  expect(makeBoard(followed, { ...filter, name: fourth }).rows).toMatchObject([{ name: fourth }]);
  const stored = await ledger.ledger.read(third);
  if (stored?.request.status !== "failed") throw new Error("not failed");
  await ledger.ledger.replace(stored, startAgain(stored.request));
  await until(() => followed.requests.get(third)?.request.status === "pending");
  expect(makeBoard(followed, filter)).toMatchObject({
    totals: { pending: 3, failed: 9 },
    older: 3,
  });
});

test("a wish to cancel is no new state, and stays until the end though a watch does not see it", async () => {
  const name = await record(1);
  const now = Date.now();
  const recorded = await ledger.ledger.read(name);
  if (recorded?.request.status !== "pending") throw new Error("not pending");
  const held = heldRequest(recorded.request, { now, object: { bucket: "b", key: "x.zip" } });
  await ledger.ledger.replace(recorded, held);
  const customerId = held.facts.customerId;
  await ledger.ledger.wish({ record: name, customerId, requestedAt: now, requestedBy: "/test" });
  const stop = new AbortController();
  opened.defer(() => stop.abort());
  const { kubeconfig, namespace } = ledger;
  let steps = 0;
  const onStep = (): void => void (steps += 1);
  let news = Promise.withResolvers<unknown>();
  const onNews = (): void => news.resolve(undefined);
  const followed = followLedger({
    ledger: wishedLedger(ledger.ledger),
    ...{ kubeconfig, namespace, signal: stop.signal, onStep, onNews },
  });
  const filter = { state: undefined, text: "", name: undefined, limit: 20 };
  const row = (): Board["rows"][number] | undefined => makeBoard(followed, filter).rows[0];
  while (followed.answers !== true) await news.promise;
  expect(row()).toMatchObject({ isCancelling: true, steps: [] });

  for (const share of [0.25, 0.5]) {
    news = Promise.withResolvers();
    const stored = await ledger.ledger.read(name);
    if (stored?.request.status !== "processing") throw new Error("not processing");
    const counted = { rows: share * 100, rowsCounted: 100, bytesSent: 0, rowsPerSecond: 1 };
    const progress = { phase: "transactions.csv", at: Date.now(), ...counted };
    // The second one is the operator's, in the record itself.
    const request = share === 0.5 ? requestCancel(stored.request, now) : stored.request;
    await ledger.ledger.replace(stored, { ...request, progress });
    while (row()?.share !== share) await Promise.race([news.promise, sleep(20)]);
    expect(row()).toMatchObject({ isCancelling: true, steps: [] });
  }
  expect(steps).toBe(0);
});

test("what is written, and what is deleted, comes by itself", async () => {
  const boards = events<Board>("board");
  await boards.next();
  await record(1);
  const first = await until(boards, ({ rows }) => rows.length === 1);
  const name = first.rows[0]?.name ?? "";
  const { namespace, core } = ledger;
  const again = events<Board>("board");
  await until(again, ({ rows }) => rows.length === 1);
  await core.deleteNamespacedConfigMap({ namespace, name });
  expect(await until(again, ({ rows }) => rows.length === 0)).toMatchObject({ matching: 0 });
});

test("whatever a record says is text to look at: nothing turns, hides or begins a line", async () => {
  const hostile = "mark\u001b[2J\u202egnp\u2066\r\nforged\u200b\u2028";
  const name = "transaction-request-hostile-1768478398123";
  const at = "2026-01-15T12:00:00.000Z";
  const texts =
    "customer_id start_date end_date time_zone event_source event_id event_type error_code last_error";
  const data = {
    ...Object.fromEntries(texts.split(" ").map((field) => [field, hostile])),
    options: JSON.stringify({ [hostile]: hostile }),
    ...{ event_time: at, recorded_at: at, failed_at: at },
    ...{ attempt: "1", failures: "1", lane: "service", status: "failed" },
  };
  const labels = {
    "app.kubernetes.io/managed-by": "transactions-collector",
    "app.kubernetes.io/component": "statement-request",
  };
  const acts = JSON.stringify([{ act: "retry", by: hostile, at: hostile }]);
  const annotations = { "transactions-collector.io/acts": acts };
  const body = { metadata: { name, labels, annotations }, data };
  await ledger.core.createNamespacedConfigMap({ namespace: ledger.namespace, body });

  const board = await until(events<Board>("board"), ({ rows }) => rows.length > 0);
  const explanation = await send(`/page/requests/${name}/explanation`);
  const cancelled = await send(`/page/requests/${name}/cancel`, {
    method: "POST",
    headers: { origin: `http://${host}` },
  });
  expect(explanation.body).toContain("put back to pending by mark");
  for (const said of [board, JSON.parse(explanation.body), JSON.parse(cancelled.body)]) {
    for (const text of textsIn(said)) expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  }
  expect(textsIn(board).some((text) => text.includes("mark\\u001b"))).toBe(true);
});

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => [name, ...textsIn(one)]);
}

test("says what does not answer, what that means and where to look", async () => {
  const words = await until(events<string[]>("troubles"), (troubles) => troubles.length > 0);
  expect(words).toHaveLength(3);
  expect(words.join("\n")).toContain("statement-builder is not ready. The database, the bucket");
  expect(words.join("\n")).toContain("out/logs/statement-builder.log");
});

test("says that the ledger does not answer, and what that means for what is shown", async () => {
  const list = (): never => {
    throw new Error("injected");
  };
  const away = { ...ledger.ledger, list };
  const troubles = (): Promise<readonly string[]> => Promise.resolve([]);
  page = open({ base: "/", mayWrite: false, ledger: away, troubles });
  const words = await until(events<string[]>("troubles"), (found) => found.length > 0);
  expect(words).toEqual(["The ledger does not answer, so what is shown is old."]);
});
