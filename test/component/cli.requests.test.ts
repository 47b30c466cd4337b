/** The operator's tool on a real kube-apiserver and a real S3 server. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { announce } from "../../functions/domain/outcome/telling.ts";
import {
  execute,
  fail,
  recordRequest,
  startAgain,
  type PendingRequest,
  type RequestFacts,
  type ProcessingRequest,
  type StatementRequest,
} from "../../functions/domain/statement-request.ts";
import {
  makeConfigMapLedger,
  type Ledger,
} from "../../functions/platform/ledger/configmap-ledger.ts";
import { wishedLedger } from "../../functions/platform/ledger/wished-ledger.ts";
import { retryRequest } from "../../infra/operator/act/operator-moves.ts";
import { withAct } from "../../infra/operator/words/acts.ts";
import { startKubeApiserver, type KubeApiserver } from "../support/servers/kube-apiserver.ts";
import type { S3Server } from "../support/servers/s3-server.ts";
import { startS3Server } from "../support/servers/versitygw-server.ts";
import { sampleZip } from "../support/statements/sample-statement.ts";
import { heldRequest } from "../support/functions/held-request.ts";
import { makeTool, type Tool } from "../support/operator/statements-tool.ts";

const HOUR = 3_600_000;
const START = Date.now();
const KEY = "acme-42-1767222000-1769814000-1770000000000.zip";
/** What the sample zip says that it belongs to. */
const EXECUTED = "transaction-request-acme-42-1767225600000";

let kube: KubeApiserver;
let s3: S3Server;
let folder: string;
let ledger: Ledger;
let tool: Tool;
let namespace: string;

function recorded(name: string, over: Partial<RequestFacts> = {}): PendingRequest {
  return recordRequest({
    name,
    customerId: "acme-42",
    startDate: "2026-01-01",
    endDate: "2026-01-31",
    timeZone: "Europe/Berlin",
    options: { time_zone: "Europe/Berlin" },
    event: { source: "/bank", id: name, type: "t", time: START },
    recordedAt: START - HOUR,
    ...over,
  });
}

function held(request: PendingRequest, bucket: string): ProcessingRequest {
  return heldRequest(request, { now: START, object: { bucket, key: KEY } });
}

/** As the functions would have written it. */
async function keep(request: PendingRequest, ...states: readonly StatementRequest[]) {
  await ledger.create(request);
  for (const state of states) {
    const stored = await ledger.read(request.facts.name);
    if (!stored || (await ledger.replace(stored, state)) === "conflict")
      throw new Error("conflict");
  }
}

async function upload(key: string, body: Uint8Array): Promise<void> {
  const client = s3.client();
  await client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: key, Body: body }));
  client.destroy();
}

function executedFrom(zip: Uint8Array, request: PendingRequest, key = KEY) {
  const sha256 = createHash("sha256").update(zip).digest("hex");
  const processing = held(request, s3.bucket);
  const result = { rows: 4, bytes: zip.length, sha256, asOf: START };
  return execute(processing, { bucket: s3.bucket, key }, result, START);
}

async function keepFailed(name: string): Promise<void> {
  const request = recorded(name, { customerId: "other" });
  const failed = fail({ ...held(request, s3.bucket), failures: 5 }, "retries_exhausted", START);
  await keep(request, announce({ ...failed, lastError: "storage_unavailable" }));
}

beforeAll(async () => {
  [kube, s3] = await Promise.all([startKubeApiserver(), startS3Server()]);
  namespace = await kube.createNamespace();
  ledger = makeConfigMapLedger({ namespace, kubeconfig: kube.kubeconfig });
  folder = await mkdtemp(join(tmpdir(), "statements-tool-"));
  tool = makeTool({ ...s3.env, KUBECONFIG: kube.kubeconfig, LEDGER_NAMESPACE: namespace });
  const zip = await sampleZip();
  await upload(KEY, zip);
  await keep(recorded(EXECUTED), announce(executedFrom(zip, recorded(EXECUTED))));
  const waiting = recorded("waiting", { recordedAt: START - 50 * HOUR });
  await keep({ ...waiting, nextAttemptAt: START + HOUR });
  await keep(recorded("building"), held(recorded("building"), s3.bucket));
  await keepFailed("broken");
}, 600_000);

