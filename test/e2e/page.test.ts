/** The page of `make run` in a real browser, as somebody meets the product for the first time. */
import { generateKeyPairSync, type JsonWebKey } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { parseStatementKey } from "../../functions/domain/statement-key.ts";
import { recordRequest } from "../../functions/domain/statement-request.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { makeConfigMapLedger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { startBrowser } from "../support/programs/chromium.ts";
import { descendantsOf, startLocalRun, type LocalRun } from "../support/operator/local-run.ts";
import { visit } from "../support/operator/page-visit.ts";
import { listeningAddresses } from "../support/functions/process-table.ts";
import { requested } from "../support/functions/requested.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const PICTURE = "infra/operator/ui/page.png";
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** Ticks come when a test asks for one, and last a second: what is tried again waits, and can be seen waiting. */
const ON_DEMAND = { TICK_SCHEDULE: "0 0 1 1 *", TICK_DEADLINE_SECONDS: "1" };

const BEYOND_THE_WIDTH =
  "document.documentElement.scrollWidth - document.documentElement.clientWidth";
const NOTICE_DOTS = `void new MutationObserver(() => {
  if (document.querySelector(".dot")) document.title = "a dot";
}).observe(document.body, { childList: true, subtree: true })`;

let outDir: string;
let run: LocalRun;
let browser: Browser;
let url: string;
let intakeUrl: string;
let signingKey: JsonWebKey;

function makeSigningKey(): JsonWebKey {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), kid: "page-2026", alg: "ES256" };
}

function publicKeyOf({ d: _, ...key }: JsonWebKey): JsonWebKey {
  return key;
}

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), "page-"));
  signingKey = makeSigningKey();
  const SIGNING_KEY_FILE = join(outDir, "signing-key.json");
  await writeFile(SIGNING_KEY_FILE, JSON.stringify(signingKey), { mode: 0o600 });
  run = startLocalRun("run", outDir, { ...ON_DEMAND, SIGNING_KEY_FILE });
  [browser] = await Promise.all([startBrowser(), run.says(/What happens/)]);
  [, url = ""] = await run.says(/Look at it: (\S+)/);
  [, intakeUrl = ""] = await run.says(/curl -i (\S+)/);
}, 180_000);
afterAll(async () => {
  await browser.close();
  await run[Symbol.asyncDispose]();
  await rm(outDir, { recursive: true, force: true });
});

async function ask(page: Page, customer: string): Promise<void> {
  await page.getByLabel("Customer", { exact: true }).fill(customer);
  await page.getByRole("button", { name: "Ask", exact: true }).click();
}

test("nothing of it listens anywhere but on this machine", async () => {
  const processes = await descendantsOf(run.pid);
  const addresses = await Promise.all(processes.map(({ pid }) => listeningAddresses(pid)));
  // Three functions with their metrics; router, Kubernetes API and S3; MariaDB.
  expect(addresses.flat().length).toBeGreaterThanOrEqual(10);
  expect(addresses.flat().filter((one) => !one.startsWith("0100007F:"))).toEqual([]);
});

test("from the form to a zip that verifies", async () => {
  await using visitor = await visit(browser, url);
  const { page, row } = visitor;
  await page.getByText("Further choices").click();
  await page.getByLabel("pdf", { exact: true }).check();
  await page.getByLabel("Language", { exact: true }).selectOption("Deutsch");
  await ask(page, "customer-000002");
  const made = row("customer-000002");
  await made.getByText("executed", { exact: true }).waitFor();
  expect(await made.textContent()).toMatch(/\d+ rows, .*asked \d\d:\d\d:\d\d by \/local-page/s);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    made.getByRole("link", { name: /^Download zip/ }).click(),
  ]);
  expect(parseStatementKey(download.suggestedFilename())).toMatchObject({
    customerId: "customer-000002",
    // Midnight in Berlin, 2025-01-01 and 2025-12-31.
    startEpoch: 1_735_686_000,
    endEpoch: 1_767_135_600,
  });
  const verified = await verifyStatement(createReadStream(await download.path()));
  if (!verified.ok) throw new Error(verified.problems.join("; "));
  const files = verified.manifest.files.map(({ path }) => path);
  expect(files).toEqual(expect.arrayContaining(["transactions.csv", "statement.pdf"]));
  expect(visitor.troubles).toEqual([]);
});

