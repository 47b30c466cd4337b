/**
 * Hostile text in whatever the operator's tool reads: records, parked events, answers of intake, zips.
 * Every output is searched: none of it holds a character that moves, hides or turns anything.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answer, startEventSink } from "../support/functions/event-sink.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";
import { sampleZip } from "../support/statements/sample-statement.ts";
import { manifestOf, sealed } from "../support/statements/sealed-statement.ts";
import { unzip } from "../support/statements/statement.ts";
import { makeTool, type Tool, type ToolRun } from "../support/operator/statements-tool.ts";

/** A mark, and what a terminal would do with it: a title, a colour, a line, another direction. */
const HOSTILE = "mark\u001b]0;t\u0007\u001b[31m\u009b2J\r\n  forged\u202eline\u2066\u200b";
/** Everything but the line ends that the tool itself writes. */
const MOVES = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const PREFIX = "transactions-collector.io";
const NAME = "transaction-request-acme-42-1768478398123";
const EXECUTED = "transaction-request-acme-42-1768478398124";

const opened = new AsyncDisposableStack();
let local: LocalLedger;
let tool: Tool;
let folder: string;

beforeAll(async () => {
  local = opened.use(await startLocalLedger());
  const intake = opened.use(await startEventSink(answer(400, `{"error":"${HOSTILE}"`)));
  folder = await mkdtemp(join(tmpdir(), "cli-hostile-"));
  opened.defer(() => rm(folder, { recursive: true }));
  tool = makeTool({
    KUBECONFIG: local.kubeconfig,
    LEDGER_NAMESPACE: local.namespace,
    INTAKE_URL: intake.url,
  });
  for (const [name, data] of Object.entries(RECORDS)) {
    await put(name, "statement-request", data, {
      [`${PREFIX}/status`]: data["status"] ?? "",
      [`${PREFIX}/customer`]: "acme-42",
    });
  }
  await put("rejected-event-0001", "rejected-event", PARKED, {});
  await put("rejected-event-0002", "rejected-event", { ...PARKED, event: HOSTILE }, {});
});
afterAll(() => opened.disposeAsync());

const FACTS = {
  customer_id: HOSTILE,
  start_date: HOSTILE,
  end_date: HOSTILE,
  time_zone: HOSTILE,
  options: JSON.stringify({ [HOSTILE]: HOSTILE }),
  event_source: HOSTILE,
  event_id: HOSTILE,
  event_type: HOSTILE,
  event_time: "2026-01-15T12:00:00.000Z",
  recorded_at: "2026-01-15T12:00:00.000Z",
  attempt: "1",
  failures: "1",
  lane: "service",
  last_error: HOSTILE,
  object_bucket: HOSTILE,
  object_key: HOSTILE,
};
const RECORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [NAME]: { ...FACTS, status: "pending", next_attempt_at: "2026-01-15T12:00:00.000Z" },
  [EXECUTED]: {
    ...FACTS,
    status: "executed",
    rows: "1",
    bytes: "1",
    sha256: HOSTILE,
    as_of: "2026-01-15T12:00:00.000Z",
    executed_at: "2026-01-15T12:00:00.000Z",
  },
};
const PARKED = {
  received_at: HOSTILE,
  sender: HOSTILE,
  event_id: HOSTILE,
  event_source: HOSTILE,
  event_type: HOSTILE,
  error_code: HOSTILE,
  error_dest: HOSTILE,
  error_data: HOSTILE,
  event: JSON.stringify({ id: HOSTILE, data: { customer_id: HOSTILE } }),
};

async function put(
  name: string,
  component: string,
  data: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>>,
): Promise<void> {
  const labels = {
    "app.kubernetes.io/managed-by": "transactions-collector",
    "app.kubernetes.io/component": component,
    ...more,
  };
  const body = { metadata: { name, labels }, data: { ...data } };
  await local.core.createNamespacedConfigMap({ namespace: local.namespace, body });
}

/** Said, and said as text. */
function expectHarmless({ stdout, stderr }: ToolRun, mark = "mark"): void {
  expect(stdout + stderr).toContain(mark);
  for (const text of [stdout, stderr]) {
    expect(text).not.toMatch(MOVES);
    // In a document of YAML a text may go over lines, indented; nowhere else.
    expect(text).not.toMatch(/^forged/m);
  }
}

test.each<readonly string[]>([
  ["list"],
  ["list", "-o", "wide"],
  ["list", "-o", "json"],
  ["list", "-o", "yaml"],
  ["show", NAME],
  ["show", "-o", "json", NAME, EXECUTED],
  ["explain", NAME, EXECUTED],
  ["rejected"],
  ["rejected", "rejected-event-0001"],
  ["rejected", "rejected-event-0002"],
  ["rejected", HOSTILE],
  ["replay", "rejected-event-0001"],
  ["replay", "rejected-event-0002"],
  ["replay", HOSTILE],
  ["replay", "--all"],
  ["request", HOSTILE, "2026-01-01", "2026-01-31", "--source", HOSTILE],
  ["retry", HOSTILE],
  ["cancel", HOSTILE],
  ["link", EXECUTED],
  ["download", EXECUTED, "-d", "/nowhere"],
  ["verify", HOSTILE],
  ["verify", "--keys", HOSTILE, "x.zip"],
  [HOSTILE],
  ["list", `--${HOSTILE}`],
  ["list", "--state", HOSTILE],
])("statements %j", async (...args) => {
  expectHarmless(await tool(...args), args[0] === "download" || args[0] === "link" ? "" : "mark");
});

test("verify does not say what a zip would like it to say", async () => {
  const files = await unzip(await sampleZip());
  const manifest = manifestOf(files);
  const forged = `r\n  authentic: signed with bank-2026 (ES256)`;
  const zips = {
    request: sealed(files, { ...manifest, request_id: forged }),
    customer: sealed(files, { ...manifest, customer_id: HOSTILE }),
    entry: sealed({ "mark\u001b[2J": "x", ...files }),
  };
  for (const [name, zip] of Object.entries(zips)) {
    const path = join(folder, `${name}.zip`);
    await writeFile(path, zip);
    const run = await tool("verify", path);
    expect(run).toMatchObject({ code: 1 });
    expectHarmless(run, "does not verify");
    expect(run.stdout).not.toContain("authentic");
  }
  const path = join(folder, "right.zip");
  await writeFile(path, await sampleZip());
  const { stdout } = await tool("verify", path);
  expect(stdout).toContain("signature: none; anybody may have made it");
});

test("replay --all shows whose events they are, and sends none without a yes", async () => {
  const run = await tool("replay", "--all");
  expect(run.code).toBe(2);
  expect(run.stderr).toMatch(/source mark.*customer mark.*sender mark/);
  expect(run.stderr).toContain("--yes");
  expect(run.stdout).toBe("");
});
