/** `statements replay` of what came through the dead letters, against an intake that takes everything. */
import { PassThrough } from "node:stream";
import type { RejectedEvent } from "../../functions/platform/ledger/rejected-event.ts";
import { runStatements } from "../../infra/operator/run.ts";
import { startEventSink, type EventSink } from "../support/functions/event-sink.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";

const opened = new AsyncDisposableStack();
let local: LocalLedger;
let intake: EventSink;

beforeEach(async () => {
  local = opened.use(await startLocalLedger());
  intake = opened.use(await startEventSink());
});
afterAll(() => opened.disposeAsync());

function rejected(id: string): RejectedEvent {
  const event = { specversion: "1.0", id, source: "/bank", type: "any.type" };
  return {
    hash: id.repeat(64),
    sharer: "",
    fields: {
      received_at: "2026-01-15T12:00:00.000Z",
      event_id: id,
      event_type: event.type,
      event: JSON.stringify(event),
    },
  };
}

async function park(id: string): Promise<string> {
  const { name = "" } = await local.ledger.keepRejected(rejected(id));
  return name;
}

const parkedIds = async (): Promise<readonly (string | undefined)[]> => {
  const ids: (string | undefined)[] = [];
  for await (const page of local.ledger.listRejected())
    ids.push(...page.map(({ fields }) => fields["event_id"]));
  return ids;
};

async function replay(args: readonly string[], ask: (question: string) => Promise<string>) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const env = {
    KUBECONFIG: local.kubeconfig,
    LEDGER_NAMESPACE: local.namespace,
    INTAKE_URL: intake.url,
  };
  const { signal } = new AbortController();
  const code = await runStatements(["replay", ...args], env, { stdout, stderr, signal, ask });
  const ids = intake.events.map(({ body }) => (JSON.parse(body) as { readonly id: string }).id);
  return { code, ids, asked: String(stderr.read()) };
}

test("what is parked while it asks is not sent: nobody has seen whose it is", async () => {
  const name = await park("a");
  const { code, ids, asked } = await replay(["--all"], async (question) => {
    expect(question).toContain("Send this event");
    await park("b");
    return "y";
  });
  expect(asked).toContain(name);
  expect({ code, ids }).toEqual({ code: 0, ids: ["a"] });
  expect(await parkedIds()).toEqual(["b"]);
});

test("of names, those that are there are sent, and the others are told", async () => {
  const name = await park("a");
  await park("b");
  const never = (): Promise<string> => Promise.reject(new Error("nothing is asked"));
  const { code, ids } = await replay([name, "rejected-event-none"], never);
  expect({ code, ids }).toEqual({ code: 1, ids: ["a"] });
  expect(await parkedIds()).toEqual(["b"]);
});
