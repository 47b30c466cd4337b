/**
 * Random and mutated paths, queries and headers, as they are asked of request-intake and of status-api:
 * never a 5xx, never a crash, never more than a wish beside a record that the sender may ask about.
 */
import { Agent, request as httpRequest } from "node:http";
import fc from "fast-check";
import { recordRequest } from "../../functions/domain/statement-request.ts";
import { wishedLedger } from "../../functions/platform/ledger/wished-ledger.ts";
import { makeSenders } from "../../functions/platform/server/senders.ts";
import { makeRequestRecorder } from "../../functions/request-intake/record-request.ts";
import { makeStatusRoute } from "../../functions/request-intake/status-route.ts";
import { makeStatusApi } from "../../functions/status-api/handler.ts";
import { startEventServer, type TestEventServer } from "../support/functions/event-server.ts";
import { fuzzing } from "../support/fuzzing.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
const BILLING = "system:serviceaccount:billing:api";
const ALLOWED = [{ source: "/billing", sender: BILLING }];

const opened = new AsyncDisposableStack();
const agent = new Agent({ keepAlive: true });
let local: LocalLedger;
let servers: Readonly<Record<"intake" | "status-api", TestEventServer>>;
const names: string[] = [];
const foreign: string[] = [];

beforeAll(async () => {
  opened.defer(() => agent.destroy());
  local = opened.use(await startLocalLedger());
  const { ledger } = local;
  for (let number = 0; number < 12; number++) {
    const source = number % 3 === 0 ? "/web" : "/billing";
    const recordedAt = NOW - number;
    const name = `transaction-request-c-${number % 2}-${recordedAt}`;
    (source === "/web" ? foreign : names).push(name);
    const facts = {
      name,
      customerId: `c-${number % 2}`,
      startDate: "2025-12-01",
      endDate: "2025-12-31",
      timeZone: "UTC",
      options: {},
      event: { source, id: String(number), type: "t", time: recordedAt },
      recordedAt,
    };
    await ledger.create(recordRequest(facts));
    await ledger.index(facts);
  }
  const now = (): number => NOW;
  const rules = {
    defaultTimeZone: "UTC",
    periodBasis: "booking_date" as const,
    maxPeriodMonths: 24,
    eventWindowDays: 29,
  };
  const shared = { ledger, rules, now };
  const senders = makeSenders(() => Promise.resolve({ kind: "sender", subject: BILLING }));
  const start = async (route: Parameters<typeof startEventServer>[0]["resources"]) =>
    opened.use(await startEventServer({ routes: {}, resources: route ?? {}, senders }));
  const status = makeStatusRoute({
    ...shared,
    recorder: makeRequestRecorder(shared),
    allowedSources: ALLOWED,
    senders: [BILLING],
  });
  const api = makeStatusApi({
    ledger: wishedLedger(ledger),
    links: { make: () => Promise.resolve({ kind: "gone" }) },
    allowedSources: ALLOWED,
    now,
  });
  servers = {
    intake: await start({ "/requests": status }),
    "status-api": await start({ "/requests": api }),
  };
});
afterAll(() => opened.disposeAsync());

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

function ask(server: TestEventServer, { method, path, headers }: Asked): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { method, agent, path, headers };
    const request = httpRequest(`http://127.0.0.1:${server.port}`, options, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", reject).end();
  });
}

/** What a request line can hold, and Node sends as it is. */
const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const header = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
  maxLength: 80,
});
const anyName = fc.oneof(
  fc.nat(11).map((at) => [...names, ...foreign][at % 12] ?? ""),
  fc.tuple(fc.nat(11), fc.nat(40), visible).map(([at, cut, more]) => {
    const name = [...names, ...foreign][at % 12] ?? "";
    return name.slice(0, cut) + more + name.slice(cut + 1);
  }),
  visible,
);
const value = fc.oneof(
  fc.constantFrom("c-0", "c-1", "/billing", "0", "1", "20", "101", "-1", "", "%", "%00", "%ff"),
  visible,
  fc
    .tuple(fc.nat(), fc.nat(11))
    .map(([at, of]) => Buffer.from(`${at} ${names[of % 8] ?? ""}`).toString("base64url")),
);
const query = fc
  .array(fc.tuple(fc.constantFrom("customer", "limit", "cursor", "source", "id", "x"), value), {
    maxLength: 5,
  })
  .map((pairs) => pairs.map(([name, text]) => `${name}=${text}`).join("&"));
const path = fc.oneof(
  query.map((asked) => `/requests?${asked}`),
  fc
    .tuple(anyName, fc.constantFrom("", "/", "/cancel", "/link", "/cancel/link", "//"), query)
    .map(([name, act, asked]) => `/requests/${name}${act}?${asked}`),
);
const asked = fc.record({
  method: fc.constantFrom("GET", "GET", "HEAD", "PUT", "POST", "DELETE"),
  path,
  headers: fc.oneof(
    fc.constant({}),
    fc.record({ "if-none-match": header }),
    fc.record({ "x-request-id": header, accept: header }),
  ),
});

const wishes = async (): Promise<readonly string[]> => {
  const all = await local.configMaps();
  return all.flatMap(({ metadata, data }) =>
    metadata?.name?.startsWith("cancel-") ? [data?.["record"] ?? ""] : [],
  );
};

it.each([
  ["intake", [200, 304, 400, 404, 405]],
  ["status-api", [200, 202, 304, 400, 404, 405, 409]],
] as const)(
  "%s answers anything at all with what it has answers for",
  async (of, statuses) => {
    const before = (await local.configMaps()).length;
    const seen = new Set<number>();
    const property = fc.asyncProperty(asked, async (one) => {
      const status = await ask(servers[of], one);
      seen.add(status);
      expect(statuses).toContain(status);
    });
    await fc.assert(property, fuzzing(0.15));
    // It came further than the door.
    for (const status of [200, 400, 404, 405]) expect([...seen]).toContain(status);
    const wished = await wishes();
    expect((await local.configMaps()).length - before).toBe(of === "intake" ? 0 : wished.length);
    expect(wished.filter((record) => !names.includes(record))).toEqual([]);
    const { lines } = servers[of];
    expect(lines.filter(({ level }) => level === "error" || level === "fatal")).toEqual([]);
  },
  1_800_000,
);

it("a page is never more than what the sender may see, whatever the cursor", async () => {
  const property = fc.asyncProperty(
    value,
    fc.integer({ min: 1, max: 100 }),
    async (cursor, limit) => {
      const url = `http://127.0.0.1:${servers["status-api"].port}/requests`;
      const search = new URLSearchParams({ customer: "c-1", limit: String(limit), cursor });
      const response = await fetch(`${url}?${search.toString()}`);
      const body = (await response.json()) as { requests?: readonly { request_id: string }[] };
      const listed = body.requests?.map(({ request_id }) => request_id) ?? [];
      expect(listed.filter((name) => !names.includes(name))).toEqual([]);
      expect(listed.length).toBeLessThanOrEqual(limit);
    },
  );
  await fc.assert(property, fuzzing(0.02));
}, 1_800_000);
