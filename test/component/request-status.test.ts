/** What a sender is told of its request over HTTP, by a real intake with a real issuer of tokens. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StatementRequest } from "../../functions/domain/statement-request.ts";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { startFunction } from "../../infra/local/run/function-processes.ts";
import { makeAuthority } from "../support/servers/certificates.ts";
import { postStructured } from "../support/functions/event-server.ts";
import { startEventSink } from "../support/functions/event-sink.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";
import { startOidcIssuer, type OidcIssuer } from "../support/servers/oidc-issuer.ts";

const BILLING = "system:serviceaccount:billing:api";
const WEB = "system:serviceaccount:web:api";
const TYPE = "io.transactions-collector.statement.requested.v1";
const DATA = { customer_id: "c-1", start_date: "2025-12-01", end_date: "2025-12-31" };

const opened = new AsyncDisposableStack();
let issuer: OidcIssuer;
let ledger: LocalLedger;
/** With tokens, and another one of the same ledger without. */
let url: string;
let openUrl: string;
/** With tokens, and nobody has said whose source is whose. */
let looseUrl: string;

beforeAll(async () => {
  const authority = opened.use(await makeAuthority());
  issuer = opened.use(await startOidcIssuer(await authority.issue("IP:127.0.0.1"), "intake"));
  ledger = opened.use(await startLocalLedger());
  const sink = opened.use(await startEventSink());
  const logDir = await mkdtemp(join(tmpdir(), "status-"));
  opened.defer(() => rm(logDir, { recursive: true }));
  const env = { KUBECONFIG: ledger.kubeconfig, K_SINK: sink.url };
  const start = async (more: Readonly<Record<string, string>>): Promise<string> => {
    const port = await freePort();
    const launch = { name: "request-intake", port, logDir, env: { ...env, ...more } } as const;
    const started = await startFunction(launch);
    opened.defer(() => started.stop());
    return `http://127.0.0.1:${port}`;
  };
  url = await start({
    K_CA_CERTS: authority.ca,
    OIDC_ISSUER: issuer.url,
    OIDC_AUDIENCE: "intake",
    ALLOWED_SOURCES: `${BILLING} /billing, ${WEB} /web`,
    CALLBACK_HOSTS: "hooks.example.com:443",
  });
  openUrl = await start({ IDENTITY: "none" });
  looseUrl = await start({
    K_CA_CERTS: authority.ca,
    OIDC_ISSUER: issuer.url,
    OIDC_AUDIENCE: "intake",
  });
}, 120_000);
afterAll(() => opened.disposeAsync());

const headersOf = async (subject: string) => ({
  authorization: `Bearer ${await issuer.token({ subject })}`,
});

async function read(path: string, subject = BILLING, more: Record<string, string> = {}) {
  const headers = { ...(await headersOf(subject)), ...more };
  const response = await fetch(url + path, { headers });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : (JSON.parse(text) as object),
  };
}

let serial = 0;
/** Asks as billing, and moves its record on. */
async function recorded(
  change: (request: StatementRequest) => object = () => ({}),
  more: Readonly<Record<string, unknown>> = {},
) {
  const id = `order-${++serial}`;
  const time = new Date(Date.now() - serial).toISOString();
  const event = {
    specversion: "1.0",
    id,
    source: "/billing",
    time,
    type: TYPE,
    data: { ...DATA, ...more },
  };
  const post = async () => await postStructured(`${url}/`, event, await headersOf(BILLING));
  const answer = await post();
  const name = answer.headers.get("ce-subject") ?? "";
  const stored = await ledger.ledger.read(name);
  if (!stored) throw new Error(`not recorded: ${answer.status}`);
  const moved = change(stored.request);
  if (Object.keys(moved).length > 0)
    await ledger.ledger.replace(stored, { ...stored.request, ...moved });
  return { id, name, answer, post, request: stored.request };
}

const AT = Date.UTC(2026, 0, 15, 12);
const OBJECT = { bucket: "b", key: "c-1-1-2-3.zip" };