afterAll(async () => {
  await rm(folder, { recursive: true });
  await Promise.all([kube[Symbol.asyncDispose](), s3[Symbol.asyncDispose]()]);
});

describe("list", () => {
  test("a table like kubectl's, oldest first", async () => {
    const { code, stdout } = await tool("list");
    const lines = stdout.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^NAME +STATE +CUSTOMER +PERIOD +AGE +REASON$/);
    expect(lines[1]).toMatch(/^waiting +pending +acme-42 +2026-01-01\.\.2026-01-31 +2d +-$/);
    expect(stdout).toMatch(/^broken +failed +other .* retries_exhausted$/m);
    expect(lines).toHaveLength(5);
    expect(stdout).not.toContain("\u001b");
  });

  test.each([
    [
      ["--state", "pending,processing"],
      ["building", "waiting"],
    ],
    [["-c", "other"], ["broken"]],
    [["--older-than", "2d"], ["waiting"]],
    [["--newer-than", "2d", "-s", "failed"], ["broken"]],
    [["-s", "cancelled"], []],
  ])("%j", async (filter, names) => {
    const { stdout } = await tool("list", "-o", "name", ...filter);
    expect(stdout.split("\n").filter(Boolean).toSorted()).toEqual(names);
  });

  test("json and yaml have the record's own fields", async () => {
    const { stdout } = await tool("list", "-c", "other", "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject([
      { name: "broken", status: "failed", failures: 5, error_code: "retries_exhausted" },
    ]);
    const yaml = await tool("list", "-c", "other", "-o", "yaml");
    expect(yaml.stdout).toContain("\n  error_code: retries_exhausted\n");
    const wide = await tool("list", "-s", "executed", "-o", "wide");
    expect(wide.stdout).toContain(` ${s3.bucket}/${KEY}`);
  });

  test("a record that was mangled by hand is named, and hides no other", async () => {
    const labels = { "app.kubernetes.io/managed-by": "transactions-collector" };
    const metadata = {
      name: "mangled",
      namespace,
      labels: { ...labels, "app.kubernetes.io/component": "statement-request" },
    };
    await kube.apply([{ apiVersion: "v1", kind: "ConfigMap", metadata }]);
    const { code, stdout, stderr } = await tool("list");
    expect(code).toBe(0);
    expect(stdout).toContain("broken");
    expect(stderr).toContain("mangled cannot be read");
  });
});

test("show prints the record's fields", async () => {
  const { stdout } = await tool("show", `configmap/${EXECUTED}`, "-o", "json");
  expect(JSON.parse(stdout)).toMatchObject({
    name: EXECUTED,
    options: { time_zone: "Europe/Berlin" },
    rows: 4,
    announced: true,
    object_key: KEY,
  });
  expect((await tool("show", EXECUTED)).stdout).toContain(`\nobject_key: ${KEY}\n`);
});

describe("explain", () => {
  test("what waits says for what and until when", async () => {
    const { stdout } = await tool("explain", "waiting");
    expect(stdout).toContain(`The next attempt is at ${new Date(START + HOUR).toISOString()}`);
  });

  test("what is being built says by whom", async () => {
    expect((await tool("explain", "building")).stdout).toContain("builder-7 is at work on it");
  });

  test("what has failed says why, and what to do", async () => {
    const { stdout } = await tool("explain", "broken");
    expect(stdout).toContain("every attempt failed");
    expect(stdout).toContain("then retry");
  });
});