test("on the first of January it says that the year has no day yet", async () => {
  await using visitor = await visit(browser, url);
  const { page } = visitor;
  const days = [page.getByLabel("First day"), page.getByLabel("Last day")];
  const chosen = () => Promise.all(days.map((one) => one.inputValue()));
  await page.clock.setFixedTime("2027-01-01T11:00:00Z");
  const before = await chosen();
  await page.getByRole("button", { name: "This year so far" }).click();
  const said = page.locator("#ask-problem");
  expect(await said.textContent()).toBe(
    "This year so far has no day that is over: choose the days yourself.",
  );
  expect(await said.isVisible()).toBe(true);
  expect(await chosen()).toEqual(before);
  await page.getByRole("button", { name: "Last month" }).click();
  expect(await said.isVisible()).toBe(false);
  expect(await chosen()).toEqual(["2026-12-01", "2026-12-31"]);
  expect(visitor.troubles).toEqual([]);
});

test("says of a file whether it is right, and apart from that who made it", async () => {
  await using visitor = await visit(browser, url);
  const { page, row } = visitor;
  await ask(page, "customer-000003");
  const made = row("customer-000003");
  const verify = made.getByRole("button", { name: /^Verify/ });
  const verdicts = made.getByRole("status").getByRole("paragraph");
  const keys = page.getByLabel("Public keys of whoever signs (JWKS)");

  await verify.click();
  await made.getByText("unchecked", { exact: true }).waitFor();
  expect(await verdicts.allTextContents()).toEqual([
    "ok: hashes, rows, sums and balances agree; it is the record's file",
    "unchecked: it has a signature; with keys it is looked at",
  ]);

  await page.getByText("Keys to verify with").click();
  await keys.fill(JSON.stringify({ keys: [publicKeyOf(signingKey)] }));
  await verify.click();
  await made.getByText("authentic", { exact: true }).waitFor();
  expect(await verdicts.allTextContents()).toEqual([
    "ok: hashes, rows, sums and balances agree; it is the record's file",
    "authentic: signed with page-2026 (ES256)",
  ]);
  expect(await visitor.violations()).toEqual([]);

  await keys.fill(JSON.stringify({ keys: [publicKeyOf(makeSigningKey())] }));
  await verify.click();
  await made.getByText("wrong", { exact: true }).waitFor();
  expect(await verdicts.allTextContents()).toEqual([
    "wrong: manifest.jws: the manifest is not signed by one of the keys",
  ]);
  expect(visitor.troubles).toEqual([]);

  // The browser's console tells of an answer of 400 by itself.
  await keys.fill("no keys at all");
  await verify.click();
  await made.getByRole("alert").getByText("These are no keys").waitFor();
  expect(await verdicts.count()).toBe(0);
});

test("shows events and states on their way, and says each step in words", async () => {
  await using visitor = await visit(browser, url);
  const { page, row } = visitor;
  await ask(page, "customer-000003");
  await page.locator("#ways .dot").first().waitFor({ state: "attached" });
  await row("customer-000003").getByText("executed", { exact: true }).waitFor();
  await page.getByText("Every step in words").click();
  const steps = page.getByRole("list", { name: /^Steps/ });
  for (const step of [
    "requested: upstream → request-intake",
    "pending: request-intake → ledger",
    "recorded: request-intake → broker",
    "recorded: broker → statement-builder",
    "processing: statement-builder → ledger",
    "zip: statement-builder → bucket",
    "executed: statement-builder → ledger",
    "executed: statement-builder → broker",
  ]) {
    await steps.getByText(`${step} (customer-000003-`).waitFor();
  }
  await page.getByRole("button", { name: "Tick now" }).click();
  await steps.getByText("tick: clock → pending-scanner").waitFor();
  expect(visitor.troubles).toEqual([]);
});

