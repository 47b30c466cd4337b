/**
 * Every command of the operator's tool, with hostile text in each of its inputs: each argument and option, records in
 * every state, parked events, answers of intake and of the store. The list is the tool's own, so that a command that
 * is added is tried as well.
 */
import { rm } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { Command, type Option } from "commander";
import { makeProgram } from "../../infra/operator/run.ts";
import { makeSession } from "../../infra/operator/session/session.ts";
import { answer, startEventSink } from "../support/functions/event-sink.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";
import { makeTool, type ToolRun } from "../support/operator/statements-tool.ts";

/** A mark, and what a terminal would do with it: a title, a colour, a line, another direction. */
const HOSTILE = "mark\u001b]0;t\u0007\u001b[31m\u009b2J\r\n  forged\u202eline\u2066\u200b";
/** Everything but the line ends that the tool itself writes. */
const MOVES = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
/** Some commands go on until they are interrupted. */
const LONGEST_MS = 2_000;

const TIME = "2026-01-15T12:00:00.000Z";
const PREFIX = "transactions-collector.io";
const FACTS = {
  ...{ customer_id: HOSTILE, start_date: HOSTILE, end_date: HOSTILE, time_zone: HOSTILE },
  ...{ event_source: HOSTILE, event_id: HOSTILE, event_type: HOSTILE, last_error: HOSTILE },
  options: JSON.stringify({ [HOSTILE]: HOSTILE }),
  ...{ event_time: TIME, recorded_at: TIME, attempt: "1", failures: "1", lane: "service" },
  ...{ object_bucket: HOSTILE, object_key: HOSTILE },
};
const STATES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pending: { next_attempt_at: TIME },
  processing: { holder: HOSTILE, lease_expires_at: TIME, progress_phase: HOSTILE },
  executed: { rows: "1", bytes: "1", sha256: HOSTILE, as_of: TIME, executed_at: TIME },
  failed: { error_code: HOSTILE, failed_at: TIME },
  cancelled: { cancelled_at: TIME },
};
const PARKED = Object.fromEntries(
  ["received_at", "sender", "event_id", "event_source", "event_type", "error_code"]
    .concat("error_dest", "error_data", "event")
    .map((name) => [name, HOSTILE]),
);
const nameOf = (state: string): string => `transaction-request-acme-42-${state}`;
const NAMES = [...Object.keys(STATES).map(nameOf), "rejected-event-0001"];

const opened = new AsyncDisposableStack();
let local: LocalLedger;
let env: Readonly<Record<string, string>>;

/** A new one for each command: the Kubernetes client has a connection for each request, and a server no room for all. */
beforeEach(async () => {
  local = await startLocalLedger();
  env = { ...env, KUBECONFIG: local.kubeconfig, LEDGER_NAMESPACE: local.namespace };
});
afterEach(() => local[Symbol.asyncDispose]());
beforeAll(async () => {
  // A folder to download into is made, here.
  opened.defer(() => rm(HOSTILE, { recursive: true, force: true }));
  const intake = opened.use(await startEventSink(answer(400, `{"error":"${HOSTILE}"`)));
  const error = `<Error><Code>${HOSTILE}</Code><Message>${HOSTILE}</Message></Error>`;
  const store = opened.use(await startEventSink(answer(400, error)));
  env = {
    INTAKE_URL: intake.url,
    ...{ S3_ENDPOINT: store.url, S3_FORCE_PATH_STYLE: "true", S3_BUCKET: "mark" },
    ...{ AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
    DATABASE_URL: "mysql://mark:mark@127.0.0.1:9/mark",
  };
});
afterAll(() => opened.disposeAsync());

/** As before whatever a command has changed. */
async function fillLedger(): Promise<void> {
  const { namespace, core } = local;
  await core.deleteCollectionNamespacedConfigMap({ namespace }).catch(() => undefined);
  for (const { metadata } of await local.configMaps())
    await core.deleteNamespacedConfigMap({ namespace, name: metadata?.name ?? "" });
  const put = async (name: string, component: string, data: object, labels: object = {}) => {
    const ours = {
      "app.kubernetes.io/managed-by": "transactions-collector",
      "app.kubernetes.io/component": component,
      ...labels,
    };
    const annotations = { [`${PREFIX}/acts`]: HOSTILE };
    const body = { metadata: { name, labels: ours, annotations }, data: { ...data } };
    await core.createNamespacedConfigMap({ namespace, body });
  };
  for (const [state, fields] of Object.entries(STATES)) {
    const labels = { [`${PREFIX}/status`]: state, [`${PREFIX}/customer`]: "acme-42" };
    const data = { ...FACTS, status: state, ...fields };
    await put(nameOf(state), "statement-request", data, labels);
  }
  await put("rejected-event-0001", "rejected-event", PARKED);
}

function commands(): readonly Command[] {
  const terminal = {
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    signal: new AbortController().signal,
  };
  using session = makeSession(terminal, {});
  return [...makeProgram(session, terminal).commands];
}

const takesValue = (option: Option): boolean => option.required || option.optional;
const flagOf = (option: Option): string => option.long ?? option.short ?? "";

/** Calls with one hostile input each; the others are of their form. */
function callsOf(command: Command): readonly (readonly string[])[] {
  const name = command.name();
  const form = (record: string): readonly string[] =>
    command.registeredArguments.map((argument) => {
      if (argument.name() === "start") return "2026-01-01";
      if (argument.name() === "end") return "2026-01-31";
      return record;
    });
  const [record = ""] = NAMES;
  return [
    ...NAMES.map((one) => [name, ...form(one)]),
    ...command.registeredArguments.map((_, i) => [name, ...form(record).with(i, HOSTILE)]),
    ...command.options.map((option) => [
      ...[name, ...form(record), flagOf(option)],
      ...(takesValue(option) ? [HOSTILE] : []),
    ]),
    // What may stand alone, such as --all.
    ...command.options.filter((option) => !takesValue(option)).map((one) => [name, flagOf(one)]),
    [name, ...form(record), `--${HOSTILE}`],
    ["--kubeconfig", HOSTILE, name, ...form(record)],
    ["--namespace", HOSTILE, name, ...form(record)],
  ];
}

async function call(args: readonly string[]): Promise<ToolRun> {
  return await makeTool(env, AbortSignal.timeout(LONGEST_MS))(...args);
}

describe("every command, with hostile text in each of its inputs", () => {
  const names = commands().map((command) => command.name());

  test("the commands that act are among them", () => {
    const acting = ["request", "retry", "cancel", "announce", "download", "link", "replay"];
    expect(names).toEqual(expect.arrayContaining([...acting, "prune", "verify", "doctor"]));
  });

  let said = 0;
  test.each(names)(
    "%s",
    async (name) => {
      const command = commands().find((one) => one.name() === name);
      if (!command) throw new Error("it is gone");
      for (const args of callsOf(command)) {
        await fillLedger();
        const { stdout, stderr } = await call(args);
        for (const text of [stdout, stderr]) {
          expect({ args, text: MOVES.exec(text)?.[0] ?? "" }).toEqual({ args, text: "" });
          expect({ args, forged: /^forged/m.test(text) }).toEqual({ args, forged: false });
        }
        if ((stdout + stderr).includes("mark")) said++;
      }
    },
    180_000,
  );

  // That it was there to be said at all.
  test("they did say some of it", () => {
    expect(said).toBeGreaterThan(names.length * 3);
  });
});
