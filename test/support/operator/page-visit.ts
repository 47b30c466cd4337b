/** The page in a browser, as a person has it, and everything that would trouble one. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Result } from "axe-core";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const FOCUSED = `(({ activeElement: one }) => one.name || one.textContent.trim())(document)`;

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Errors of the console and of scripts, and every request to another origin; to be none. */
  readonly troubles: readonly string[];
  /** The element of the newest request of a customer. */
  readonly row: (customer: string) => Locator;
  /** The name of the field that has the focus, or the text of what else has it. */
  readonly focused: () => Promise<string>;
  /** The value of an expression in the page. */
  readonly look: (expression: string) => Promise<unknown>;
  /** Rules of axe-core (WCAG 2.2 A and AA, and its best practices) that are broken now. */
  readonly violations: () => Promise<readonly string[]>;
}

export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    ...options,
  });
  const troubles: string[] = [];
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) troubles.push(message.text());
  });
  context.on("weberror", (error) => troubles.push(error.error().message));
  context.on("request", (request) => {
    if (!request.url().startsWith(url)) troubles.push(`asked ${request.url()}`);
  });
  const page = await context.newPage();
  await page.addInitScript(await readFile(AXE, "utf8"));
  await page.goto(url);
  await page.locator("#connection[data-state=live]").waitFor();
  const look = (expression: string): Promise<unknown> => page.evaluate(expression);
  return {
    page,
    troubles,
    look,
    focused: async () => String(await look(FOCUSED)),
    row: (customer) =>
      page
        .locator(".request")
        .filter({ has: page.getByRole("heading", { name: customer }) })
        .first(),
    async violations() {
      // Colours on their way from one state to the next have no contrast to judge.
      await look("Promise.allSettled(document.getAnimations().map((one) => one.finished))");
      const { violations } = (await look("axe.run()")) as { readonly violations: Result[] };
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map((one) => one.html).join(" ")}`);
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}
