/** The OpenAPI document of intake, held against a running one by a tool that is not ours. */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { makeCloudEventSink } from "../../functions/platform/cloudevents/cloudevent-sink.ts";
import { makeRequestIntake } from "../../functions/request-intake/handler.ts";
import { makeRequestRecorder } from "../../functions/request-intake/record-request.ts";
import { makeExplain } from "../../functions/request-intake/requested-event.ts";
import { locationOf, makeStatusRoute } from "../../functions/request-intake/status-route.ts";
import { makeWakeUpLimit } from "../../functions/request-intake/wake-up-limit.ts";
import {
  makeTestLog,
  postStructured,
  startEventServer,
} from "../support/functions/event-server.ts";
import { startEventSink } from "../support/functions/event-sink.ts";
import { UNSHARED } from "../support/servers/unshared-ledger.ts";
import { startLocalLedger } from "../support/servers/local-ledger.ts";
import { holdTo } from "../support/programs/schemathesis.ts";

const DOCUMENT = new URL("../../eventing/openapi.yaml", import.meta.url);

/** @param path where reading is served */
async function startIntake(path: `/${string}`) {
  await using opened = new AsyncDisposableStack();
  const { ledger } = opened.use(await startLocalLedger());
  const sink = opened.use(await startEventSink());
  const rules = {
    defaultTimeZone: "UTC",
    periodBasis: "booking_date" as const,
    maxPeriodMonths: 24,
    eventWindowDays: 29,
  };
  const recorder = makeRequestRecorder({ ledger, rules, now: Date.now });
  const handle = makeRequestIntake({
    recorder,
    rules,
    now: Date.now,
    sink: makeCloudEventSink({ url: sink.url, log: makeTestLog().log }),
    wakeUps: makeWakeUpLimit(10, Date.now),
    share: UNSHARED,
    locationOf,
  });
  const status = makeStatusRoute({
    ledger,
    recorder,
    now: Date.now,
    allowedSources: undefined,
    senders: undefined,
  });
  const server = opened.use(
    await startEventServer({
      routes: { "/": { handle, explain: makeExplain(rules, Date.now) } },
      resources: { [path]: status },
    }),
  );
  const resources = opened.move();
  return { url: server.url, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

test("schemathesis finds nothing in intake that its document does not say", async () => {
  await using intake = await startIntake("/requests");
  const { ok, text } = await holdTo(DOCUMENT.pathname, intake.url);
  expect(ok ? "" : text).toBe("");
  expect(text).toMatch(/\d+ generated/);
}, 300_000);

test("and it does find a path that is not served", async () => {
  await using intake = await startIntake("/elsewhere");
  const { ok, text } = await holdTo(DOCUMENT.pathname, intake.url);
  expect(ok).toBe(false);
  expect(text).toContain("GET /requests");
}, 300_000);

test("what is answered is what the document says of it", async () => {
  await using intake = await startIntake("/requests");
  const time = new Date().toISOString();
  const data = { customer_id: "c-1", start_date: "2025-12-01", end_date: "2025-12-31" };
  const type = "io.transactions-collector.statement.requested.v1";
  const event = { specversion: "1.0", id: "1", source: "/bank", type, time, data };
  const posted = await postStructured(intake.url, event);
  const response = await fetch(new URL(posted.headers.get("location") ?? "", intake.url));
  expect(Object.keys((await response.json()) as object)).toEqual(["request_id", "status"]);
  const { components } = parse(await readFile(DOCUMENT, "utf8")) as {
    readonly components: {
      readonly schemas: {
        readonly RequestStatus: { required: string[] };
        readonly Recorded: { properties: object };
      };
    };
  };
  // Whoever generates types from the document has the fields that are there.
  const { Recorded } = components.schemas;
  expect(Object.keys(Recorded.properties)).toEqual(
    expect.arrayContaining(Object.keys(posted.body as object)),
  );
  expect(components.schemas.RequestStatus.required).toEqual(["request_id", "status"]);
});
