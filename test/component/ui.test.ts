/** `statements ui` on a real kube-apiserver and a real S3 server, in a real browser. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { Browser } from "playwright-core";
import {
  execute,
  fail,
  recordRequest,
  type PendingRequest,
  type RequestFacts,
  type StatementRequest,
} from "../../functions/domain/statement-request.ts";
import {
  makeConfigMapLedger,
  type Ledger,
} from "../../functions/platform/ledger/configmap-ledger.ts";
import { actsOf } from "../../infra/operator/words/acts.ts";
import { startBrowser } from "../support/programs/chromium.ts";
import { answer, startEventSink } from "../support/functions/event-sink.ts";
import { heldRequest } from "../support/functions/held-request.ts";
import { startKubeApiserver, type KubeApiserver } from "../support/servers/kube-apiserver.ts";
import { visit } from "../support/operator/page-visit.ts";
import { listeningAddresses } from "../support/functions/process-table.ts";
import type { S3Server } from "../support/servers/s3-server.ts";
import { sampleZip } from "../support/statements/sample-statement.ts";
import { makeTool, type Tool, type ToolRun } from "../support/operator/statements-tool.ts";
import { startS3Server } from "../support/servers/versitygw-server.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const START = Date.now();
const HOUR = 3_600_000;
const KEY = "acme-42-1767222000-1769814000-1770000000000.zip";
/** What the sample zip says that it belongs to. */
const EXECUTED = "transaction-request-acme-42-1767225600000";
const DAMAGED = "transaction-request-damaged-1767225600000";
const BUILDING = "transaction-request-building-1767225600000";
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

let opened: AsyncDisposableStack;
let kube: KubeApiserver;
let s3: S3Server;
let ledger: Ledger;
let namespace: string;
let env: Readonly<Record<string, string>>;
let browser: Browser;

function recorded(name: string, over: Partial<RequestFacts> = {}): PendingRequest {
  const request = recordRequest({
    name,
    customerId: /^transaction-request-(.*)-\d+$/.exec(name)?.[1] ?? name,
    startDate: "2026-01-01",
    endDate: "2026-01-31",
    timeZone: "Europe/Berlin",
    options: {},
    event: {
      source: `/bank/${"onelongword".repeat(16)}`,
      id: name,
      type: "t",
      time: START,
    },
    recordedAt: START - HOUR,
    ...over,
  });
  return { ...request, nextAttemptAt: START + HOUR };
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

function held(name: string, key: string) {
  const request = { ...recorded(name), nextAttemptAt: START };
  return heldRequest(request, { now: START, object: { bucket: s3.bucket, key } });
}

async function keepFile(name: string, key: string, zip: Uint8Array, sha256: string) {
  const client = s3.client();
  await client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: key, Body: zip }));
  client.destroy();
  const result = { rows: 4, bytes: zip.length, sha256, asOf: START };
  await keep(recorded(name), execute(held(name, key), { bucket: s3.bucket, key }, result, START));
}

async function keepFailed(name: string): Promise<void> {
  const failed = fail({ ...held(name, "x.zip"), failures: 5 }, "retries_exhausted", START);
  await keep(recorded(name), { ...failed, lastError: "storage_unavailable" });
}

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  [kube, s3, browser] = await Promise.all([
    startKubeApiserver().then((one) => opened.use(one)),
    startS3Server().then((one) => opened.use(one)),
    startBrowser().then((one) => opened.adopt(one, (it) => it.close())),
  ]);
  namespace = await kube.createNamespace();
  ledger = makeConfigMapLedger({ namespace, kubeconfig: kube.kubeconfig });
  env = { ...s3.env, KUBECONFIG: kube.kubeconfig, LEDGER_NAMESPACE: namespace };
  const zip = await sampleZip();
  const sha256 = createHash("sha256").update(zip).digest("hex");
  await keepFile(EXECUTED, KEY, zip, sha256);
  const damaged = Uint8Array.from(zip, (byte, i) => (i === 700 ? byte ^ 1 : byte));
  await keepFile(DAMAGED, "damaged.zip", damaged, sha256);
  const progress = {
    phase: "transactions.csv",
    rows: 3_000,
    rowsCounted: 4_000,
    bytesSent: 0,
    rowsPerSecond: 500,
    at: START,
  };
  await keep(recorded(BUILDING), { ...held(BUILDING, "building.zip"), progress });
}, 600_000);
afterAll(async () => await opened.disposeAsync());

interface Ui extends AsyncDisposable {
  readonly address: string;
  /** As Ctrl-C does. */
  readonly stop: () => Promise<ToolRun>;
}