/** In the record, and one line for each act on stderr. */
async function actsOf(name: string, stderr: string) {
  const { annotations } = (await ledger.read(name))?.configMap.metadata ?? {};
  const kept = JSON.parse(annotations?.["transactions-collector.io/acts"] ?? "[]") as {
    readonly act: string;
    readonly by: string;
    readonly at: string;
  }[];
  const lines = stderr.split("\n").filter((line) => line.includes(`"request_id":"${name}"`));
  const told = lines.map((line) => JSON.parse(line) as Readonly<Record<string, string>>);
  return { kept, told };
}

/** The API server's word on the kubeconfig of the tests, and the account of this machine. */
const BY = `admin (${userInfo().username}@${hostname()})`;
const traceOf = (act: string) => ({ act, by: BY, at: expect.any(String) as string });
const auditOf = (audit: string, request: string) => ({
  audit,
  request_id: request,
  by: BY,
  at: expect.any(String) as string,
});

test("a request is found by its name as the page shortens it, and as kubectl writes it", async () => {
  for (const name of [EXECUTED, EXECUTED.replace("transaction-request-", ""), `cm/${EXECUTED}`])
    expect((await tool("explain", name)).stdout).toContain(`${EXECUTED}  executed`);
  const part = await tool("explain", "acme-42");
  expect(part).toMatchObject({ code: 1, stdout: "" });
  expect(part.stderr).toContain("there is no request acme-42 in");
});

