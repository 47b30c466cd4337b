/** `statements request` against an intake that answers as a test says. */
import {
  startEventSink,
  type EventSink,
  type SinkBehaviour,
} from "../support/functions/event-sink.ts";
import { makeTool, type ToolRun } from "../support/operator/statements-tool.ts";

const USED_UP = JSON.stringify({
  error: "source_share_used",
  detail: "The source has as many requests in the ledger as it may have: send it again later.",
  problems: [{ field: "source", code: "source_share_used", detail: "The source has its share." }],
});

async function ask(
  behave: SinkBehaviour,
  ...more: readonly string[]
): Promise<ToolRun & Pick<EventSink, "events">> {
  await using intake = await startEventSink(behave);
  const tool = makeTool({ INTAKE_URL: intake.url });
  const ended = await tool("request", "acme-42", "2026-01-01", "2026-01-31", ...more);
  return { ...ended, events: intake.events };
}

const record: SinkBehaviour = (_event, response) => {
  response.writeHead(200, { "ce-subject": "a-record" }).end();
};

test("an id alone repeats an event: source and id are the event", async () => {
  const { code, stdout, events } = await ask(record, "--id", "4711");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "a-record\n" });
  expect(events[0]?.headers).toMatchObject({ "ce-id": "4711", "ce-source": "/statements-cli" });
});

test("a source whose share is used is a refusal, with when to come again, and asked once", async () => {
  const { code, stderr, events } = await ask((_event, response) => {
    response.writeHead(429, { "retry-after": "60" }).end(USED_UP);
  });
  expect(events).toHaveLength(1);
  expect(code).toBe(1);
  expect(stderr).toContain("HTTP 429");
  expect(stderr).toContain("source: source_share_used. The source has its share.");
  expect(stderr).toContain("after 60 s");
  expect(stderr).not.toContain("INTAKE_URL");
});

test.each([
  [408, '{"error":"request_timeout","detail":"It did not come in time.","problems":[]}'],
  [429, '{"error":"too_many_requests","detail":"Too much at once.","problems":[]}'],
  [503, "later"],
])("%d passes: the same event again", async (status, body) => {
  let asks = 0;
  const { code, stdout, events } = await ask((event, response) => {
    if (++asks === 1) response.writeHead(status, { "retry-after": "1" }).end(body);
    else void record(event, response);
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "a-record\n" });
  expect(events[1]).toEqual(events[0]);
});

test.each([
  [["--keys", "none.json"], "--keys goes with --download"],
  [["--keys", "none.json", "--download"], "none.json cannot be read (ENOENT)"],
])("%j is wrong use, and nothing is asked for", async (more, words) => {
  const { code, stderr, events } = await ask(record, ...more);
  expect({ code, events }).toEqual({ code: 2, events: [] });
  expect(stderr).toContain(words);
});

test("help has times as they are typed", async () => {
  const { stdout } = await makeTool({})("link", "--help");
  expect(stdout).toContain("at most 7d (default: 15m)");
});
