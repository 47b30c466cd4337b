/** The operator's tool over many requests at once: lists, bulk acts, figures, histories, changes. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { announce } from "../../functions/domain/outcome/telling.ts";
import {
  execute,
  fail,
  recordRequest,
  type PendingRequest,
  type ProcessingRequest,
  type StatementRequest,
} from "../../functions/domain/statement-request.ts";
import { claimFolder } from "../../infra/local/running.ts";
import { REPOSITORY } from "../support/document-blocks.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";
import { heldRequest } from "../support/functions/held-request.ts";
import { makeTool, type Tool } from "../support/operator/statements-tool.ts";

const run = promisify(execFile);
const SECOND = 1_000;
const HOUR = 3_600_000;
const START = Date.now();

const opened = new AsyncDisposableStack();
let local: LocalLedger;
let env: Readonly<Record<string, string>>;
let tool: Tool;

/** Told how many hours ago it was recorded. */
function recorded(name: string, customerId: string, hours: number): PendingRequest {
  return recordRequest({
    name,
    customerId,
    startDate: "2026-01-01",
    endDate: "2026-01-31",
    timeZone: "UTC",
    options: {},
    event: { source: "/bank", id: `id-of-${name}`, type: "t", time: START - hours * HOUR },
    recordedAt: START - hours * HOUR,
  });
}

function held(request: PendingRequest): ProcessingRequest {
  const now = request.facts.recordedAt + SECOND;
  return heldRequest(request, { now, object: { bucket: "statements", key: `a-1-2-${now}.zip` } });
}

function executed(request: PendingRequest, seconds: number, rows: number): StatementRequest {
  const at = request.facts.recordedAt + seconds * SECOND;
  const sha256 = createHash("sha256").update("").digest("hex");
  const processing = held(request);
  return announce(
    execute(processing, processing.object, { rows, bytes: 1_000, sha256, asOf: at }, at),
  );
}

const failed = (request: PendingRequest, code: "too_large" | "unknown_customer", seconds = 2) =>
  announce(fail(held(request), code, request.facts.recordedAt + seconds * SECOND));

async function keep(...requests: readonly StatementRequest[]): Promise<void> {
  for (const request of requests) {
    await local.ledger.create(recordRequest(request.facts));
    if (request.status === "pending") continue;
    const stored = await local.ledger.read(request.facts.name);
    if (stored) await local.ledger.replace(stored, request);
  }
}

beforeAll(async () => {
  local = opened.use(await startLocalLedger());
  env = { KUBECONFIG: local.kubeconfig, LEDGER_NAMESPACE: local.namespace };
  tool = makeTool(env);
  await keep(
    executed(recorded("a", "anna", 10), 4, 30),
    executed(recorded("b", "anna", 8), 1, 500),
    executed(recorded("c", "bert", 6), 2, 40),
    failed(recorded("d", "bert", 5), "too_large"),
    failed(recorded("e", "carl", 4), "unknown_customer"),
    held(recorded("f", "carl", 0.5)),
    recorded("g", "anna", 0.2),
  );
});
afterAll(() => opened.disposeAsync());

const names = (text: string): readonly string[] => text.split("\n").filter(Boolean);

describe("list", () => {
  test.each([
    [
      ["--sort", "rows", "--reverse", "--limit", "2"],
      ["b", "c"],
    ],
    [
      ["--sort", "taken", "-s", "executed"],
      ["b", "c", "a"],
    ],
    [
      ["--reverse", "--limit", "3"],
      ["g", "f", "e"],
    ],
    [
      ["--code", "too_large,unknown_customer"],
      ["d", "e"],
    ],
    [["--code", "unknown_customer", "--older-than", "5h"], []],
  ])("%j", async (options, expected) => {
    expect(names((await tool("list", "-o", "name", ...options)).stdout)).toEqual(expected);
  });

  test("columns of one's own, without a head", async () => {
    const { stdout } = await tool(
      "ls",
      "-c",
      "bert",
      "--no-headers",
      "--columns",
      "name,rows,object",
    );
    expect(stdout).toBe(
      `c   40   statements/a-1-2-${START - 6 * HOUR + SECOND}.zip\n` +
        // What was never written is not shown as a file.
        "d   -    -\n",
    );
  });

  test("says how many there are when it shows fewer", async () => {
    expect((await tool("list", "--limit", "2")).stderr).toBe(
      "2 of 7 requests; --limit says how many.\n",
    );
  });
});