describe("a request that is asked about", () => {
  it("pending: when it is tried next, and when to look again", async () => {
    const { name, request } = await recorded(() => ({ nextAttemptAt: Date.now() + 45_000 }));
    const { status, headers, body } = await read(`/requests/${name}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      request_id: name,
      status: "pending",
      ...DATA,
      time_zone: "UTC",
      attempt: 0,
      recorded_at: new Date(request.facts.recordedAt).toISOString(),
      next_step_at: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
    });
    expect(headers.get("cache-control")).toBe("private, no-cache");
    const again = Number(headers.get("retry-after"));
    expect([again > 30, again <= 45]).toEqual([true, true]);
  });

  it("processing: how far it is, and how long that takes", async () => {
    const { name } = await recorded(() => ({
      status: "processing",
      attempt: 2,
      holder: "pod/1",
      leaseExpiresAt: AT,
      object: OBJECT,
      progress: {
        phase: "transactions.csv",
        rows: 1_000,
        rowsCounted: 5_000,
        bytesSent: 77,
        rowsPerSecond: 200,
        at: AT,
      },
    }));
    const { headers, body } = await read(`/requests/${name}`);
    expect(body).toMatchObject({
      status: "processing",
      attempt: 2,
      next_step_at: "2026-01-15T12:00:00.000Z",
      progress: {
        phase: "transactions.csv",
        rows: 1_000,
        rows_counted: 5_000,
        bytes_sent: 77,
        rows_per_second: 200,
        at: "2026-01-15T12:00:00.000Z",
      },
    });
    // 4,000 rows at 200 a second.
    expect(headers.get("retry-after")).toBe("20");
  });

  it("its callback: owed, tried again, taken or given up, and of its address the host alone", async () => {
    const callback_url = "https://hooks.example.com/done?access_token=qvx7-secret";
    const ended = (callback?: object) => ({
      ...{ status: "cancelled", cancelledAt: AT, announced: false, accepted: true, callback },
    });
    const of = async (moved: object) => {
      const { name } = await recorded(() => moved, { callback_url });
      const { body } = await read(`/requests/${name}`);
      expect(JSON.stringify(body)).not.toContain("qvx7");
      return (body as { readonly callback?: object }).callback;
    };
    const host = "hooks.example.com:443";
    const untried = { state: "owed", host, attempts: 0 };
    expect(await of({})).toEqual(untried);
    expect(await of(ended())).toEqual(untried);
    const tried = { attempts: 3, triedAt: AT, error: "http_503" };
    expect(await of(ended({ ...tried, state: "owed", nextAt: AT + 60_000 }))).toEqual({
      ...{ state: "owed", host, attempts: 3, tried_at: "2026-01-15T12:00:00.000Z" },
      ...{ next_at: "2026-01-15T12:01:00.000Z", error: "http_503" },
    });
    const told = {
      ...ended({ ...tried, state: "given-up" }),
      announced: true,
      accepted: undefined,
    };
    expect(await of(told)).toMatchObject({ state: "given-up", error: "http_503" });
    // Nobody was asked then: it is no time of a try.
    const leftAlone = { ...tried, state: "owed", nextAt: AT + 60_000, error: "host_paused" };
    expect(await of(ended(leftAlone))).toEqual({
      ...{ state: "owed", host, attempts: 3, next_at: "2026-01-15T12:01:00.000Z" },
      error: "host_paused",
    });
    const delivered = { state: "delivered", attempts: 1, triedAt: AT };
    expect(await of({ ...told, callback: delivered })).toEqual({
      ...{ state: "delivered", host, attempts: 1, tried_at: "2026-01-15T12:00:00.000Z" },
    });
  });

  it("executed: what its file is, and no need to look again", async () => {
    const { name, post } = await recorded(() => ({
      status: "executed",
      object: OBJECT,
      rows: 12,
      bytes: 345,
      sha256: "ab",
      asOf: AT,
      executedAt: AT + 1,
      announced: false,
    }));
    const { headers, body } = await read(`/requests/${name}`);
    expect(body).toMatchObject({
      status: "executed",
      ended_at: "2026-01-15T12:00:00.001Z",
      statement: {
        ...OBJECT,
        rows: 12,
        bytes: 345,
        sha256: "ab",
        as_of: "2026-01-15T12:00:00.000Z",
      },
    });
    expect(headers.get("retry-after")).toBeNull();
    // Who sends the event again is told the same as an event.
    const again = await post();
    expect([again.status, again.headers.get("ce-id")]).toEqual([200, `${name}.executed`]);
    expect(again.body).toMatchObject({ request_id: name, rows: 12, status: "executed" });
  });

  it("failed: why, in words too", async () => {
    const { name } = await recorded(() => ({
      status: "failed",
      errorCode: "unknown_customer",
      failedAt: AT,
      announced: true,
    }));
    expect((await read(`/requests/${name}`)).body).toMatchObject({
      status: "failed",
      ended_at: "2026-01-15T12:00:00.000Z",
      error: {
        code: "unknown_customer",
        means: "the account view has no account of this customer",
      },
    });
  });

  it("says where, in the answer to its event", async () => {
    const { name, answer } = await recorded();
    expect(answer.headers.get("location")).toBe(`/requests/${name}`);
    expect(answer.body).not.toHaveProperty("status");
    expect((await read(answer.headers.get("location") ?? "")).status).toBe(200);
  });

  it("its end was asked for: told as soon as the wish is there, before a builder has seen it", async () => {
    const { id, name } = await recorded();
    const wish = { record: name, customerId: "c-1", requestedAt: AT, requestedBy: BILLING };
    await ledger.ledger.wish(wish);
    const query = new URLSearchParams({ source: "/billing", id });
    for (const path of [`/requests/${name}`, `/requests?${query.toString()}`]) {
      expect((await read(path)).body).toMatchObject({
        status: "pending",
        cancel_requested_at: "2026-01-15T12:00:00.000Z",
      });
    }
  });

  it("is found by source and id", async () => {
    const { id, name } = await recorded();
    const query = new URLSearchParams({ source: "/billing", id });
    expect((await read(`/requests?${query.toString()}`)).body).toMatchObject({ request_id: name });
  });

  it("is not sent again to whoever has it as it is", async () => {
    const { name } = await recorded();
    const { headers } = await read(`/requests/${name}`);
    const etag = headers.get("etag") ?? "";
    const same = await read(`/requests/${name}`, BILLING, { "if-none-match": `"x", W/${etag}` });
    expect([same.status, same.body, same.headers.get("etag")]).toEqual([304, undefined, etag]);
    const stored = await ledger.ledger.read(name);
    if (!stored) throw new Error("gone");
    await ledger.ledger.replace(stored, { ...stored.request, attempt: 7 });
    const other = await read(`/requests/${name}`, BILLING, { "if-none-match": etag });
    expect([other.status, other.headers.get("etag") === etag]).toEqual([200, false]);
  });
});

describe("what is not told", () => {
  it("another sender's request, an absent one, and what is no request are one answer", async () => {
    const { id, name } = await recorded();
    const absent = await read("/requests/transaction-request-c-1-1768478398123", WEB);
    expect([absent.status, absent.body]).toEqual([
      404,
      expect.objectContaining({ error: "unknown_request" }),
    ]);
    const [index] = await ledger.indexes();
    for (const path of [
      `/requests/${name}`,
      `/requests?${new URLSearchParams({ source: "/billing", id }).toString()}`,
      `/requests/${index?.metadata?.name ?? ""}`,
      "/requests/readiness",
      "/requests/",
      "/requests/a/b",
      "/requests/%2fx",
    ]) {
      const { status, body, headers } = await read(path, WEB);
      expect([path, status, body]).toEqual([path, 404, absent.body]);
      expect([...headers.keys()].toSorted()).toEqual([...absent.headers.keys()].toSorted());
    }
  });

  it("anything to nobody", async () => {
    const { name } = await recorded();
    const response = await fetch(`${url}/requests/${name}`);
    expect(response.status).toBe(401);
    await response.body?.cancel();
  });

  it("more than the state where nobody is asked who they are", async () => {
    const { name } = await recorded();
    const response = await fetch(`${openUrl}/requests/${name}`);
    expect([response.status, await response.json()]).toEqual([
      200,
      { request_id: name, status: "pending" },
    ]);
  });

  it("more than the state where every sender may use every source", async () => {
    const { name } = await recorded();
    const headers = await headersOf("system:serviceaccount:anybody:else");
    const response = await fetch(`${looseUrl}/requests/${name}`, { headers });
    expect([response.status, await response.json()]).toEqual([
      200,
      { request_id: name, status: "pending" },
    ]);
  });
});

describe("how it is asked", () => {
  it.each(["", "?source=%2Fbilling", "?id=1"])("/requests%s lacks what it needs", async (query) => {
    expect(await read(`/requests${query}`)).toMatchObject({
      status: 400,
      body: { error: "required" },
    });
  });

  it.each([
    ["?source=%2Fbilling&id=1&ids=2", "ids", "unknown_field"],
    ["?source=%2Fbilling&source=%2Fweb&id=1", "source", "doubled_key"],
  ])("/requests%s: which is meant nobody can know", async (query, field, code) => {
    expect(await read(`/requests${query}`)).toMatchObject({
      status: 400,
      body: { error: code, problems: [{ field, code }] },
    });
  });

  it.each(["POST", "PUT", "DELETE"])("%s is not the way", async (method) => {
    const response = await fetch(`${url}/requests/x`, { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    await response.body?.cancel();
  });

  it("HEAD has the head alone", async () => {
    const { name } = await recorded();
    const headers = await headersOf(BILLING);
    const response = await fetch(`${url}/requests/${name}`, { method: "HEAD", headers });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(response.headers.get("etag")).toMatch(/^"[0-9a-f]{32}"$/);
  });

  it("a wrong path is 404 to a GET, and 400 to a POST", async () => {
    const got = await fetch(`${url}/request`);
    const posted = await fetch(`${url}/request`, { method: "POST" });
    expect([got.status, posted.status]).toEqual([404, 400]);
    await Promise.all([got.body?.cancel(), posted.body?.cancel()]);
  });
});
