/** The operator's tool beside the running pipeline, as a person uses it. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  grantStatementReader,
  STATEMENT_READER,
} from "../../infra/local/cluster/sample-bank/create-schema.ts";
import { startPipeline, type Pipeline } from "../support/functions/pipeline.ts";
import { unzip } from "../support/statements/statement.ts";
import { makeTool, operatorEnvironment, type Tool } from "../support/operator/statements-tool.ts";

const JANUARY = ["2025-01-01", "2025-01-31"] as const;

let pipeline: Pipeline;
let env: Readonly<Record<string, string>>;
let tool: Tool;
let folder: string;

beforeAll(async () => {
  pipeline = await startPipeline();
  await Promise.all(
    (["request-intake", "statement-builder", "pending-scanner"] as const).map((name) =>
      pipeline.start(name),
    ),
  );
  folder = await mkdtemp(join(tmpdir(), "statements-tool-"));
  env = operatorEnvironment(pipeline);
  tool = makeTool(env);
}, 180_000);
afterAll(async () => {
  await rm(folder, { recursive: true });
  await pipeline[Symbol.asyncDispose]();
});

/** As much of Knative as can be seen from outside: its API groups. */
function crdOf(part: string) {
  const group = `${part}.knative.dev`;
  const schema = { openAPIV3Schema: { type: "object" } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "things", singular: "thing", kind: "Thing" },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  };
}

test("from a question to a verified file with one command", async () => {
  const { code, stdout } = await tool(
    "request",
    "customer-000001",
    ...JANUARY,
    "-z",
    "Europe/Berlin",
    "--download",
    folder,
  );
  expect(code).toBe(0);
  const [name = ""] = stdout.split("\n");
  expect(name).toMatch(/^transaction-request-customer-000001-\d{13}$/);
  expect(stdout).toMatch(/^ +\d+\.\d\d s {2}executed {4}\d+ rows, /m);
  expect(stdout).toContain(`request ${name}`);
  const [file = "", ...others] = await readdir(folder);
  expect(file).toMatch(/^customer-000001-\d+-\d+-\d{13}\.zip$/);
  expect(others).toEqual([]);
});

test("a statement with everything that can be chosen, verified where it arrives", async () => {
  const chosen = join(folder, "chosen/anew");
  const today = new Date().toISOString().slice(0, 10);
  const { code, stdout } = await tool(
    "request",
    "customer-000001",
    "2025-06-01",
    today,
    "--download",
    chosen,
    "--formats",
    "pdf,jsonl,camt.053,ofx",
    "--language",
    "de",
    "--partial",
    "--pending",
    "--bom",
    "--decimal-comma",
    "--ids-as-text",
    "--combined",
  );
  expect(stdout).toContain("verified");
  expect(code).toBe(0);
  const [file = ""] = await readdir(chosen);
  const files = await unzip(await readFile(join(chosen, file)));
  expect(Object.keys(files)).toEqual([
    "README.txt",
    "transactions.csv",
    "balances.csv",
    "pending.csv",
    "statement.pdf",
    "transactions.jsonl",
    "camt.053.xml",
    "statement.ofx",
    "manifest.json",
    "SHA256SUMS",
  ]);
  expect(JSON.parse(files["manifest.json"] ?? "")).toMatchObject({
    formats: ["csv", "pdf", "jsonl", "camt.053", "ofx"],
    csv: { bom: true, delimiter: ";", decimal_comma: true, ids_as_text: true },
    language: "de",
    partial: true,
    pending_included: true,
  });
});

test("the same event again is the same request", async () => {
  const event = ["--id", "4711", "--time", new Date().toISOString()];
  const ask = async (end: string) =>
    await tool("request", "customer-000002", "2025-01-01", end, ...event);
  const first = await ask("2025-01-31");
  expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining("000002") as unknown });
  expect(await ask("2025-01-31")).toEqual(first);
  const { code, stderr } = await ask("2025-02-28");
  expect(code).toBe(1);
  expect(stderr).toContain("id: event_conflict. An event with this source and id was sent before");
});

