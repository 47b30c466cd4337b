/**
 * Nothing personal leaves the statement's file. Marked data goes through the whole pipeline, by
 * every way it can end, and then every output is searched: logs, metrics, traces, events, the
 * ledger, objects' keys, metadata and tags, HTTP answers and what the operator's tool prints.
 *
 * Kept whole on purpose are rejected events alone: somebody must be able to see and replay them.
 */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { eventType } from "../../functions/domain/events/event-types.ts";
import { PROBE_NAME } from "../../functions/statement-builder/store/create-only-probe.ts";
import { FORMATS } from "../../functions/domain/statement-options.ts";
import { MARKS, marksIn, SENT_MARKS, SERVER_MARKS } from "../support/bank/marked-data.ts";
import {
  FUNCTIONS,
  startMarkedPipeline,
  type MarkedPipeline,
} from "../support/bank/marked-pipeline.ts";
import type { Pipeline } from "../support/functions/pipeline.ts";
import { requested } from "../support/functions/requested.ts";
import { records, run, unzip } from "../support/statements/statement.ts";

const JANUARY = { start_date: "2025-01-01", end_date: "2025-01-31" };
const ALL_MARKS = { ...MARKS, ...SENT_MARKS, ...SERVER_MARKS };

let marked: MarkedPipeline;
let pipeline: Pipeline;
/** Records by what they are for. */
const asked: Record<string, string> = {};
/** The files of two of them. */
const downloaded: Record<string, Record<string, string>> = {};

beforeAll(async () => {
  marked = await startMarkedPipeline();
  ({ pipeline } = marked);
}, 300_000);
afterAll(() => marked[Symbol.asyncDispose]());