test("what intake refuses is said at its field, and mended there", async () => {
  await using visitor = await visit(browser, url);
  const { page } = visitor;
  const lastDay = page.getByLabel("Last day", { exact: true });
  const soon = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel("First day").fill(soon);
  await lastDay.fill(soon);
  await ask(page, "customer-000001");
  await page.getByText("The last day is not over yet").waitFor();
  expect(await visitor.focused()).toBe("end_date");
  expect(await lastDay.getAttribute("aria-invalid")).toBe("true");
  const described = (await lastDay.getAttribute("aria-describedby")) ?? "";
  expect(await page.locator(`#${described}`).textContent()).toContain("choose an earlier one");

  await page.getByLabel("Time zone").fill("Mars/Base");
  await ask(page, " ");
  await page.getByText("Its name is like Europe/Berlin").waitFor();
  await page.getByText("It is missing, and must be there.").waitFor();
  expect(await visitor.focused()).toBe("customer_id");
  // Everything that is wrong at once, so that nobody finds the next fault by the next try.
  expect(await page.getByText("The last day is not over yet").count()).toBe(1);

  await page.getByLabel("Time zone").fill("UTC");
  await page.getByLabel("First day").fill("2025-01-01");
  await lastDay.fill("2025-01-31");
  await ask(page, "customer-000001");
  await page.getByText("Recorded as transaction-request-customer-000001-").waitFor();
  expect(await page.locator("[aria-invalid]").count()).toBe(0);
  expect(visitor.troubles).toEqual([]);
});

test("a failure says why and what to do, and can be tried again", async () => {
  await using visitor = await visit(browser, url);
  const { page, row } = visitor;
  await ask(page, "customer-404404");
  const failed = row("customer-404404");
  await failed.getByText("failed", { exact: true }).waitFor();
  await failed.getByText("unknown_customer: the account view has no account").waitFor();
  await failed.getByText("Check the id with the sender").first().waitFor();
  await failed.getByText(/^Explain/).click();
  await failed.getByText("What comes next").waitFor();
  await failed.getByText(/1 attempt so far; 0 of 5 failures used up/).waitFor();
  // How long ago that was goes on while it is open.
  const recorded = await failed.getByText(/^Recorded .* ago\)[.]$/).textContent();
  await failed.getByText(recorded ?? "", { exact: true }).waitFor({ state: "detached" });

  await failed.getByRole("button", { name: /^Try again/ }).click();
  await failed.getByText("pending", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Tick now" }).click();
  await failed.getByText(/attempt 2 processing/).waitFor();
  await failed.getByText("failed", { exact: true }).waitFor();
  expect(visitor.troubles).toEqual([]);
});

/** A zone in which an hour from now is the same day: the page says a time of another day with its date. */
function zoneAtNoon(): string {
  const ahead = 12 - new Date().getUTCHours();
  return `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`;
}