test("a failure is explained, and a retry is built once its cause is gone", async () => {
  const asked = await tool("request", "newcomer", ...JANUARY, "--wait");
  expect(asked.code).toBe(1);
  expect(asked.stdout).toMatch(/failed +unknown_customer/);
  const [name = ""] = asked.stdout.split("\n");
  await pipeline.mariaDb.execute(
    "INSERT INTO accounts (account_id, customer_id, currency, product, opened_on) " +
      "VALUES ('newcomer-1', 'newcomer', 'EUR', 'x', '2020-01-01')",
  );
  expect(await tool("retry", name)).toMatchObject({ code: 0 });
  const watched = await tool("watch", name);
  expect(watched.stdout).toMatch(/executed +0 rows/);
  expect(watched.code).toBe(0);
});

test("a folder that cannot be made: 2, and nothing is asked for", async () => {
  await writeFile(join(folder, "a-file"), "");
  const before = await tool("list", "-o", "name");
  const to = join(folder, "a-file", "in-it");
  const { code, stderr } = await tool("request", "customer-000003", ...JANUARY, "--download", to);
  expect(code).toBe(2);
  expect(stderr).toContain(
    `${to} cannot be written (ENOTDIR): name another folder with --download`,
  );
  expect((await tool("list", "-o", "name")).stdout).toBe(before.stdout);
});

test("intake that is not there: 3, and the event to send again", async () => {
  const away = makeTool({ ...env, INTAKE_URL: "http://127.0.0.1:9/" });
  const { code, stderr } = await away("request", "customer-000001", ...JANUARY);
  expect(code).toBe(3);
  expect(stderr).toContain("INTAKE_URL http://127.0.0.1:9/");
  expect(stderr).toMatch(/again: --id [0-9a-f-]{36}$/m);
});

test("a refusal names the fields", async () => {
  const { code, stderr } = await tool("request", "customer-000001", "2099-01-01", "2099-01-31");
  expect(code).toBe(1);
  expect(stderr).toContain("end_date: period_not_over. The last day is not over yet");
});