describe("retry and cancel", () => {
  test("a failed request is pending again with its whole budget, and once only", async () => {
    await keepFailed("try-again");
    const { code, stdout, stderr } = await tool("retry", "try-again");
    expect(await actsOf("try-again", stderr)).toEqual({
      kept: [traceOf("retry")],
      told: [auditOf("retry", "try-again")],
    });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "try-again pending (was failed: retries_exhausted)\n",
    });
    const again = await ledger.read("try-again");
    expect(again?.request).toMatchObject({ status: "pending", failures: 0, attempt: 1 });
    expect(again?.configMap.metadata?.labels).toMatchObject({
      "transactions-collector.io/status": "pending",
    });
    expect(await tool("retry", "try-again")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("only what has failed") as unknown,
    });
  });

  test("a wish to cancel that came too late does not end the new attempt", async () => {
    await keepFailed("wished-late");
    await ledger.wish({
      record: "wished-late",
      customerId: "other",
      requestedAt: START,
      requestedBy: "upstream",
    });
    expect(await tool("retry", "wished-late")).toMatchObject({ code: 0 });
    // As whoever claims it next reads it.
    const again = (await wishedLedger(ledger).read("wished-late"))?.request;
    expect(again).toMatchObject({ status: "pending", cancelRequestedAt: undefined });
    expect(await ledger.readWish("wished-late")).toBeUndefined();
  });

  test("a wish that was written after another had retried is not taken for a late one", async () => {
    await keepFailed("wished-anew");
    const stored = await ledger.read("wished-anew");
    if (!stored) throw new Error("not there");
    const failed = stored.request;
    if (failed.status !== "failed") throw new Error("not failed");
    const wish = { record: "wished-anew", customerId: "other", requestedBy: "upstream" };
    let isFirst = true;
    const find = async () => {
      if (!isFirst) return (await ledger.read("wished-anew")) ?? stored;
      isFirst = false;
      // Between the read and what follows it.
      await ledger.replace(stored, startAgain(failed));
      await ledger.wish({ ...wish, requestedAt: START });
      return stored;
    };
    const { signal } = new AbortController();
    const desk = { ledger, find, now: Date.now, by: "second", signal };
    expect(await retryRequest(desk)).toMatchObject({ kind: "refused" });
    expect(await ledger.readWish("wished-anew")).toBeDefined();
  });

  test("a wish to cancel is kept with the state, of a builder's request too", async () => {
    for (const name of ["never", "stop-it"]) await keep(recorded(name));
    const stored = await ledger.read("stop-it");
    if (stored) await ledger.replace(stored, held(recorded("stop-it"), s3.bucket));
    const { code, stderr } = await tool("cancel", "never", "stop-it");
    expect(code).toBe(0);
    for (const name of ["never", "stop-it"]) {
      expect(await actsOf(name, stderr)).toEqual({
        kept: [traceOf("cancel")],
        told: [auditOf("cancel", name)],
      });
    }
    const shown = JSON.parse((await tool("show", "never", "-o", "json")).stdout) as object;
    expect(shown).toMatchObject({ acts: [traceOf("cancel")] });
    expect((await tool("explain", "never")).stdout).toContain(
      `Cancellation was requested by ${BY} at `,
    );
    for (const [name, status] of [
      ["never", "pending"],
      ["stop-it", "processing"],
    ] as const) {
      const found = (await ledger.read(name))?.request;
      expect(found).toMatchObject({ status, cancelRequestedAt: expect.any(Number) as unknown });
    }
    expect(await tool("cancel", "broken")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("broken is failed already") as unknown,
    });
  });

  test("an outcome is owed once more, of named requests and of those that ended lately", async () => {
    await keepFailed("told");
    expect(await tool("announce", "told", "--since", "3h")).toMatchObject({ code: 2 });
    const shown = await tool("announce", "--since", "90s", "-c", "other", "--dry-run");
    expect(shown.stdout).toContain("told  failed");
    expect((await ledger.read("told"))?.request).toMatchObject({ announced: true });
    expect(await tool("announce", "told")).toMatchObject({ code: 0, stdout: "told  failed\n" });
    expect((await ledger.read("told"))?.request).toMatchObject({
      status: "failed",
      announced: false,
    });
    // Also of a record that is immutable, and of nothing that has not ended.
    expect(await tool("announce", EXECUTED)).toMatchObject({ code: 0 });
    const owed = await ledger.read(EXECUTED);
    if (owed?.request.status !== "executed") throw new Error("not executed");
    expect(owed.request).toMatchObject({ announced: false, rows: 4 });
    await ledger.replace(owed, announce(owed.request));
    expect(await tool("announce", "waiting")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("waiting is pending: it has no outcome yet") as unknown,
    });
  });

  test("who did it stays through the moves of builders, and the newest sixteen are kept", async () => {
    await keepFailed("often");
    for (let n = 0; n < 3; n++) {
      await tool("retry", "often");
      const stored = await ledger.read("often");
      if (!stored) throw new Error("gone");
      const next = fail(held(recorded("often"), s3.bucket), "retries_exhausted", START);
      await ledger.replace(stored, announce(next));
    }
    expect((await actsOf("often", "")).kept.map(({ act }) => act)).toEqual([
      "retry",
      "retry",
      "retry",
    ]);
    const stored = await ledger.read("often");
    if (!stored) throw new Error("gone");
    const many = Array.from({ length: 20 }, (_, n) => n).reduce(
      (before, n) => withAct(before, { act: "link", by: String(n), at: "" }),
      stored,
    );
    await ledger.replace(many, stored.request);
    const { kept } = await actsOf("often", "");
    expect(kept.map(({ by }) => by)).toEqual(Array.from({ length: 16 }, (_, n) => String(n + 4)));
  });

  test("one wrong name among right ones does not pass unseen", async () => {
    const { code, stderr } = await tool("cancel", "nobody");
    expect(code).toBe(1);
    expect(stderr).toContain("there is no request nobody");
  });
});

