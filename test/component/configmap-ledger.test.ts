/**
 * The ledger on a real kube-apiserver and on the local one: the same promises, also when answers
 * are lost, late or refused on the way.
 */
import { readFile, writeFile } from "node:fs/promises";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api, KubeConfig, type V1ConfigMap } from "@kubernetes/client-node";
import { announce } from "../../functions/domain/outcome/telling.ts";
import {
  requestCancel,
  execute,
  handOver,
  recordRequest,
  type PendingRequest,
  type ProcessingRequest,
  type RequestFacts,
} from "../../functions/domain/statement-request.ts";
import {
  makeConfigMapLedger,
  type Ledger,
  type ListFilter,
  type Stored,
} from "../../functions/platform/ledger/configmap-ledger.ts";
import { LedgerUnavailable } from "../../functions/platform/ledger/ledger-unavailable.ts";
import { claimRecord, type ClaimOutcome } from "../../functions/statement-builder/claim.ts";
import {
  holdLease,
  LeaseLost,
  type LeaseSettings,
} from "../../functions/statement-builder/lease.ts";
import { makeLog } from "../../functions/platform/telemetry/log.ts";
import { startLocalKubernetesApi } from "../../infra/local/cluster/kubernetes-api/server.ts";
import { startHttpFaultProxy, type HttpFaultProxy } from "../support/wire/http-fault-proxy.ts";
import { startKubeApiserver } from "../support/servers/kube-apiserver.ts";

const log = makeLog({ name: "statement-builder", level: "silent" });
const SETTINGS = {
  execution: "service",
  leaseMs: 2_000,
  renewMs: 300,
  clockSkewMs: 200,
  publishTimeoutMs: 2_000,
  maxFailures: 3,
  bucket: "statements",
  prefix: "",
  hostname: "test",
} as const;

/** A page of a list may take longer than any other answer. */
const PATIENCE = { timeoutMs: 1_000, listTimeoutMs: 20_000 } as const;

interface Ground extends AsyncDisposable {
  readonly namespace: string;
  /** Straight to the server. */
  readonly direct: Ledger;
  /** Through the proxy. */
  readonly ledger: Ledger;
  readonly proxy: HttpFaultProxy;
  /** As it is stored, straight from the server. */
  readonly configMap: (name: string) => Promise<V1ConfigMap>;
}

