/**
 * An outcome that the Broker took and a consumer did not is sent again, under the same id, until the
 * consumer has it; a builder that dies in between loses nothing.
 */
import { outcomeAgainEvent } from "../../functions/domain/events/statement-event.ts";
import { isFinal, type FinalRequest } from "../../functions/domain/statement-request.ts";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { startEventSink, type EventSink } from "../support/functions/event-sink.ts";
import { startPipeline, type Pipeline } from "../support/functions/pipeline.ts";

const DYING_BUILDER = new URL("../support/functions/killing-builder.ts", import.meta.url).pathname;
const REQUEST = { customer_id: "customer-000001", end_date: "2025-12-31" };

let pipeline: Pipeline;
let healthy: EventSink;
let failing: EventSink;
let refusals = 0;

beforeAll(async () => {
  healthy = await startEventSink((_, response) => void response.writeHead(202).end());
  failing = await startEventSink((_, response) => {
    response.writeHead(refusals-- > 0 ? 400 : 202).end();
  });
  pipeline = await startPipeline({
    consumers: { healthy: healthy.url, failing: failing.url },
    env: { OUTCOME_REPEAT_SECONDS: "1" },
  });
  await pipeline.start("request-intake");
  await pipeline.start("pending-scanner");
}, 180_000);
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
  await Promise.all([healthy, failing].map((one) => one[Symbol.asyncDispose]()));
});

const told = ({ events }: EventSink, name: string): readonly unknown[] =>
  events
    .filter(({ headers }) => headers["ce-subject"] === name)
    .map(({ headers }) => headers["ce-id"]);

async function until(
  name: string,
  isSo: (request: FinalRequest) => boolean,
): Promise<FinalRequest> {
  for (let tries = 0; tries < 600; tries++) {
    const request = (await pipeline.ledger.read(name))?.request;
    if (request && isFinal(request) && isSo(request)) return request;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the outcome was not sent again");
}

/** The Broker has accepted it by then, and delivers it a moment later; on a slow machine more than once. */
async function expectTold(times: number, sink: EventSink, name: string): Promise<void> {
  for (let tries = 0; tries < 200 && told(sink, name).length < times; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const ids = told(sink, name);
  expect(ids.length).toBeGreaterThanOrEqual(times);
  expect(new Set(ids)).toEqual(new Set([`${name}.executed`]));
}

async function untilNoNotes(): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    let left = 0;
    for await (const { notes } of pipeline.ledger.listUndelivered()) left += notes.length;
    if (left === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("a note was left");
}

test("a consumer that fails twice is told until it has it, and so is every other, under one id", async () => {
  const builder = await pipeline.start("statement-builder");
  refusals = 2;
  const name = await pipeline.request({ ...REQUEST, start_date: "2025-01-01" });
  const request = await until(name, (one) => one.outcomeRepeats === 2 && one.announced);
  await untilNoNotes();
  await expectTold(3, failing, name);
  await expectTold(3, healthy, name);
  expect(request.status).toBe("executed");
  await builder.stop();
});

test("a builder that dies before it sends the outcome again leaves it owed", async () => {
  const first = await pipeline.start("statement-builder");
  const name = await pipeline.request({ ...REQUEST, start_date: "2025-02-01" });
  const request = await until(name, ({ announced }) => announced);
  await first.stop();
  const port = await freePort();
  const dying = await pipeline.start("statement-builder", {
    entry: DYING_BUILDER,
    env: { KILL_AT: "owed-again" },
    port,
  });
  const { data, ...attributes } = outcomeAgainEvent(request, "pending-scanner", Date.now());
  await fetch(dying.url, {
    method: "POST",
    headers: { "content-type": "application/cloudevents+json" },
    body: JSON.stringify({ specversion: "1.0", ...attributes, data }),
  }).catch(() => undefined);
  expect(await dying.ended).toBe("SIGKILL");
  expect((await pipeline.ledger.read(name))?.request).toMatchObject({
    announced: false,
    outcomeRepeats: 1,
  });
  await pipeline.start("statement-builder");
  await until(name, ({ announced }) => announced);
  await expectTold(2, healthy, name);
});