describe("the file", () => {
  test("download verifies, and replaces nothing unasked", async () => {
    const { code, stdout } = await tool("download", EXECUTED, "-d", folder);
    expect(stdout).toContain("verified");
    expect(code).toBe(0);
    expect(await readFile(join(folder, KEY))).toEqual(await sampleZip());
    expect(await tool("download", EXECUTED, "-d", folder)).toMatchObject({ code: 1 });
    expect(await tool("download", EXECUTED, "-d", folder, "--force")).toMatchObject({ code: 0 });
    expect(await tool("verify", "--ledger", join(folder, KEY))).toMatchObject({ code: 0 });
  });

  test.each([
    [
      "damaged",
      (zip: Buffer) => zip.fill(0, 600, 610),
      "is not a valid statement and was not kept",
    ],
    ["another", (zip: Buffer) => zip, "not the file that the record another names"],
  ])("an object that is %s is not kept", async (name, change, message) => {
    const zip = await sampleZip();
    const key = `${name}-1-2-1770000000000.zip`;
    await upload(key, change(Buffer.from(zip)));
    const other = Buffer.from(name);
    await keep(recorded(name), executedFrom(name === "another" ? other : zip, recorded(name), key));
    const { code, stderr } = await tool("download", name, "-d", folder);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect((await readdir(folder)).filter((file) => file.startsWith(name))).toEqual([]);
  });

  test("verify needs no cluster, and finds a changed byte", async () => {
    const alone = makeTool({});
    const file = join(folder, "changed.zip");
    const zip = await sampleZip();
    await writeFile(file, zip);
    expect((await alone("verify", file)).stdout).toMatch(
      /verified\n.*acme-42, 2026-01-01 to 2026-01-31/,
    );
    await writeFile(file, zip.fill(0, 600, 610));
    const { code, stdout } = await alone("verify", file);
    expect(code).toBe(1);
    expect(stdout).toContain("does not verify");
    expect(await alone("verify", join(folder, "none.zip"))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("there is no file") as unknown,
    });
  });

  test("a link gives the file, says when it ends, and ends then", async () => {
    const asked = Date.now();
    const { code, stdout, stderr } = await tool("link", EXECUTED, "--expires", "2s");
    expect(code).toBe(0);
    // The record is immutable, and has it all the same.
    expect((await ledger.read(EXECUTED))?.configMap.immutable).toBe(true);
    expect(await actsOf(EXECUTED, stderr)).toEqual({
      kept: [traceOf("announce"), traceOf("link")],
      told: [auditOf("link", EXECUTED)],
    });
    const end = Date.parse(/ends (\S+),/.exec(stderr)?.[1] ?? "");
    expect(end).toBeGreaterThan(asked + 1_000);
    const url = stdout.trim();
    const answer = await fetch(url);
    expect(answer.headers.get("content-disposition")).toContain(KEY);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(await sampleZip());
    let status: number;
    do status = (await fetch(url)).status;
    while (status === 200);
    expect(status).toBe(403);
    expect(Date.now()).toBeGreaterThanOrEqual(end - 1_000);
  });

  test("what has no file says so", async () => {
    expect(await tool("link", "broken")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("broken is failed, so it has no file") as unknown,
    });
  });
});

describe("watch", () => {
  test("of one request ends with it, and its code says how", async () => {
    await keep(recorded("followed"));
    const followed = tool("watch", "followed");
    const stored = await ledger.read("followed");
    if (!stored) throw new Error("gone");
    const processing = held(recorded("followed"), s3.bucket);
    const next = await ledger.replace(stored, processing);
    if (next === "conflict") throw new Error("conflict");
    await ledger.replace(next, fail(processing, "unknown_customer", Date.now()));
    const { code, stdout } = await followed;
    expect(code).toBe(1);
    expect(stdout).toMatch(/failed +unknown_customer\n$/);
    expect(await tool("watch", EXECUTED)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ *\d+\w+ {2}executed +4 rows/) as unknown,
    });
  });
});