/** As long as it is not disposed of. @throws Error when it ends before it has said where it is */
async function startUi(...args: readonly string[]): Promise<Ui> {
  const interrupted = new AbortController();
  const said = Promise.withResolvers<string>();
  const tool = makeTool(env, interrupted.signal, said.resolve);
  const ending = tool("ui", ...args);
  void ending.then(({ stderr }) => said.reject(new Error(stderr)));
  const address = (await said.promise).trim();
  const stop = async (): Promise<ToolRun> => {
    interrupted.abort();
    return await ending;
  };
  return {
    address,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

const called: Tool = async (...args) => await makeTool(env)(...args);

test("says where it is, listens on this machine alone, and ends with Ctrl-C", async () => {
  await using ui = await startUi();
  const { port } = new URL(ui.address);
  expect(ui.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
  const hex = Number(port).toString(16).toUpperCase().padStart(4, "0");
  const addresses = await listeningAddresses(process.pid);
  expect(addresses.filter((one) => one.endsWith(`:${hex}`))).toEqual([`0100007F:${hex}`]);
  expect((await fetch(ui.address)).status).toBe(200);
  expect((await fetch(new URL("/", ui.address))).status).toBe(404);

  const second = await called("ui", "--port", port);
  expect(second).toMatchObject({ code: 2, stdout: "" });
  expect(second.stderr).toContain(`port ${port} cannot be had (EADDRINUSE)`);

  await using other = await startUi();
  expect(new URL(other.address).pathname).not.toBe(new URL(ui.address).pathname);
  expect(await ui.stop()).toMatchObject({ code: 0 });
  await expect(fetch(ui.address)).rejects.toThrow("fetch failed");
});

test("whoever may not read the ledger is told so, and shown no empty page", async () => {
  const metadata = { name: "stranger", namespace };
  await kube.apply([{ apiVersion: "v1", kind: "ServiceAccount", metadata }]);
  const KUBECONFIG = await kube.serviceAccountKubeconfig(namespace, "stranger");
  const { code, stdout, stderr } = await makeTool({ ...env, KUBECONFIG })("ui");
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toContain("`statements doctor` looks for the reason");
});

test("shows requests of this cluster and their progress, and offers nothing that changes them", async () => {
  await using ui = await startUi();
  await using visitor = await visit(browser, ui.address);
  const { page, row } = visitor;
  await page.getByText(`${namespace} of `).waitFor();
  const building = row("building");
  await building.getByText("Writing transactions.csv, 3,000 of 4,000 (75 %) rows").waitFor();
  const share = building.getByRole("progressbar", { name: "How much is built" });
  expect(await share.evaluate((one) => (one as unknown as { value: number }).value)).toBe(0.75);
  await page.getByText("This page only shows.").waitFor();
  for (const name of [/^Cancel/, /^Try again/, /^Ask$/, /^Tick now/]) {
    expect(await page.getByRole("button", { name }).count()).toBe(0);
  }
  expect(visitor.troubles).toEqual([]);
});

test("a file is proved, and shown: its files, totals and first rows", async () => {
  await using ui = await startUi();
  await using visitor = await visit(browser, ui.address);
  const { page, row } = visitor;
  const made = row("acme-42");
  await made.getByRole("button", { name: /^Verify and open/ }).click();
  await made.getByText("ok", { exact: true }).waitFor();
  const cells = async (name: RegExp): Promise<readonly string[]> =>
    await made.getByRole("region", { name }).getByRole("cell").allTextContents();
  expect(await cells(/^Files/)).toEqual(expect.arrayContaining(["transactions.csv", "4"]));
  expect((await cells(/^Totals/)).slice(0, 6)).toEqual([
    ...["acme-1", "EUR", "100.00"],
    ...["20.75 (2)", "20.50 (1)", "100.25"],
  ]);
  const rows = made.getByRole("region", { name: "transactions.csv: 4" }).getByRole("row");
  expect(await rows.count()).toBe(5);
  expect(await rows.nth(0).textContent()).toMatch(/^lineaccount_idtransaction_id/);
  expect(await rows.nth(1).textContent()).toContain('Café "Zur Post", Köln');
  expect(await rows.nth(3).textContent()).toContain("9007199254740993");
  // Wider than a phone: it scrolls by itself, and by the keyboard.
  await page.setViewportSize(PHONE.viewport);
  expect(await visitor.violations()).toEqual([]);
  expect(visitor.troubles).toEqual([]);
});

test("of a file that is not right it says what is wrong, and shows nothing else", async () => {
  await using ui = await startUi();
  await using visitor = await visit(browser, ui.address);
  const damaged = visitor.row("damaged");
  await damaged.getByRole("button", { name: /^Verify and open/ }).click();
  await damaged.getByText("wrong", { exact: true }).first().waitFor();
  expect(await damaged.getByRole("table").count()).toBe(0);
  expect(visitor.troubles).toEqual([]);
});

test("a request and a filter have addresses of their own, and names are those of the tool", async () => {
  await using ui = await startUi();
  await using visitor = await visit(browser, ui.address);
  const { page, row } = visitor;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await row("acme-42")
    .getByRole("button", { name: /^Copy name/ })
    .click();
  await row("acme-42")
    .getByRole("button", { name: /^Copied/ })
    .waitFor();
  await page.locator("#said").getByText(`Copied: ${EXECUTED}`).waitFor({ state: "attached" });
  const name = String(await visitor.look("navigator.clipboard.readText()"));
  expect(await called("explain", name)).toMatchObject({ code: 0 });

  await page.getByRole("radio", { name: /^executed/ }).check();
  await page.getByRole("searchbox").fill("damaged");
  await page.waitForURL(`${ui.address}?state=executed&text=damaged`);
  await row("acme-42").waitFor({ state: "detached" });
  await page.reload();
  await row("damaged").waitFor();
  expect(await page.getByRole("radio", { name: /^executed/ }).isChecked()).toBe(true);
  expect(await page.locator(".request").count()).toBe(1);

  await page.getByRole("link", { name: DAMAGED }).click();
  await page.waitForURL(`${ui.address}?request=${DAMAGED}`);
  await row("damaged").getByText("What happened").waitFor();
  expect(await page.locator(".request").count()).toBe(1);
  await page.getByRole("link", { name: "All requests" }).click();
  await row("acme-42").waitFor();
  expect(visitor.troubles).toEqual([]);
});

test("with --write it cancels and tries again, in the name of whoever started it", async () => {
  const [open, failed] = [
    "transaction-request-open-1767225600000",
    "transaction-request-broken-1767225600000",
  ];
  await keep(recorded(open));
  await keepFailed(failed);
  await using ui = await startUi("--write");
  await using visitor = await visit(browser, ui.address);
  const { row } = visitor;
  await row("open")
    .getByRole("button", { name: /^Cancel/ })
    .click();
  await row("open").getByText("cancelling", { exact: true }).waitFor();
  await row("broken")
    .getByRole("button", { name: /^Try again/ })
    .click();
  await row("broken").getByText("pending", { exact: true }).waitFor();
  expect(visitor.troubles).toEqual([]);

  const { stderr } = await ui.stop();
  const who = `${userInfo().username}@${hostname()}`;
  for (const [name, act] of [
    [open, "cancel"],
    [failed, "retry"],
  ] as const) {
    const stored = await ledger.read(name);
    if (!stored) throw new Error(name);
    expect(actsOf(stored)).toMatchObject([{ act, by: expect.stringContaining(who) as string }]);
    expect(stderr).toContain(`{"audit":"${act}","request_id":"${name}","by":"`);
  }
});

/** What a page can try that knows the whole address; each is refused, or told nothing. */
const attack = (address: string, cancel: string): string => `(async () => {
  const [address, cancel] = ${JSON.stringify([address, cancel])};
  const said = [];
  const attempt = (what, to, options) =>
    fetch(to, options).then(() => said.push(what), () => said.push("nothing"));
  await attempt("a post", cancel, { method: "POST" });
  await attempt("a plain post", cancel, { method: "POST", mode: "no-cors", body: "{}" });
  await attempt("facts", address + "page/facts");
  await attempt("opaque facts", address + "page/facts", { mode: "no-cors" });
  await attempt("a script", address + "page/page.js", { mode: "no-cors" });
  const frame = document.createElement("iframe");
  frame.name = "frame";
  document.body.append(frame);
  const form = Object.assign(document.createElement("form"), {
    method: "post", action: cancel, target: "frame", enctype: "text/plain",
  });
  document.body.append(form);
  const loaded = new Promise((resolve) => (frame.onload = resolve));
  form.submit();
  await loaded;
  return said;
})()`;

test("another page of this machine, though it knows the whole address, reads and changes nothing", async () => {
  const name = "transaction-request-attacked-1767225600000";
  await keep(recorded(name));
  await using ui = await startUi("--write");
  await using other = await startEventSink(answer(200, "<!doctype html><title>other</title>"));
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(other.url.replace("127.0.0.1", "localhost"));
  const cancel = `${ui.address}page/requests/${name}/cancel`;
  const said = await page.evaluate(attack(ui.address, cancel));
  expect(said).toEqual(Array<string>(5).fill("nothing"));
  expect((await ledger.read(name))?.request.cancelRequestedAt).toBeUndefined();
  await context.close();
});

/** Each field that intake takes, an object's by `object.field`. */
function fieldsOf(properties: Readonly<Record<string, Schema>>, within = ""): readonly string[] {
  return Object.entries(properties).flatMap(([name, { properties: inner }]) =>
    inner ? fieldsOf(inner, `${within}${name}.`) : [`${within}${name}`],
  );
}
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: { readonly enum?: readonly string[] };
  readonly enum?: readonly string[];
}

test("the form has every field of the request's schema, with what it may be", async () => {
  const path = join(REPOSITORY, "eventing/schemas/statement.requested.v1.json");
  const { properties = {} } = JSON.parse(await readFile(path, "utf8")) as Schema;
  await using ui = await startUi("--write");
  await using visitor = await visit(browser, ui.address);
  const { page } = visitor;
  await page.getByText("Further choices").click();
  for (const field of fieldsOf(properties)) {
    expect([field, await page.locator(`#ask [name="${field}"]`).count()]).not.toEqual([field, 0]);
  }
  const values = async (field: string) =>
    await page
      .locator(`#ask [name="${field}"]`)
      .evaluateAll((all) => all.map((one) => (one as unknown as { value: string }).value));
  expect(["csv", ...(await values("formats"))]).toEqual(properties["formats"]?.items?.enum);
  const offered = async (field: string) =>
    await page
      .locator(`#ask [name="${field}"] option`)
      .evaluateAll((all) => all.map((one) => (one as unknown as { value: string }).value));
  expect(await offered("language")).toEqual(["", ...(properties["language"]?.enum ?? [])]);
  const delimiter = properties["csv"]?.properties?.["delimiter"]?.enum ?? [];
  expect(await offered("csv.delimiter")).toEqual(["", ...delimiter]);

  await page.getByRole("button", { name: "Last year" }).click();
  const year = new Date().getUTCFullYear() - 1;
  const zone = page.getByLabel("Time zone of both days");
  await zone.fill("UTC");
  await page.getByRole("button", { name: "Last year" }).click();
  expect(await page.getByLabel("First day").inputValue()).toBe(`${year}-01-01`);
  expect(await page.getByLabel("Last day", { exact: true }).inputValue()).toBe(`${year}-12-31`);
  expect(visitor.troubles).toEqual([]);
});

describe.each([
  ["a desktop, light", {}],
  ["a desktop, dark", { colorScheme: "dark" }],
  ["a desktop in the system's own colours", { forcedColors: "active" }],
  ["a phone, light", PHONE],
  ["a phone, dark", { ...PHONE, colorScheme: "dark" }],
] as const)("on %s", (_name, options) => {
  test("axe finds nothing, and nothing lies outside the width", async () => {
    await using ui = await startUi("--write");
    await using visitor = await visit(browser, ui.address, options);
    const { page, row } = visitor;
    await page.getByText("Further choices").click();
    await row("acme-42")
      .getByRole("button", { name: /^Verify and open/ })
      .click();
    await row("acme-42").getByRole("table").first().waitFor();
    await page.locator(".request summary").first().click();
    await page.getByText("What comes next").first().waitFor();
    expect(await visitor.violations()).toEqual([]);
    const beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await visitor.look(beyond)).toBe(0);
    expect(visitor.troubles).toEqual([]);
  });
});

test("on the narrowest phone, nothing lies outside the width however long a word is", async () => {
  await using ui = await startUi();
  await using visitor = await visit(browser, ui.address, {
    ...PHONE,
    viewport: { width: 360, height: 740 },
  });
  await visitor.row("acme-42").waitFor();
  const beyond = `(() => {
    for (const one of document.querySelectorAll("#place, #tool, #troubles ul, #steps, .request h3"))
      one.textContent = "onelongword".repeat(20);
    for (const one of document.querySelectorAll("#troubles, .actions > *")) one.hidden = false;
    const { clientWidth } = document.documentElement;
    return [...document.querySelectorAll("body *:not(.for-readers, :has(.for-readers) > .for-readers)")]
      .filter((one) => one.getBoundingClientRect().right > clientWidth + 1)
      .map(({ tagName, id, className }) => [tagName, id, className].join(" "));
  })()`;
  expect(await visitor.look(beyond)).toEqual([]);
  expect(visitor.troubles).toEqual([]);
});

test("states are told apart without colours of the page's own", async () => {
  await using ui = await startUi();
  await using visitor = await visit(browser, ui.address, { forcedColors: "active" });
  await visitor.row("acme-42").waitFor();
  const border = `getComputedStyle(document.querySelector(".request .state")).borderTopStyle`;
  expect(await visitor.look(border)).toBe("solid");
});
