/**
 * Whoever a request names is told how it has ended, at least once and under one id, beside the Broker:
 * neither keeps the other from it, and a builder that dies in between leaves it owed.
 */
import { readFile } from "node:fs/promises";
import { isFinal, type FinalRequest } from "../../functions/domain/statement-request.ts";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { announceRequest } from "../../infra/operator/act/operator-moves.ts";
import {
  answering,
  RECEIVER_NAME,
  startCallbackReceiver,
  type CallbackReceiver,
} from "../support/functions/callback-receiver.ts";
import { startEventSink, type EventSink } from "../support/functions/event-sink.ts";
import { offerTo } from "../support/bank/large-statement.ts";
import {
  startPipeline,
  type Pipeline,
  type RunningFunction,
} from "../support/functions/pipeline.ts";

const BUILDER = new URL("../support/functions/killing-builder.ts", import.meta.url).pathname;
const REQUEST = { customer_id: "customer-000001", end_date: "2025-12-31" };
const SECRET = "qvx7-secret";

let receiver: CallbackReceiver;
let consumer: EventSink;
let pipeline: Pipeline;
let builder: RunningFunction;
let days = 0;

beforeAll(async () => {
  [receiver, consumer] = await Promise.all([startCallbackReceiver(), startEventSink()]);
  pipeline = await startPipeline({
    consumers: { consumer: consumer.url },
    env: {
      CALLBACK_HOSTS: `${RECEIVER_NAME}:${receiver.port}`,
      NODE_EXTRA_CA_CERTS: receiver.caFile,
    },
  });
  await pipeline.start("request-intake", { env: { WAKEUPS_PER_CUSTOMER: "0" } });
  builder = await startBuilder();
}, 180_000);
beforeEach(() => {
  receiver.onPost = answering(204);
});
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
  await Promise.all([receiver, consumer].map((one) => one[Symbol.asyncDispose]()));
});

async function startBuilder(env: Readonly<Record<string, string>> = {}): Promise<RunningFunction> {
  return await pipeline.start("statement-builder", { entry: BUILDER, env, port: await freePort() });
}

async function ask(): Promise<string> {
  const start_date = `2025-01-${String(++days).padStart(2, "0")}`;
  const callback_url = `https://${RECEIVER_NAME}:${receiver.port}/done?access_token=${SECRET}`;
  return await pipeline.request({ ...REQUEST, start_date, callback_url });
}

async function ended(name: string): Promise<FinalRequest> {
  const request = (await pipeline.ledger.read(name))?.request;
  if (!request || !isFinal(request)) throw new Error(`${name} is ${request?.status}`);
  return request;
}

const calls = (name: string): readonly string[] =>
  receiver
    .events()
    .filter(({ subject }) => subject === name)
    .map(({ id }) => id);

/** The Broker passes on what it has accepted. */
async function untilConsumerHas(name: string, times: number): Promise<void> {
  const ids = (): readonly unknown[] => consumer.ids().filter((id) => id === `${name}.executed`);
  for (let tries = 0; tries < 400 && ids().length < times; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(ids()).toHaveLength(times);
}

function desk(name: string) {
  return {
    ledger: pipeline.ledger,
    find: async () => {
      const stored = await pipeline.ledger.read(name);
      if (!stored) throw new Error(`no record ${name}`);
      return stored;
    },
    now: Date.now,
    by: "operator@here",
    signal: AbortSignal.timeout(10_000),
  };
}

test("it is called back when the request has ended, and so is the Broker told", async () => {
  const name = await ask();
  await offerTo(builder.url, pipeline, name);
  expect(await ended(name)).toMatchObject({
    status: "executed",
    announced: true,
    callback: { state: "delivered", attempts: 1 },
  });
  expect(calls(name)).toEqual([`${name}.executed`]);
  await untilConsumerHas(name, 1);
});

test("a builder that dies before the record says so: it comes again, under the same id", async () => {
  const dying = await startBuilder({ KILL_AT: "callback-sent" });
  const name = await ask();
  await offerTo(dying.url, pipeline, name);
  expect(await dying.ended).toBe("SIGKILL");
  expect(await ended(name)).toMatchObject({ announced: false, accepted: true });
  expect(calls(name)).toEqual([`${name}.executed`]);
  await offerTo(builder.url, pipeline, name);
  expect(await ended(name)).toMatchObject({ announced: true, callback: { state: "delivered" } });
  expect(calls(name)).toEqual([`${name}.executed`, `${name}.executed`]);
});

test("one that is away keeps nothing from the Broker, waits its time, and is tried when it is owed again", async () => {
  receiver.onPost = answering(503);
  const name = await ask();
  await offerTo(builder.url, pipeline, name);
  await untilConsumerHas(name, 1);
  const owed = await ended(name);
  expect(owed).toMatchObject({
    announced: false,
    accepted: true,
    callback: { state: "owed", attempts: 1, error: "http_503" },
  });
  expect(owed.callback?.nextAt).toBeGreaterThan(Date.now() + 20_000);

  // Before its time nothing is sent to anybody.
  receiver.onPost = answering(204);
  await offerTo(builder.url, pipeline, name);
  expect(await ended(name)).toEqual(owed);
  expect(calls(name)).toHaveLength(1);

  await announceRequest(desk(name));
  await offerTo(builder.url, pipeline, name);
  expect(await ended(name)).toMatchObject({
    announced: true,
    callback: { state: "delivered", attempts: 1 },
  });
  expect(calls(name)).toHaveLength(2);
  await untilConsumerHas(name, 2);
});

test("a Broker that is away keeps nothing from the callback, which is made once", async () => {
  const cutOff = await startBuilder({ K_SINK: `http://127.0.0.1:${await freePort()}/` });
  const name = await ask();
  await offerTo(cutOff.url, pipeline, name);
  const untold = await ended(name);
  expect(untold).toMatchObject({ announced: false, callback: { state: "delivered" } });
  expect(untold.accepted).toBeUndefined();
  await offerTo(builder.url, pipeline, name);
  expect(await ended(name)).toMatchObject({ announced: true });
  expect(calls(name)).toEqual([`${name}.executed`]);
  await untilConsumerHas(name, 1);
});

test("410 is final: the record rests, and says why", async () => {
  receiver.onPost = answering(410);
  const name = await ask();
  await offerTo(builder.url, pipeline, name);
  expect(await ended(name)).toMatchObject({
    announced: true,
    callback: { state: "given-up", attempts: 1, error: "http_410" },
  });
  expect(await readFile(builder.logFile, "utf8")).toContain('"alert":"callback_given_up"');
});

test("no log has more of the address than its host", async () => {
  const log = await readFile(builder.logFile, "utf8");
  expect(log).toContain(`${RECEIVER_NAME}:${receiver.port}`);
  expect(log).not.toContain(SECRET);
  expect(log).not.toContain("/done");
});

test("the scanner brings a callback up again when its time has come", async () => {
  receiver.onPost = answering(429, { "retry-after": "0" });
  const name = await ask();
  await offerTo(builder.url, pipeline, name);
  const { ledger } = pipeline;
  const stored = await ledger.read(name);
  const owed = await ended(name);
  if (!stored || !owed.callback) throw new Error("nothing is owed");
  receiver.onPost = answering(204);
  await ledger.replace(stored, { ...owed, callback: { ...owed.callback, nextAt: Date.now() } });
  await pipeline.start("statement-builder", { entry: BUILDER });
  await pipeline.start("pending-scanner");
  for (let tries = 0; tries < 600 && !(await ended(name)).announced; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await ended(name)).toMatchObject({
    announced: true,
    callback: { state: "delivered", attempts: 2 },
  });
});