describe("watch, when something comes between", () => {
  async function move(name: string, next: (request: StatementRequest) => StatementRequest) {
    const stored = await ledger.read(name);
    if (!stored) throw new Error("gone");
    await ledger.replace(stored, next(stored.request));
  }

  test("Ctrl-C ends it with 130", async () => {
    await keep(recorded("for-ever"));
    const interrupt = new AbortController();
    const env = { KUBECONFIG: kube.kubeconfig, LEDGER_NAMESPACE: namespace };
    const watched = makeTool(env, interrupt.signal)("watch", "for-ever");
    interrupt.abort();
    expect(await watched).toMatchObject({ code: 130 });
  });

  test("an API server that is started again", async () => {
    await keep(recorded("patient"));
    const env = { KUBECONFIG: kube.kubeconfig, LEDGER_NAMESPACE: namespace };
    const { promise: isShown, resolve } = Promise.withResolvers<string>();
    const watched = makeTool(env, undefined, resolve)("watch", "patient");
    expect(await isShown).toContain("pending");
    await kube.kill();
    await kube.start();
    const processing = held(recorded("patient"), s3.bucket);
    await move("patient", () => processing);
    await move("patient", () => fail(processing, "unknown_customer", Date.now()));
    expect((await watched).stdout).toMatch(/failed +unknown_customer\n$/);
  }, 120_000);

  test("a record that is deleted", async () => {
    await keep(recorded("deleted"));
    const watched = tool("watch", "deleted");
    const stored = await ledger.read("deleted");
    if (stored) await ledger.remove(stored);
    const { code, stderr } = await watched;
    expect(code).toBe(1);
    expect(stderr).toMatch(/is deleted|no request deleted/);
  });
});

test("where nothing was rejected it says so", async () => {
  const nothing = { code: 0, stdout: "", stderr: `No rejected events found in ${namespace}.\n` };
  expect(await tool("rejected")).toMatchObject(nothing);
  expect(await tool("replay", "--all")).toMatchObject(nothing);
});

describe("prune", () => {
  test("shows what the scanner would delete, and deletes nothing", async () => {
    expect((await tool("prune", "--dry-run")).stdout).toBe("");
    const { stdout, stderr } = await tool("prune", "--in", "31d");
    expect(stdout).toMatch(new RegExp(`^${EXECUTED} +executed`, "m"));
    expect(stdout).not.toContain("waiting");
    expect(stderr).toContain("retention of 30 days");
    // This cluster has no Knative to ask.
    expect(stderr).toContain("set RETENTION_DAYS, as it has it");
    expect(await ledger.read(EXECUTED)).toBeDefined();
  });

  test("goes by the ConfigMap's own time where somebody has spoilt that of a parked event", async () => {
    const fields = { received_at: "yesterday" };
    const { name } = await ledger.keepRejected({ hash: "1".repeat(64), sharer: "/bank", fields });
    const { stdout } = await tool("prune", "--in", "31d");
    expect(stdout).toMatch(new RegExp(`^${name} +rejected +\\d+s$`, "m"));
    expect((await tool("prune")).stderr).toMatch(/the next one is in \d+d/);
  });
});

describe("completion", () => {
  /** What bash offers for the last of these words, with a tool that answers `list` only. */
  async function offered(...words: readonly string[]): Promise<readonly string[]> {
    const { stdout } = await tool("completion", "bash");
    const line = ["statements", ...words].map((word) => `'${word}'`).join(" ");
    const script = `${stdout}
statements() {
  case "$*" in
    "--local list -o name --state failed") echo broken ;;
    "list -o name") echo waiting; echo broken ;;
  esac
}
COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _statements; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const run = await promisify(execFile)("bash", ["--norc", "-c", script]);
    return run.stdout.split("\n").filter(Boolean);
  }

  test("of commands, options and requests", async () => {
    expect(await offered("re")).toEqual(["request", "retry", "rejected", "replay"]);
    expect(await offered("list", "--o")).toEqual(["--older-than", "--output"]);
    expect(await offered("explain", "w")).toEqual(["waiting"]);
    // Asked of the same installation, and only what the command can be about.
    expect(await offered("--local", "retry", "")).toEqual(["broken"]);
    expect(await offered("list", "-o", "")).toEqual(["table", "wide", "name", "json", "yaml"]);
    expect(await offered("cancel", "--state", "p")).toEqual(["pending", "processing"]);
    expect(await offered("verify", "w")).toEqual([]);
    expect(await offered("--")).toEqual(
      expect.arrayContaining(["--version", "--kubeconfig", "--namespace", "--local", "--help"]),
    );
  });

  /** There is no fish where tests run: what it is told, line by line. */
  test("fish is told of every option, its values, and whose requests are meant", async () => {
    const lines = (await tool("completion", "fish")).stdout.split("\n");
    const first = "complete -c statements -n __statements_is_first";
    const of = (command: string): string =>
      `complete -c statements -n '__fish_seen_subcommand_from ${command}'`;
    for (const line of [
      `${first} -s V -l version`,
      `${first} -l local`,
      `${first} -l kubeconfig -r`,
      `${first} -s n -l namespace -x`,
      `${of("list ls")} -s o -l output -x -a 'table wide name json yaml'`,
      `${of("request")} -l delimiter -x -a '"," ";" "|" tab'`,
      `${of("cancel")} -s s -l state -x -a '`,
      `${of("retry")} -f -a '(__statements_names list -o name --state failed)'`,
    ])
      expect(lines).toContainEqual(expect.stringContaining(line));
    expect(lines).toContain("  $of $argv 2>/dev/null");
  });

  test("another shell is wrong use", async () => {
    expect(await tool("completion", "tcsh")).toMatchObject({ code: 2 });
    expect((await tool("completion", "fish")).stdout).toContain("-a 'explain' -d ");
  });
});