describe("doctor", () => {
  test("sees what is right and what is missing", async () => {
    const { code, stdout } = await tool("doctor");
    expect(code).toBe(1);
    for (const fine of [
      `ok  the cluster answers at ${pipeline.kube.url}`,
      "ok  this clock and the cluster's agree",
      "ok  you may do everything in transaction-requests",
      "ok  the bucket statements is there",
      "ok  statement_accounts and statement_transactions have the columns",
      "ok  indexes lead to the rows and balances of a period by booking dates",
    ])
      expect(stdout).toContain(fine);
    expect(stdout).toContain("no  the cluster lacks Knative Serving (serving.knative.dev)");
    expect(stdout).not.toContain(STATEMENT_READER.password);
  });

  test("an empty namespace and one that is not there are no ledger in which all is well", async () => {
    for (const namespace of [await pipeline.kube.createNamespace(), "transaction-requsts"]) {
      const { code, stdout } = await tool("--namespace", namespace, "doctor");
      expect(code).toBe(1);
      expect(stdout).toContain(`no  ${namespace} is no ledger: it has no ConfigMap`);
      const { stderr } = await tool("--namespace", namespace, "list");
      expect(stderr).toBe(`No requests found in ${namespace}.\n`);
    }
  });

  test("sees that the scanner ticks, and tells it to programs", async () => {
    const ticks = async () => {
      const { stdout } = await tool("doctor", "-o", "json");
      const found = JSON.parse(stdout) as { level: string; what: string; next?: string }[];
      return found.filter(({ what }) => /scanner.* tick/.test(what));
    };
    const metadata = { name: "records-by-source", namespace: "transaction-requests" };
    await pipeline.kube.apply([{ apiVersion: "v1", kind: "ConfigMap", metadata }]);
    let found: Awaited<ReturnType<typeof ticks>>;
    do found = await ticks();
    while (found[0]?.level === "unknown");
    expect(found).toEqual([
      { level: "ok", what: expect.stringMatching(/^the scanner ticked \d+s ago$/) as string },
    ]);
  });

  test("sees Knative once it is there", async () => {
    await pipeline.kube.apply(["serving", "eventing", "sources"].map(crdOf));
    let found: string;
    do found = (await tool("doctor")).stdout;
    while (!found.includes("ok  Knative Serving and Eventing are installed"));
    expect(found).not.toContain("lacks");
  });

  test("names the verb that is missing, and what it is for", async () => {
    const builder = await pipeline.kube.serviceAccountKubeconfig("statements", "statement-builder");
    const { stdout } = await tool("--kubeconfig", builder, "doctor");
    expect(stdout).toMatch(
      /^no {2}you may not, .* list \(list, doctor, stats, prune, rejected, ui\), watch/m,
    );
    expect(stdout).not.toContain("update (");
    expect(stdout).toContain("??  the ledger in transaction-requests cannot be read");
  });

  test("a view without its index, and a user that may not see the plan", async () => {
    await pipeline.mariaDb.execute(
      "CREATE VIEW slow AS SELECT * FROM statement_transactions ORDER BY rand() LIMIT 1000000",
    );
    const slow = await makeTool({ ...env, STATEMENT_VIEW: "slow" })("doctor");
    expect(slow.stdout).toContain(
      "no  the database would read a customer's whole past for the rows",
    );
    expect(slow.stdout).toContain("(account_id, booking_date, posted_at, id, status);");
    const posted = await makeTool({ ...env, STATEMENT_VIEW: "slow", PERIOD_BASIS: "posted_at" })(
      "doctor",
    );
    expect(posted.stdout).toContain(
      "no  the rows of a period: the database would read a whole table",
    );
    const narrow = await makeTool({ ...env, STATEMENT_VIEW: "statement_accounts" })("doctor");
    expect(narrow.stdout).toContain("no  statement_accounts is not the view it should be");
    await grantStatementReader(env["DATABASE_URL"] ?? "");
    const { user: username, password } = STATEMENT_READER;
    const url = Object.assign(new URL(env["DATABASE_URL"] ?? ""), { username, password });
    const reader = await makeTool({ ...env, DATABASE_URL: url.href })("doctor");
    expect(reader.stdout).toContain("??  it cannot be seen whether an index leads to the rows");
    expect(reader.stdout).not.toContain(password);
  });

  test("nothing is there: findings, no crash", async () => {
    const { DATABASE_URL: url = "", ...others } = env;
    const lost = makeTool({
      ...others,
      DATABASE_URL: url.replace(/:\d+\//, ":9/"),
      S3_ENDPOINT: "http://127.0.0.1:9",
      KUBECONFIG: "/none",
    });
    const { code, stdout } = await lost("doctor");
    expect(code).toBe(1);
    expect(stdout).toContain("no  the kubeconfig cannot be read");
    expect(stdout).toContain("no  the store does not answer, so nothing is known of the bucket");
    expect(stdout).toContain("no  the database does not answer: ");
  });

  test("who is not let in is told so, not that nobody answers", async () => {
    const { DATABASE_URL: url = "", ...others } = env;
    const text = await readFile(others["KUBECONFIG"] ?? "", "utf8");
    const kubeconfig = join(folder, "other-token");
    await writeFile(kubeconfig, text.replace(/"token": *"[^"]+"/, '"token": "of-nobody"'));
    const stranger = makeTool({
      ...others,
      DATABASE_URL: Object.assign(new URL(url), { username: "nobody", password: "x" }).href,
      AWS_SECRET_ACCESS_KEY: "of-nobody",
      KUBECONFIG: kubeconfig,
    });
    const { code, stdout } = await stranger("doctor");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^no {2}the cluster answers at .*, and does not let you in: HTTP 401$/m);
    expect(stdout).toMatch(/^no {2}the store answers, and refuses the bucket statements: .*403/m);
    expect(stdout).toMatch(/^no {2}the database answers, and does not let you in: Access denied/m);
    expect(stdout).not.toContain("does not answer");
  });
});
