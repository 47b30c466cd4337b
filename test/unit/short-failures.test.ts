/** A failed test takes a screen, and keeps the rest in a file. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Result {
  failureMessage: string | null;
  numFailingTests: number;
  console: { message: string; origin: string; type: string }[] | undefined;
}
interface Reporter {
  onTestResult(test: { readonly path: string }, result: Result): void;
}
const reporter = "../support/jest/short-failures.js";
const { default: ShortFailures } = (await import(reporter)) as {
  readonly default: new () => Reporter;
};

let folder: string;
const home = process.cwd();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "short-failures-"));
  process.chdir(folder);
});
afterEach(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true });
});

const numbered = (count: number, word: string): string =>
  Array.from({ length: count }, (_, i) => `${word} ${i}`).join("\n");

function reported(failureMessage: string | null, said: readonly string[] = []): Result {
  const written = said.map((message) => ({ message, origin: "at x\nat y", type: "error" }));
  const numFailingTests = failureMessage === null ? 0 : 1;
  const result = { failureMessage, numFailingTests, console: written };
  new ShortFailures().onTestResult({ path: join(folder, "long.test.ts") }, result);
  return result;
}

const FILE = "out/failures/long.test.ts.txt";

test("a long failure is cut, each by itself, and is whole in the file", async () => {
  const text = `  ● first\n${numbered(500, "one")}\n\n  ● second\n${numbered(5, "two")}\n\n`;
  const { failureMessage } = reported(text);
  const lines = (failureMessage ?? "").split("\n");
  expect(lines.length).toBeLessThan(45);
  expect(lines).toEqual(expect.arrayContaining(["  ● first", "one 0", "  ● second", "two 4"]));
  expect(failureMessage).toContain(`lines more in ${FILE}`);
  expect(await readFile(FILE, "utf8")).toContain("one 499");
});

test("so is what its file has said", async () => {
  const { console: said = [] } = reported("  ● first\n\n", ["short", numbered(1_000, "x")]);
  expect(said.map(({ message }) => message)).toEqual(["short", `… the rest is in ${FILE}`]);
  expect(said.map(({ origin }) => origin)).toEqual(["", ""]);
  expect(await readFile(FILE, "utf8")).toContain("x 999");
});

test("what is short, and what has passed, stays as it is", () => {
  const passed = reported(null, [numbered(1_000, "x")]);
  expect(passed.console).toHaveLength(1);
  expect(reported("  ● first\n\nwhy\n", ["short"])).toMatchObject({
    failureMessage: "  ● first\n\nwhy\n",
    console: [{ message: "short", origin: "at x\nat y" }],
  });
  expect(existsSync("out")).toBe(false);
});