describe("wrong use, and trouble", () => {
  test.each([
    [[], "Usage: statements"],
    [["lst"], "Did you mean"],
    [["list", "--state", "done"], "States are"],
    [["list", "--older-than", "soon"], "90s, 15m"],
    [["list", "--limit", "0"], "a number such as 20"],
    [["list", "--columns", "name,colour"], "Columns are"],
    [["list", "--watch", "-o", "json"], "goes with a table"],
    [["list", "-c", "a b"], "An id has at most 63 letters"],
    [["announce", "--since", "3h", "-c", "a/b"], "An id has at most 63 letters"],
    [["announce", "x", "-c", "y"], "--customer goes with --since"],
    [["watch", "x", "-c", "y"], "not both"],
    [["list", "-o", "xml"], "Allowed choices"],
    [["show"], "missing required argument"],
    [["link", "x", "--expires", "8d"], "From 1s to 7d"],
    [["request", "c", "2026-01-01", "2026-01-31", "--time", "x"], "--time goes with --id"],
    [["ui", "--port", "0"], "From 1 to 65535"],
    [["ui", "--port", "6000"], "No browser asks this port"],
    [["ui", "--port", "10080"], "No browser asks this port"],
    [["replay"], "or give --all"],
    [["--kubeconfig", "/none", "list"], "there is no kubeconfig /none"],
    [["-n", "Not A Name", "list"], "LEDGER_NAMESPACE is not valid"],
  ])("%j ends with 2 and says what is wrong", async (args, message) => {
    const { code, stdout, stderr } = await tool(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });

  test("every command has help with an example", async () => {
    const { code, stdout } = await tool("--help");
    expect(code).toBe(0);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+)(?:\|[a-z]+)?(?: \[| <|$| {2})/gm)].map(
      ([, name = ""]) => name,
    );
    expect(commands).toEqual(expect.arrayContaining(["list", "explain", "doctor"]));
    for (const name of commands.filter((one) => one !== "help")) {
      const help = await tool(name, "--help");
      expect(help).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`statements ${name}`) as unknown,
      });
      expect(help.stdout).toContain("Examples:\n");
    }
  });

  test("whoever may not read the ledger is told so, with 3", async () => {
    await kube.apply([
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "nobody", namespace } },
    ]);
    const nobody = await kube.serviceAccountKubeconfig(namespace, "nobody");
    for (const command of [["list"], ["show", "x"], ["watch"]]) {
      const { code, stderr } = await tool("--kubeconfig", nobody, ...command);
      expect(code).toBe(3);
      expect(stderr).toContain("HTTP 403");
      expect(stderr).toContain("statements doctor");
    }
  });
});