test("others' requests come by themselves, and an open one can be cancelled", async () => {
  await using visitor = await visit(browser, url, { timezoneId: zoneAtNoon() });
  const { page, row } = visitor;
  const dates = { start_date: "2025-02-01", end_date: "2025-02-28" };
  await fetch(intakeUrl, requested({ customer_id: "customer-000004", ...dates }));
  await row("customer-000004").getByText("executed", { exact: true }).waitFor();
  await page.locator("#said").getByText("customer-000004: executed").waitFor({ state: "attached" });

  // Nobody was woken for it, as after a Broker that lost its events.
  const kubeconfig = join(outDir, "state/run/kubeconfig");
  const ledger = makeConfigMapLedger({ namespace: "transaction-requests", kubeconfig });
  const now = Date.now();
  await ledger.create({
    ...recordRequest({
      name: `transaction-request-customer-000005-${now}`,
      customerId: "customer-000005",
      startDate: "2025-02-01",
      endDate: "2025-02-28",
      timeZone: "UTC",
      options: {},
      event: { source: "/lost", id: "1", type: "requested", time: now },
      recordedAt: now,
    }),
    nextAttemptAt: now + 3_600_000,
  });
  const open = row("customer-000005");
  await open.getByText("pending", { exact: true }).waitFor();
  await open.getByText(/attempt 1 from \d\d:\d\d:\d\d/).waitFor();
  await open.getByRole("button", { name: /^Cancel/ }).click();
  await open.getByText("cancelling", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Tick now" }).click();
  await open.getByText("cancelled", { exact: true }).waitFor();

  await page.getByRole("radio", { name: /^cancelled/ }).check();
  await page.locator(".request[data-state=executed]").first().waitFor({ state: "detached" });
  expect(await page.locator(".request").count()).toBe(1);
  await page.getByRole("searchbox").fill("no such customer");
  await page.getByText("No request fits this choice.").waitFor();
  expect(visitor.troubles).toEqual([]);
});

test("everything can be done from the keyboard, and it is seen where that is", async () => {
  await using visitor = await visit(browser, url);
  const { page, row } = visitor;
  const { keyboard } = page;
  await keyboard.press("Tab");
  expect(await visitor.focused()).toBe("Skip to the form");
  await keyboard.press("Enter");
  await keyboard.press("Tab");
  expect(await visitor.focused()).toBe("customer_id");
  const outline = () => visitor.look("getComputedStyle(document.activeElement).outlineStyle");
  expect(await outline()).toBe("solid");
  await keyboard.press("Control+A");
  await keyboard.type("customer-404405");
  await keyboard.press("Enter");
  const failed = row("customer-404405");
  await failed.getByText("failed", { exact: true }).waitFor();

  const tabTo = async (what: RegExp): Promise<void> => {
    for (let presses = 0; !what.test(await visitor.focused()); presses++) {
      if (presses === 40) throw new Error(`no way to ${what}`);
      await keyboard.press("Tab");
    }
  };
  await tabTo(/^Try again, customer-404405/);
  expect(await outline()).toBe("solid");
  await keyboard.press("Enter");
  await failed.getByText("pending", { exact: true }).waitFor();
  // The button is gone, and the keyboard is still at this request.
  expect(await visitor.focused()).toMatch(/^Explain, customer-404405/);
  await keyboard.press("Enter");
  await failed.getByText("What comes next").waitFor();
  expect(visitor.troubles).toEqual([]);
});

describe.each([
  ["a desktop, light", {}],
  ["a desktop, dark", { colorScheme: "dark" }],
  ["a phone, light", PHONE],
  ["a phone, dark", { ...PHONE, colorScheme: "dark" }],
] as const)("on %s", (_name, options) => {
  test("axe finds nothing, and nothing lies outside the width", async () => {
    await using visitor = await visit(browser, url, options);
    const { page } = visitor;
    await page.locator(".request").first().waitFor();
    await page.locator(".request summary").first().click();
    await page.getByText("What comes next").first().waitFor();
    await page.getByText("Every step in words").click();
    await page.getByText("Further choices").click();
    await page.getByLabel("Last day", { exact: true }).fill("2099-12-31");
    await ask(page, "customer-000001");
    await page.getByText("The period is longer than is allowed").waitFor();
    expect(await visitor.violations()).toEqual([]);
    expect(await visitor.look(BEYOND_THE_WIDTH)).toBe(0);
    expect(visitor.troubles).toEqual([]);
  });
});

test("nothing moves for those who asked for calm, and it is shown all the same", async () => {
  await using visitor = await visit(browser, url, { reducedMotion: "reduce" });
  const { page, row } = visitor;
  await visitor.look(NOTICE_DOTS);
  await ask(page, "customer-000003");
  await page.locator(".way.lit").first().waitFor({ state: "attached" });
  await row("customer-000003").getByText("executed", { exact: true }).waitFor();
  expect(await page.title()).not.toBe("a dot");
  expect(await visitor.look("document.getAnimations().length")).toBe(0);
});

/** Refreshed by `PICTURE=1`, from this very run: an executed, a failed and a fresh request. */
test("the README shows a picture of it", async () => {
  const path = join(REPOSITORY, PICTURE);
  if (process.env["PICTURE"] === "1") await writeFile(path, await takePicture());
  const png = await readFile(path);
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect(png.readUInt32BE(16)).toBeGreaterThanOrEqual(1280);
  expect(await readFile(join(REPOSITORY, "README.md"), "utf8")).toContain(`(${PICTURE})`);
});

async function takePicture(): Promise<Buffer> {
  await using visitor = await visit(browser, url, {
    viewport: { width: 1280, height: 1000 },
    deviceScaleFactor: 1.5,
  });
  const { page, row } = visitor;
  await ask(page, "customer-000001");
  await row("customer-000001").getByText("executed", { exact: true }).waitFor();
  // Some of the legs are shown while others are on their way.
  await page.locator("#ways .dot[data-what=processing]").waitFor({ state: "attached" });
  await page.waitForTimeout(300);
  return await page.screenshot();
}

test("when the run has ended it says so, and what to do", async () => {
  await using visitor = await visit(browser, url);
  await run.interrupt();
  await run.ended;
  await visitor.page.getByRole("alert").getByText("Start `make run` again").waitFor();
  expect(await visitor.page.locator("#connection").textContent()).toContain("not connected");
});