describe("retry and cancel of many", () => {
  test("are shown by --dry-run, and not done", async () => {
    const { code, stdout, stderr } = await tool("retry", "--code", "too_large", "--dry-run");
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "d  failed  too_large\n",
      stderr: "1 request; nothing was done.\n",
    });
    expect((await local.ledger.read("d"))?.request.status).toBe("failed");
  });

  test("are asked for, and need a --yes where nobody can answer", async () => {
    const { code, stderr } = await tool("retry", "--newer-than", "1d");
    expect(code).toBe(2);
    expect(stderr).toBe(
      "d  failed  too_large\ne  failed  unknown_customer\n" +
        "statements: it asks first; without a terminal, add --yes\n",
    );
    expect((await local.ledger.read("e"))?.request.status).toBe("failed");
  });

  test("are done to those alone that the options choose", async () => {
    await keep(
      failed(recorded("once", "many", 3), "too_large"),
      failed(recorded("twice", "many", 2), "unknown_customer"),
      recorded("open", "many", 1),
    );
    const { code, stdout } = await tool("retry", "-c", "many", "--code", "too_large", "--yes");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "once pending (was failed: too_large)\n" });
    expect((await local.ledger.read("twice"))?.request.status).toBe("failed");
    const cancelled = await tool("cancel", "-c", "many", "-y");
    expect(cancelled.code).toBe(0);
    expect(names(cancelled.stdout).map((line) => line.split(" ")[0])).toEqual(["once", "open"]);
    for (const name of ["once", "open", "twice"]) {
      const stored = await local.ledger.read(name);
      if (stored) await local.ledger.remove(stored);
    }
  });

  test.each(["retry", "cancel", "announce"])("%s goes on where one has gone", async (act) => {
    const [first, last] = [`${act}-1`, `${act}-2`];
    const [one, two] = [first, last].map((name) => recorded(name, "gone", 1));
    if (!one || !two) throw new Error("none");
    await keep(...[one, two].map((each) => (act === "cancel" ? each : failed(each, "too_large"))));
    const { code, stdout, stderr } = await tool(act, first, "missing", last);
    expect(code).toBe(1);
    expect(names(stdout).map((line) => line.split(" ")[0])).toEqual([first, last]);
    expect(stderr).toContain("there is no request missing in");
    expect(stderr).toContain("1 of 3 requests not found, or not to be read\n");
    for (const name of [first, last]) {
      const stored = await local.ledger.read(name);
      if (stored) await local.ledger.remove(stored);
    }
  });

  test("is done to all of them, though nobody reads what it prints", async () => {
    const all = ["unread-1", "unread-2"];
    await keep(...all.map((name) => failed(recorded(name, "unread", 1), "too_large")));
    const line = `"${process.execPath}" infra/operator/statements.ts retry ${all.join(" ")} | true`;
    const options = { cwd: REPOSITORY, env: { ...process.env, ...env } };
    const { stderr } = await run("bash", ["-o", "pipefail", "-c", line], options);
    expect(names(stderr).filter((one) => one.includes('"audit":"retry"'))).toHaveLength(2);
    for (const name of all) {
      const stored = await local.ledger.read(name);
      expect(stored?.request.status).toBe("pending");
      if (stored) await local.ledger.remove(stored);
    }
  });

  test.each([
    [["retry", "a", "--code", "too_large"], "or choose them by options"],
    [["retry"], "or choose them by options"],
    [["cancel", "--state", "failed"], "States are pending, processing."],
    // A failed request has none of the reasons that may pass.
    [["retry", "--code", "database_unavailable"], "too_large, retries_exhausted.\n"],
    [["list", "--code", "lease_expired,typo"], "Reasons are unknown_customer,"],
    [["stats", "--code", "typo"], "retries_exhausted, database_unavailable,"],
    [["watch", "--code", "typo"], "cancel_requested, oversized.\n"],
    [["cancel", "--code", "too_large,"], "Reasons are unknown_customer,"],
  ])("%j is wrong use", async (args, words) => {
    const { code, stderr } = await tool(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe("stats", () => {
  test("counts, rates and times, for programs", async () => {
    const { stdout } = await tool("stats", "-o", "json");
    const stats = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    expect(stats).toMatchObject({
      requests: 7,
      by_state: { executed: 3, failed: 2, processing: 1, pending: 1 },
      by_reason: { too_large: 1, unknown_customer: 1 },
      due: 1,
      success_ratio: 0.6,
      seconds: { p50: 2, p99: 4, max: 4 },
      rows: 570,
      bytes: 3_000,
    });
    // Five that ended, in the ten hours since the first was recorded.
    expect(stats["ended_per_hour"]).toBeCloseTo(0.5, 2);
    expect(stats["oldest_due_seconds"]).toBeGreaterThanOrEqual(720);
  });

  test("for people", async () => {
    const { stdout } = await tool("stats", "-c", "anna");
    expect(stdout).toMatch(/^executed +2$/m);
    expect(stdout).toMatch(/^from record to file +p50 1\.00 s, p99 4\.00 s, max 4\.00 s$/m);
    expect(stdout).toMatch(/^executed of those that ended +100\.00 %$/m);
    const none = `No requests found in ${local.namespace}.\n`;
    expect((await tool("stats", "-c", "nobody")).stderr).toBe(none);
  });
});

describe("events and explain", () => {
  test("the history of a request, with who did what", async () => {
    await tool("retry", "e");
    const { stdout } = await tool("events", "e", "-o", "json");
    const history = JSON.parse(stdout) as readonly Readonly<Record<string, string>>[];
    expect(history.map(({ what }) => what)).toEqual(["recorded", "claimed", "retry", "due"]);
    expect(history[0]).toMatchObject({ by: "/bank", why: "event id-of-e" });
    expect(history[2]?.["by"]).toMatch(/\S+@\S+/);
    const table = (await tool("events", "a")).stdout;
    expect(table).toMatch(/^AT +WHAT +BY/);
    expect(table).toContain("executed");
    expect(table).toContain("30 rows, 1.0 kB, attempt 1, 0 failures, its outcome was sent");
  });

  test("an explanation as JSON", async () => {
    const { stdout } = await tool("explain", "d", "-o", "json");
    expect(JSON.parse(stdout)).toEqual([
      {
        name: "d",
        status: "failed",
        happened: expect.arrayContaining([expect.stringContaining("too_large")]) as unknown,
        next: expect.arrayContaining([expect.stringContaining("OVERSIZED_ROWS")]) as unknown,
      },
    ]);
  });
});

describe("watch", () => {
  /** Adds requests of these customers until what was printed is enough. */
  async function watched(enough: RegExp, customers: readonly string[], ...args: readonly string[]) {
    const stop = new AbortController();
    let text = "";
    const running = makeTool(env, stop.signal, (more) => (text += more))(...args);
    for (let n = 0; !enough.test(text); n++) {
      for (const customer of customers) await keep(recorded(`${customer}-${n}`, customer, 0));
      await sleep(50);
    }
    stop.abort();
    await running;
    return text;
  }

  test("only of what the options choose, a line of JSON a change", async () => {
    const text = await watched(/mine-/, ["mine", "other"], "watch", "-c", "mine", "-o", "json");
    const seen = names(text).map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(seen.map(({ customer_id: customer }) => customer)).toEqual(seen.map(() => "mine"));
    expect(seen[0]).toMatchObject({ status: "pending" });
  });

  test("behind a list, with the time", async () => {
    const change = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +\S.*pending +(dora-\d+)$/m;
    const text = await watched(change, ["dora"], "list", "-c", "dora", "--watch");
    const [table = "", ...changes] = text.split(/(?=^\d{4}-.*Z )/m);
    // What the list had is no change.
    expect(changes.length).toBeGreaterThan(0);
    for (const line of changes) expect(table).not.toContain(change.exec(line)?.[1]);
  });
});

describe("--local", () => {
  test("is the installation that is up in the folder, wherever its ports are", async () => {
    const outDir = await mkdtemp(join(tmpdir(), "running-"));
    const logDir = join(outDir, "logs");
    opened.defer(() => rm(outDir, { recursive: true }));
    const there = makeTool({ OUT_DIR: outDir });
    const nothing = await there("--local", "list");
    expect(nothing).toMatchObject({ code: 2, stdout: "" });
    expect(nothing.stderr).toContain(`nothing is up in ${outDir}`);

    await using claim = await claimFolder(outDir, "run", logDir);
    expect((await there("--local", "list")).code).toBe(2);
    await claim.tell({ environment: env });
    expect(names((await there("--local", "list", "-c", "bert", "-o", "name")).stdout)).toEqual([
      "c",
      "d",
    ]);
    await mkdir(logDir);
    const line = (time: string, record: string) =>
      JSON.stringify({ level: "info", time: `2026-01-01T00:00:0${time}Z`, record, msg: "x" });
    await writeFile(join(logDir, "a.log"), [line("2", "c"), line("1", "cc")].join("\n"));
    await writeFile(join(logDir, "b.log"), [line("1", "c"), "c, but no line of a log"].join("\n"));
    expect(names((await there("--local", "logs", "c")).stdout)).toEqual([
      line("1", "c"),
      line("2", "c"),
    ]);
  });
});

test("what cannot be read as a request is no defect of the tool, and keeps nothing from the others", async () => {
  const where = { name: "of-a-later-version", namespace: local.namespace };
  await keep(recorded(where.name, "later", 1));
  const body = await local.core.readNamespacedConfigMap(where);
  body.data = { ...body.data, status: "archived" };
  await local.core.replaceNamespacedConfigMap({ ...where, body });
  await keep(failed(recorded("readable", "later", 1), "too_large"));
  for (const command of [
    "show",
    "explain",
    "events",
    "watch",
    "download",
    "link",
    "retry",
    "cancel",
  ]) {
    const { code, stderr } = await tool(command, "of-a-later-version");
    expect({ command, code }).toEqual({ command, code: 1 });
    expect(stderr).toContain("of-a-later-version cannot be read as a request: field ");
  }
  const { code, stdout } = await tool("retry", "of-a-later-version", "readable");
  expect({ code, stdout }).toEqual({
    code: 1,
    stdout: "readable pending (was failed: too_large)\n",
  });
});
