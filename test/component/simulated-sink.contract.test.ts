/** What a sender learns of the simulated broker and of a real receiver: the same cases. */
import { eventType } from "../../functions/domain/events/event-types.ts";
import type { StatementEvent } from "../../functions/domain/events/statement-event.ts";
import {
  makeCloudEventSink,
  type CloudEventSink,
} from "../../functions/platform/cloudevents/cloudevent-sink.ts";
import { alone } from "../simulate/alone.ts";
import { makeBroker } from "../simulate/broker.ts";
import { accept, startEventSink } from "../support/functions/event-sink.ts";
import { makeTestLog } from "../support/functions/event-server.ts";
import { RECORDED_EVENT } from "../support/functions/recorded-event.ts";

interface Receiver extends AsyncDisposable {
  run<T>(work: (sink: CloudEventSink) => Promise<T>): Promise<T>;
  /** Of the next event nothing is heard. */
  fallSilent(): void;
  readonly accepted: readonly string[];
}

/** Which the receiver refuses with 503. */
const OUTCOME = { ...RECORDED_EVENT, id: "refused", type: eventType("executed") } as StatementEvent;

async function startSimulated(): Promise<Receiver> {
  const { run, happening, ...world } = alone();
  const accepted: string[] = [];
  const { sink } = makeBroker({
    ...world,
    refusesUntil: Infinity,
    onAccepted: ({ id }) => void accepted.push(id),
    deliver: () => undefined,
  });
  return await Promise.resolve({
    accepted,
    run: (work) => run(() => work(sink)),
    fallSilent: () => void happening.add("lost request"),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

async function startReal(): Promise<Receiver> {
  const accepted: string[] = [];
  let isSilent = false;
  const server = await startEventSink((event, response) => {
    const id = String(event.headers["ce-id"]);
    if (isSilent) isSilent = false;
    else if (id === OUTCOME.id) response.writeHead(503).end();
    else {
      accepted.push(id);
      void accept(event, response);
    }
  });
  const sink = makeCloudEventSink({ url: server.url, log: makeTestLog().log });
  return {
    accepted,
    run: (work) => work(sink),
    fallSilent: () => (isSilent = true),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe.each([
  ["the simulation", startSimulated],
  ["a receiver over HTTP", startReal],
])("an event sent to %s", (_, start) => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await start();
  });
  afterEach(async () => await receiver[Symbol.asyncDispose]());

  it("is accepted", async () => {
    expect(await receiver.run((sink) => sink.send(RECORDED_EVENT))).toEqual({ kind: "accepted" });
    expect(receiver.accepted).toEqual([RECORDED_EVENT.id]);
  });

  it("is refused, by its status", async () => {
    const sent = await receiver.run((sink) => sink.send(OUTCOME));
    expect(sent).toEqual({ kind: "refused", status: 503 });
    expect(receiver.accepted).toEqual([]);
  });

  it("is given up after its time", async () => {
    receiver.fallSilent();
    const sent = await receiver.run((sink) => sink.send(RECORDED_EVENT, { timeoutMs: 300 }));
    expect(sent).toEqual({ kind: "unreachable", reason: "timeout" });
    expect(receiver.accepted).toEqual([]);
  });

  it("is not sent when its sender has stopped", async () => {
    const signal = AbortSignal.abort(new Error("stopping"));
    const sent = await receiver.run((sink) => sink.send(RECORDED_EVENT, { signal }));
    expect(sent).toEqual({ kind: "unreachable", reason: "aborted" });
    expect(receiver.accepted).toEqual([]);
  });
});