async function ask(what: string, customer: string, more: object = {}): Promise<string> {
  const name = await marked.ask({ customer_id: customer, ...JANUARY, ...more });
  asked[what] = name;
  return name;
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function untilItFailedWith(code: string, name: string): Promise<void> {
  await until(code, async () => (await pipeline.ledger.read(name))?.request.lastError === code);
}

function typesOfEvents(): ReadonlySet<unknown> {
  return new Set(marked.events.map(({ headers }) => headers["ce-type"]));
}

describe("marked data goes every way it can", () => {
  test("to a file, although the store and the sink refuse at first", async () => {
    marked.store.fail({
      method: "PUT",
      path: /right-/,
      times: 1,
      fault: {
        kind: "answer",
        status: 403,
        headers: { "x-says": SERVER_MARKS.store },
        body: `<Error><Code>AccessDenied</Code><Message>${SERVER_MARKS.store}</Message></Error>`,
      },
    });
    await pipeline.until(await ask("plain", "right"), "executed");
    const everything = {
      formats: FORMATS,
      include_pending: true,
      csv: { bom: true, delimiter: ";", decimal_comma: true },
    };
    await pipeline.until(await ask("everything", "right", everything), "executed");
  });

  test("to every failure", async () => {
    const failing = [
      ["nobody", "unknown_customer"],
      ["decimals", "invalid_amount"],
      ["unbalanced", "balance_mismatch"],
      ["unlisted", "proof_mismatch"],
      ["breaks", "retries_exhausted"],
    ] as const;
    for (const [customer] of failing) await ask(customer, customer);
    for (const [customer, errorCode] of failing) {
      const { request } = await pipeline.until(asked[customer] ?? "", "failed");
      expect(request).toMatchObject({ errorCode });
    }
  });

  test("to the lane of the large ones, to a cancel, and through servers that go away", async () => {
    const two = { start_date: "2024-01-01", end_date: "2025-12-31" };
    await ask("large", "customer-000001", two);
    await until("oversized", () => typesOfEvents().has(eventType("oversized")));

    await pipeline.mariaDb.kill();
    const cancelled = await ask("cancelled", "right");
    await untilItFailedWith("database_unavailable", cancelled);
    expect(await marked.tool("cancel", cancelled)).toBe(0);
    await pipeline.until(cancelled, "cancelled");
    await pipeline.mariaDb.start();
    // As long as the database was the last that was away, nothing is claimed.
    await pipeline.until(await ask("meanwhile", "right"), "executed");

    await pipeline.s3.kill();
    const again = await ask("again", "right");
    // A first attempt asks the store nothing before it writes, and hears nothing of what it wrote.
    await untilItFailedWith("publish_unknown", again);
    await pipeline.s3.start();
    await pipeline.until(again, "executed");
  }, 120_000);

  test("to intake's refusals, and to the dead letters", async () => {
    const good = { customer_id: "right", ...JANUARY };
    const json = (data: object, headers: object = {}, body = JSON.stringify(data)) => {
      const event = requested(data);
      return { ...event, headers: { ...event.headers, ...headers }, body };
    };
    const batch = [{ [SENT_MARKS.notAnEvent]: SENT_MARKS.notAnEvent }, SENT_MARKS.notAnEvent];
    const inBatches = { "content-type": "application/cloudevents-batch+json" };
    for (const refused of [
      json({ ...good, customer_id: SENT_MARKS.badCustomer }),
      json({ ...good, start_date: SENT_MARKS.badDate }),
      json({ ...good, time_zone: SENT_MARKS.badZone }),
      json({ ...good, customer_name: SENT_MARKS.unknownField }),
      json({ ...good, [SENT_MARKS.unknownField]: 1 }),
      json({ ...good, formats: [SENT_MARKS.unknownField], csv: SENT_MARKS.unknownField }),
      json({ ...good, supersedes: SENT_MARKS.unknownField, language: SENT_MARKS.unknownField }),
      json({ ...good, callback_url: `https://hooks.example.com/${SENT_MARKS.query}` }),
      json({ ...good, callback_url: `https://${SENT_MARKS.token}@hooks.example.com/` }),
      json(good, { "ce-time": SENT_MARKS.badDate }),
      json(good, {}, `{"${SENT_MARKS.brokenJson}`),
      { method: "POST", headers: inBatches, body: JSON.stringify(batch) },
    ]) {
      expect(await marked.post("/", refused)).toMatch(/^400 /);
    }
    expect(await marked.post(`/${SENT_MARKS.query}`, json(good))).toMatch(/^400 /);
    const text = { method: "POST", body: SENT_MARKS.notAnEvent };
    expect(await marked.post("/", text)).toMatch(/^415 /);

    const parked = { ...good, customer_name: SENT_MARKS.parked };
    const noEvent = json(good, {}, `{"${SENT_MARKS.parked}`);
    expect(await marked.post("/dead-letter", json(parked))).toMatch(/^202 /);
    expect(await marked.post("/dead-letter", noEvent)).toMatch(/^202 /);
  });

  test("before the eyes of the operator", async () => {
    const tool = (...args: readonly string[]) => marked.tool(...args);
    const all = Object.values(asked);
    for (const form of ["table", "wide", "name", "json", "yaml"]) {
      expect(await tool("list", "-o", form)).toBe(0);
    }
    expect(await tool("show", ...all)).toBe(0);
    expect(await tool("show", "-o", "json", ...all)).toBe(0);
    expect(await tool("explain", ...all)).toBe(0);
    expect(await tool("watch", asked["unbalanced"] ?? "")).toBe(1);
    for (const what of ["plain", "everything"]) {
      const name = asked[what] ?? "";
      const own = join(marked.folder, what);
      await mkdir(own);
      expect(await tool("download", name, "-d", own)).toBe(0);
      const [file = ""] = await readdir(own);
      expect(await tool("verify", "--ledger", join(own, file))).toBe(0);
      downloaded[what] = await unzip(await readFile(join(own, file)));
    }
    expect(await tool("link", asked["plain"] ?? "")).toBe(0);
    expect(await tool("request", "right", "2025-01-01", "2025-01-30", "--wait")).toBe(0);
    expect(await tool("request", "decimals", "2025-01-01", "2025-01-30", "--wait")).toBe(1);
    expect(await tool("rejected")).toBe(0);
    expect(await tool("replay", "--all", "--yes")).toBe(1);
    expect(await tool("prune", "--dry-run", "--in", "60d")).toBe(0);
    await tool("doctor");
  }, 120_000);
});

describe("the marks are in the statement's file", () => {
  test("all that were asked for, and the counterparty's account is masked", () => {
    const hidden = ["pendingDescription", "pendingAmount", "counterpartyAccount", "inexactAmount"];
    const shown = Object.keys(MARKS).filter((mark) => !hidden.includes(mark));
    const texts = downloaded["plain"] ?? {};
    expect(marksIn(Object.values(texts).join("\n"), ALL_MARKS)).toEqual(shown);
    const row = { counterparty_account: "*******************5566", type: MARKS.transactionType };
    expect(records(texts["transactions.csv"])).toMatchObject([row, row]);
  });

  test("it is masked in every format, and what is pending stands in its own file alone", () => {
    const { pendingDescription, pendingAmount, counterpartyAccount } = MARKS;
    const { "pending.csv": pending = "", ...others } = downloaded["everything"] ?? {};
    expect(marksIn(pending, { pendingDescription, pendingAmount })).toHaveLength(2);
    const hidden = { pendingDescription, pendingAmount, ...SENT_MARKS, ...SERVER_MARKS };
    expect(marksIn(Object.values(others).join("\n"), hidden)).toEqual([]);
    for (const text of [pending, ...Object.values(others)]) {
      expect(marksIn(text, { counterpartyAccount })).toEqual([]);
    }
    // The text of the PDF is compressed; its own tests read it.
    const rows = Object.entries(others).filter(([name]) => /\.(csv|jsonl|xml|ofx)$/.test(name));
    for (const [name, text] of rows) {
      if (name === "balances.csv") continue;
      expect(marksIn(text, MARKS)).toEqual(expect.arrayContaining(["description", "amount"]));
      // OFX has no place for the counterparty's account.
      expect(text.includes("***5566")).toBe(!name.endsWith(".ofx"));
    }
    expect(rows.length).toBe(5);
  });
});

describe("and nowhere else", () => {
  test("in no log line of any function, at the level of trace", async () => {
    for (const file of marked.logFiles) {
      const log = await readFile(file, "utf8");
      expect(log.split("\n").length).toBeGreaterThan(20);
      expect(marksIn(log, ALL_MARKS)).toEqual([]);
    }
    // The builder has told of all that went wrong.
    const log = await readFile(
      marked.logFiles[FUNCTIONS.indexOf("statement-builder")] ?? "",
      "utf8",
    );
    for (const told of [
      "AccessDenied",
      "ER_SIGNAL",
      "ECONNREFUSED",
      "balance_mismatch",
      "refused",
    ]) {
      expect(log).toContain(told);
    }
  });

  test("in no metric; those do not even know a customer", async () => {
    for (const file of marked.logFiles) {
      const port = /"metrics_port":(\d+)/.exec(await readFile(file, "utf8"))?.[1] ?? "";
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      expect(text).toContain("transactions_collector_");
      const customers = { customer: "unbalanced", record: "transaction-request-" };
      expect(marksIn(text, { ...ALL_MARKS, ...customers })).toEqual([]);
    }
  });

  test("in no event", () => {
    for (const name of [
      "recorded",
      "due",
      "oversized",
      "executed",
      "failed",
      "cancelled",
    ] as const) {
      expect(typesOfEvents()).toContain(eventType(name));
    }
    expect(marksIn(JSON.stringify(marked.events), ALL_MARKS)).toEqual([]);
  });

  test("in no span of a trace", () => {
    const spans = marked.spans.join("\n");
    expect(spans).toContain(asked["plain"]);
    expect(marksIn(spans, ALL_MARKS)).toEqual([]);
  });

  test("in no answer", async () => {
    for (const name of FUNCTIONS) {
      for (const path of ["/health/liveness", "/health/readiness", `/${SENT_MARKS.query}`]) {
        const answer = await fetch(new URL(path, pipeline.urlOf(name)));
        const told = [answer.status, ...answer.headers, await answer.text()];
        marked.answers.push(JSON.stringify(told));
      }
    }
    expect(marked.answers.length).toBeGreaterThan(25);
    expect(marksIn(marked.answers.join("\n"), ALL_MARKS)).toEqual([]);
  });

  test("in no record of the ledger; a rejected event is kept whole", async () => {
    const { stdout } = await run("kubectl", [
      "--kubeconfig",
      pipeline.kube.kubeconfig,
      "-n",
      pipeline.namespace,
      "get",
      "configmaps",
      "-o",
      "json",
      "--show-managed-fields",
    ]);
    const { items } = JSON.parse(stdout) as { items: { metadata: { name: string } }[] };
    const isRejected = (one: (typeof items)[number]) => one.metadata.name.startsWith("rejected-");
    const requests = items.filter((one) => !isRejected(one));
    expect(requests.length).toBeGreaterThan(Object.keys(asked).length);
    expect(marksIn(JSON.stringify(requests), ALL_MARKS)).toEqual([]);
    const rejected = items.filter(isRejected).map((one) => marksIn(JSON.stringify(one), ALL_MARKS));
    expect(rejected).toEqual([["parked"], ["parked"]]);
  });

  test("in no key, metadata or tag of an object", async () => {
    const client = pipeline.s3.client();
    const at = { Bucket: pipeline.s3.bucket };
    const listed = await client.send(new ListObjectsV2Command(at));
    const told: unknown[] = [listed];
    for (const { Key = "" } of listed.Contents ?? []) {
      if (Key.endsWith(PROBE_NAME)) continue;
      const head = await client.send(new HeadObjectCommand({ ...at, Key }));
      expect(head.Metadata).toHaveProperty("request-id");
      told.push(head, await client.send(new GetObjectTaggingCommand({ ...at, Key })));
    }
    client.destroy();
    expect(told.length).toBe(1 + 2 * 5);
    expect(marksIn(JSON.stringify(told), ALL_MARKS)).toEqual([]);
  });

  test("in nothing that the operator's tool prints", () => {
    expect(marked.printed.length).toBeGreaterThan(15);
    expect(marked.printed.filter((text) => marksIn(text, ALL_MARKS).length > 0)).toEqual([]);
  });

  test("in no temporary file: there is none", async () => {
    expect(await readdir(marked.temporary)).toEqual([]);
  });
});