async function realServer(): Promise<Ground> {
  await using opened = new AsyncDisposableStack();
  const kube = opened.use(await startKubeApiserver());
  const namespace = await kube.createNamespace();
  const text = await readFile(kube.kubeconfig, "utf8");
  const config = JSON.parse(text) as {
    clusters: [{ cluster: { "certificate-authority-data": string } }];
  };
  const ca = Buffer.from(config.clusters[0].cluster["certificate-authority-data"], "base64");
  const proxy = opened.use(await startHttpFaultProxy({ url: kube.url, tls: { ca } }));
  const folder = mkdtempSync(join(tmpdir(), "ledger-"));
  opened.defer(() => rmSync(folder, { recursive: true }));
  const proxied = join(folder, "kubeconfig");
  const { "certificate-authority-data": _, ...cluster } = config.clusters[0].cluster;
  const clusters = [
    { name: "test", cluster: { ...cluster, server: proxy.url, "insecure-skip-tls-verify": true } },
  ];
  await writeFile(proxied, JSON.stringify({ ...config, clusters }));
  const closing = opened.move();
  return {
    namespace,
    proxy,
    configMap: readerOf(kube.kubeconfig, namespace),
    direct: makeConfigMapLedger({ namespace, kubeconfig: kube.kubeconfig }),
    ledger: makeConfigMapLedger({ namespace, kubeconfig: proxied, ...PATIENCE }),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

async function localServer(): Promise<Ground> {
  await using opened = new AsyncDisposableStack();
  const api = opened.use(await startLocalKubernetesApi());
  const proxy = opened.use(await startHttpFaultProxy({ url: api.url }));
  const folder = mkdtempSync(join(tmpdir(), "ledger-"));
  opened.defer(() => rmSync(folder, { recursive: true }));
  await writeFile(join(folder, "direct"), api.kubeconfig());
  await writeFile(join(folder, "proxied"), api.kubeconfig().replace(api.url, proxy.url));
  const namespace = "default";
  const closing = opened.move();
  return {
    namespace,
    proxy,
    configMap: readerOf(join(folder, "direct"), namespace),
    direct: makeConfigMapLedger({ namespace, kubeconfig: join(folder, "direct") }),
    ledger: makeConfigMapLedger({
      namespace,
      kubeconfig: join(folder, "proxied"),
      ...PATIENCE,
    }),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

function readerOf(kubeconfig: string, namespace: string): Ground["configMap"] {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  return async (name) => await core.readNamespacedConfigMap({ namespace, name });
}

let serial = 0;
function newRequest(over: Partial<RequestFacts> = {}): PendingRequest {
  const now = Date.now();
  const name = `transaction-request-c-${now}-${++serial}`;
  return recordRequest({
    name,
    customerId: "c",
    startDate: "2025-01-01",
    endDate: "2025-12-31",
    timeZone: "Europe/Berlin",
    options: { time_zone: "Europe/Berlin" },
    event: { source: "/bank", id: name, type: "requested", time: now },
    recordedAt: now,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ...over,
  });
}

describe.each([
  ["kube-apiserver", realServer],
  ["the local Kubernetes API", localServer],
])("on %s", (_, open) => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await open();
  });
  afterAll(async () => {
    await ground[Symbol.asyncDispose]();
  });
  afterEach(() => ground.proxy.pass());

  async function recorded(over?: Partial<RequestFacts>): Promise<PendingRequest> {
    const request = newRequest(over);
    expect(await ground.direct.create(request)).toBe("created");
    return request;
  }

  const claimIt = (
    name: string,
    ledger = ground.ledger,
    leaseMs: number = SETTINGS.leaseMs,
  ): Promise<ClaimOutcome> =>
    claimRecord(name, { ledger, settings: { ...SETTINGS, leaseMs }, now: Date.now });

  async function held(name: string, settings: LeaseSettings = SETTINGS) {
    const claimed = await claimIt(name);
    if (claimed.kind !== "claimed") throw new Error(claimed.kind);
    const { stored, sentAt } = claimed;
    const { ledger } = ground;
    return holdLease(stored, sentAt, { ledger, settings, now: Date.now, log });
  }

  test("a record reads back as it was written", async () => {
    const request = await recorded();
    expect((await ground.ledger.read(request.facts.name))?.request).toEqual(request);
    expect(await ground.ledger.create(request)).toBe("exists");
  });

  test("what is not there is undefined, also under a name Kubernetes does not allow", async () => {
    expect(await ground.ledger.read("transaction-request-none-1")).toBeUndefined();
    expect(await ground.ledger.read("No_Such NAME")).toBeUndefined();
  });

  test("nothing is claimed for a caller that has gone", async () => {
    const { name } = (await recorded()).facts;
    const gone = AbortSignal.abort(new Error("gone"));
    const claiming = claimRecord(
      name,
      { ledger: ground.direct, settings: SETTINGS, now: Date.now },
      gone,
    );
    await expect(claiming).rejects.toThrow("gone");
    expect((await ground.direct.read(name))?.request.status).toBe("pending");
  });

  test("nor for one that goes during the look at what a build needs", async () => {
    const { name } = (await recorded()).facts;
    const caller = new AbortController();
    const outage = {
      mayBuild: async () => {
        await Promise.resolve();
        caller.abort(new Error("gone"));
        return true;
      },
    };
    const deps = { ledger: ground.direct, settings: SETTINGS, now: Date.now, outage };
    await expect(claimRecord(name, deps, caller.signal)).rejects.toThrow("gone");
    expect((await ground.direct.read(name))?.request.status).toBe("pending");
  });

  test("a lease lasts from behind that look", async () => {
    const { name } = (await recorded()).facts;
    const clock = { now: Date.now() + 1_000 };
    const outage = {
      mayBuild: async () => {
        clock.now += 15_000;
        return await Promise.resolve(true);
      },
    };
    const deps = { ledger: ground.direct, settings: SETTINGS, now: () => clock.now, outage };
    expect((await claimRecord(name, deps)).kind).toBe("claimed");
    expect((await ground.direct.read(name))?.request).toMatchObject({
      leaseExpiresAt: clock.now + SETTINGS.leaseMs,
    });
  });

  // The winner's lease outlasts the other claims on the busiest machine.
  const AN_HOUR_MS = 3_600_000;
  test("of a hundred claims at once one wins", async () => {
    const { name } = (await recorded()).facts;
    const kinds = await Promise.all(
      Array.from(
        { length: 100 },
        async () => (await claimIt(name, ground.direct, AN_HOUR_MS)).kind,
      ),
    );
    expect(kinds.filter((kind) => kind === "claimed")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "wait")).toHaveLength(99);
  });

  test("what other tools add is kept through every write, and an executed record is frozen", async () => {
    const { name } = (await recorded()).facts;
    const stored = (await ground.direct.read(name)) as Stored;
    const { metadata, data } = stored.configMap;
    const marked = {
      ...stored,
      configMap: {
        metadata: {
          ...metadata,
          labels: { ...metadata?.labels, team: "a" },
          annotations: { note: "b" },
        },
        data: { ...data, extra: "c" },
        binaryData: { picture: "AAEC" },
      },
    };
    expect(await ground.direct.replace(marked, stored.request)).not.toBe("conflict");
    const lease = await held(name);
    const done = await lease.settle((request) =>
      execute(request, request.object, { rows: 1, bytes: 2, sha256: "ab", asOf: 3 }, 4),
    );
    if (done.kind !== "settled") throw new Error(done.kind);
    expect(await ground.ledger.replace(done.stored, announce(done.stored.request))).not.toBe(
      "conflict",
    );
    const last = (await ground.direct.read(name)) as Stored;
    expect(last.request).toMatchObject({ status: "executed", announced: true, rows: 1 });
    expect(last.configMap).toMatchObject({
      metadata: {
        labels: { team: "a" },
        annotations: { note: "b" },
      },
      data: { extra: "c" },
      binaryData: { picture: "AAEC" },
      immutable: true,
    });
    await expect(
      ground.direct.replace(last, { ...last.request, lastError: "changed" }),
    ).rejects.toThrow("is immutable");
  });

  test("lists by status and by whether the outcome was told, and removes one version only", async () => {
    const { name } = (await recorded({ customerId: "listed" })).facts;
    const found: Stored[] = [];
    for await (const page of ground.ledger.list({ status: ["pending"] })) {
      found.push(...page.records);
    }
    const mine = found.find((stored) => stored.name === name) as Stored;
    expect(mine.request.facts.customerId).toBe("listed");
    await ground.direct.replace(mine, { ...mine.request, lastError: "newer" } as PendingRequest);
    expect(await ground.ledger.remove(mine)).toBe("conflict");
    const newer = (await ground.ledger.read(name)) as Stored;
    expect(await ground.ledger.remove(newer)).toBe("removed");
    expect(await ground.ledger.remove(newer)).toBe("conflict");
  });

  test("lists what is not at rest, from the server's memory too, a moment later at most", async () => {
    const claimable = await recorded({ customerId: "rest" });
    const told = await recorded({ customerId: "rest" });
    const untold = await recorded({ customerId: "rest" });
    for (const [{ facts }, announced] of [
      [told, true],
      [untold, false],
    ] as const) {
      const stored = (await ground.direct.read(facts.name)) as Stored;
      const ended = { ...stored.request, status: "cancelled", cancelledAt: 1, announced } as const;
      expect(await ground.direct.replace(stored, ended)).not.toBe("conflict");
    }
    const listed = async (filter: ListFilter): Promise<string[]> => {
      const names: string[] = [];
      for await (const { records } of ground.ledger.list(filter)) {
        const mine = records.filter(({ request }) => request.facts.customerId === "rest");
        names.push(...mine.map(({ name }) => name));
      }
      return names.sort();
    };
    const open = [claimable.facts.name, untold.facts.name].sort();
    expect(await listed({ atRest: false })).toEqual(open);
    expect(await listed({ atRest: true })).toEqual([told.facts.name]);
    let stale = await listed({ atRest: false, mayBeStale: true });
    while (stale.join() !== open.join()) {
      stale = await listed({ atRest: false, mayBeStale: true });
    }
  });

  test("what is owed, and notes of outcomes, are asked of the server's memory", async () => {
    const before = ground.proxy.requests.length;
    const { ledger } = ground;
    for (const pages of [
      ledger.list({ atRest: false, mayBeStale: true }),
      ledger.listUndelivered(),
      ledger.listRejected({ mayBeStale: true }),
    ])
      for await (const page of pages) expect(page).toBeDefined();
    const asked = ground.proxy.requests.slice(before);
    expect(asked).toHaveLength(3);
    for (const one of asked) expect(one).toContain("resourceVersion=0");
  });

  test.each([true, false])(
    "records of many megabytes come in pages that fit (mayBeStale: %s)",
    async (mayBeStale) => {
      const options = { ballast: "x".repeat(900_000) };
      const large = await Promise.all(
        Array.from({ length: 12 }, () => recorded({ customerId: "large", options })),
      );
      const expected = large.map(({ facts }) => facts.name).sort();
      const pages: number[] = [];
      const listed = async (): Promise<string[]> => {
        const names: string[] = [];
        for await (const { records } of ground.ledger.list({ status: ["pending"], mayBeStale })) {
          const mine = records.filter(({ request }) => request.facts.customerId === "large");
          if (mine.length > 0) pages.push(mine.length);
          names.push(...mine.map(({ name }) => name));
        }
        return names.sort();
      };
      let names = await listed();
      // The server's memory may lack the newest records, in any order: they come a moment later.
      while (mayBeStale && names.join() !== expected.join()) names = await listed();
      expect(names).toEqual(expected);
      // Of 900 kB each, nine fit into the 8 MiB that are held at once.
      expect(Math.max(...pages)).toBeLessThanOrEqual(9);
      for (const {
        facts: { name },
      } of large) {
        await ground.direct.remove((await ground.direct.read(name)) as Stored);
      }
    },
  );

  test("nobody keeps books of who set which field, from the claim on", async () => {
    const { name } = (await recorded()).facts;
    expect((await claimIt(name)).kind).toBe("claimed");
    expect((await ground.configMap(name)).metadata?.managedFields ?? []).toEqual([]);
  });

  test("429 with Retry-After and 500 are asked again", async () => {
    const { name } = (await recorded()).facts;
    const headers = { "retry-after": "1" };
    const busy = ground.proxy.fail({ times: 1, fault: { kind: "answer", status: 429, headers } });
    const broken = ground.proxy.fail({ times: 1, fault: { kind: "answer", status: 500 } });
    const started = performance.now();
    expect(await ground.ledger.read(name)).toBeDefined();
    expect(performance.now() - started).toBeGreaterThan(950);
    expect([busy.hits, broken.hits]).toEqual([1, 1]);
  });

  test("a server that stays away is unavailable, with a reason and without its answer", async () => {
    ground.proxy.fail({ fault: { kind: "answer", status: 503, body: "secret" } });
    const error: unknown = await ground.ledger.read("x").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LedgerUnavailable);
    expect((error as Error).message).toContain("HTTP 503");
    expect((error as Error).message).not.toContain("secret");
  });

  test("a server that takes the request and never answers is given up", async () => {
    ground.proxy.fail({ fault: { kind: "drop" } });
    await expect(ground.ledger.read("x")).rejects.toThrow(/timed out/);
  });

  test("a list may take longer than other answers, as long as it was given", async () => {
    await recorded({ customerId: "patient" });
    const slow = ground.proxy.fail({ method: "GET", fault: { kind: "delay", ms: 1_500 } });
    const names: string[] = [];
    for await (const { records } of ground.ledger.list({ customerId: "patient" }))
      names.push(...records.map(({ name }) => name));
    expect(names).toHaveLength(1);
    expect(slow.hits).toBe(1);
  });

  test("an expired page token ends the listing as unavailable, for the next tick to begin anew", async () => {
    const names: string[] = [];
    while (names.length <= 500) {
      const some = Array.from({ length: 20 }, () => recorded({ customerId: "many" }));
      names.push(...(await Promise.all(some)).map(({ facts }) => facts.name));
    }
    const listAll = async (): Promise<Set<string>> => {
      const seen = new Set<string>();
      for await (const page of ground.ledger.list({ status: ["pending"] })) {
        for (const { name } of page.records) seen.add(name);
      }
      return seen;
    };
    const expired = JSON.stringify({ kind: "Status", code: 410, reason: "Expired" });
    const headers = { "content-type": "application/json" };
    const rule = ground.proxy.fail({
      path: /continue=/,
      times: 1,
      fault: { kind: "answer", status: 410, headers, body: expired },
    });
    await expect(listAll()).rejects.toThrow(LedgerUnavailable);
    expect(rule.hits).toBe(1);
    const seen = await listAll();
    expect(names.filter((name) => !seen.has(name))).toEqual([]);
  });

  test("a creation whose answer was lost is found to exist", async () => {
    const request = newRequest();
    ground.proxy.fail({ method: "POST", times: 1, fault: { kind: "reset-after" } });
    expect(await ground.ledger.create(request)).toBe("exists");
  });

  test("a claim whose answer was lost is ours all the same", async () => {
    const { name } = (await recorded()).facts;
    const rule = ground.proxy.fail({ method: "PUT", times: 1, fault: { kind: "reset-after" } });
    const claimed = await claimIt(name);
    expect(rule.hits).toBe(1);
    expect(claimed).toMatchObject({
      kind: "claimed",
      isFirst: true,
      stored: { request: { attempt: 1 } },
    });
  });

  test("a claim behind another one is not the first, though nothing was sent", async () => {
    const { name } = (await recorded()).facts;
    expect(await claimIt(name)).toMatchObject({ kind: "claimed", isFirst: true });
    const stored = await ground.direct.read(name);
    if (stored?.request.status !== "processing") throw new Error("not claimed");
    const now = Date.now();
    const back = handOver(stored.request, "shutting_down", { now, leaseEndsAt: now });
    expect(await ground.direct.replace(stored, back)).not.toBe("conflict");
    expect(await claimIt(name)).toMatchObject({
      kind: "claimed",
      isFirst: false,
      stored: { request: { attempt: 2 } },
    });
  });

  test("a last write whose answer was lost counts", async () => {
    const { name } = (await recorded()).facts;
    const lease = await held(name);
    ground.proxy.fail({ method: "PUT", times: 1, fault: { kind: "reset-after" } });
    const result = { rows: 1, bytes: 2, sha256: "ab", asOf: 3 };
    const done = await lease.settle((request) => execute(request, request.object, result, 4));
    expect(done.kind).toBe("settled");
    expect((await ground.direct.read(name))?.request).toMatchObject({ status: "executed" });
  });

  test("a lease is kept by its heartbeat, and lost when the ledger stays away", async () => {
    const { name } = (await recorded()).facts;
    await using lease = await held(name);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(lease.signal.aborted).toBe(false);
    ground.proxy.fail({ fault: { kind: "drop" } });
    await new Promise((resolve) => lease.signal.addEventListener("abort", resolve));
    expect(lease.signal.reason).toBeInstanceOf(LeaseLost);
    expect(() => lease.remainingMs()).toThrow(LeaseLost);
  });

  test("a holder that was overtaken writes nothing", async () => {
    const { name } = (await recorded()).facts;
    await using lease = await held(name);
    const mine = (await ground.direct.read(name)) as Stored;
    const successor = { ...mine.request, holder: "other/claim", attempt: 2 };
    await ground.direct.replace(mine, successor);
    const result = { rows: 1, bytes: 2, sha256: "ab", asOf: 3 };
    const done = await lease.settle((request) => execute(request, request.object, result, 4));
    expect(done.kind).toBe("lost");
    expect((await ground.direct.read(name))?.request).toMatchObject({ holder: "other/claim" });
  });

  const SELDOM_RENEWED = { ...SETTINGS, leaseMs: 60_000, renewMs: 20_000 };

  async function wishCancelled(name: string): Promise<void> {
    const mine = (await ground.direct.read(name)) as Stored<ProcessingRequest>;
    const wish = requestCancel(mine.request, Date.now());
    expect(await ground.direct.replace(mine, wish)).not.toBe("conflict");
  }

  test("an operator's wish to cancel reaches the holder between two renewals", async () => {
    const { name } = (await recorded()).facts;
    await using lease = await held(name, SELDOM_RENEWED);
    await wishCancelled(name);
    const began = performance.now();
    await new Promise((resolve) => lease.signal.addEventListener("abort", resolve));
    expect(lease.signal.reason).toMatchObject({ name: "CancelRequested" });
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  test("the look right before the creating write sees a wish that came a moment ago", async () => {
    const { name } = (await recorded()).facts;
    await using lease = await held(name, SELDOM_RENEWED);
    await lease.check();
    await wishCancelled(name);
    await expect(lease.check()).rejects.toMatchObject({ name: "CancelRequested" });
  });

  test("a ledger that does not answer does not keep a held lease from publishing", async () => {
    const { name } = (await recorded()).facts;
    await using lease = await held(name, SELDOM_RENEWED);
    ground.proxy.fail({ fault: { kind: "drop" } });
    await lease.check();
    expect(lease.remainingMs()).toBeGreaterThan(0);
    ground.proxy.pass();
  });

  test("an operator's wish to cancel reaches the holder", async () => {
    const { name } = (await recorded()).facts;
    await using lease = await held(name);
    for (;;) {
      const mine = (await ground.direct.read(name)) as Stored;
      const wish = { ...mine.request, cancelRequestedAt: Date.now() };
      if ((await ground.direct.replace(mine, wish)) !== "conflict") break;
    }
    await new Promise((resolve) => lease.signal.addEventListener("abort", resolve));
    expect(lease.signal.reason).toMatchObject({ name: "CancelRequested" });
    expect(lease.request.cancelRequestedAt).toBeDefined();
  });
});
