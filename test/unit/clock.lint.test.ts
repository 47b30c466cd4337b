/** The lint rule that keeps all time and chance of `functions/` in one file, where a simulation takes it over. */
import { ESLint, Linter } from "eslint";
import tseslint from "typescript-eslint";

const CLOCK_RULES = /^no-restricted-(globals|properties|imports|syntax)$/;

/** What the rules about time and chance, as they are set for this file, say of a text. */
async function complaints(file: string, text: string): Promise<readonly string[]> {
  const set = (await new ESLint().calculateConfigForFile(file)) as {
    readonly rules: Linter.RulesRecord;
  };
  const rules = Object.fromEntries(
    Object.entries(set.rules).filter(([name]) => CLOCK_RULES.test(name)),
  );
  const languageOptions = { parser: tseslint.parser as Linter.Parser };
  const found = new Linter().verify(text, [{ files: ["**"], languageOptions, rules }], file);
  return found.map(({ message }) => message);
}

test.each([
  "Date.now()",
  "new Date()",
  "Date()",
  "performance.now()",
  "setTimeout(work, 1)",
  "setInterval(work, 1)",
  "setImmediate(work)",
  "globalThis.setTimeout(work, 1)",
  "AbortSignal.timeout(1)",
  "Temporal.Now.instant()",
  "process.hrtime.bigint()",
  "Math.random()",
  "crypto.randomUUID()",
  'import { randomUUID } from "node:crypto"',
  'import { randomBytes as bytes } from "crypto"',
  'import { setTimeout as sleep } from "node:timers/promises"',
  'import { performance as clock } from "node:perf_hooks"',
])("%s is refused in functions/", async (text) => {
  const found = await complaints("functions/statement-builder/lease.ts", text);
  expect(found.join()).toContain("functions/platform/clock/clock.ts");
});

test.each(["new Date(0)", "Date.parse(text)", 'import { createHash } from "node:crypto"'])(
  "%s is not",
  async (text) => {
    expect(await complaints("functions/statement-builder/lease.ts", text)).toEqual([]);
  },
);

test("the clock itself may ask", async () => {
  expect(await complaints("functions/platform/clock/clock.ts", "Date.now()")).toEqual([]);
});
