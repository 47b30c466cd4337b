/**
 * A handful of lives of `make simulate DEEP=1` in `make test`, as many as DEEP_LIVES says in
 * `make test-faults`; and that it can fail.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { chosenNumber } from "../support/chosen-number.ts";

const MAIN = fileURLToPath(new URL("../simulate/deep/main.ts", import.meta.url));
const LEFT_BEHIND = new URL("../simulate/deep/left-behind.ts", import.meta.url).href;
const LIVES = chosenNumber("DEEP_LIVES", 12, 1);
/** Of a world; in so many lives everything goes wrong once. */
const MOST_LIVES = 150;

interface Ended {
  readonly code: number;
  readonly text: string;
}

async function run(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const options = { env: { PATH: process.env["PATH"], ...variables }, maxBuffer: 2 ** 26 };
  const child = execFile(process.execPath, args, options, (_, out, err) => {
    resolve({ code: child.exitCode ?? -1, text: out + err });
  });
  return await promise;
}

const simulate = (variables: Readonly<Record<string, string>>): Promise<Ended> =>
  run([MAIN], variables);

test("processes whose wires break lose, double and leave nothing", async () => {
  const worlds = Math.ceil(LIVES / MOST_LIVES);
  const lives = Math.ceil(LIVES / worlds);
  const { code, text } = await simulate({
    SEEDS: String(worlds),
    LIVES: String(lives),
    SECONDS: String(lives / 10),
  });
  expect(text).toMatch(new RegExp(`^worlds ${worlds} lives ${worlds * lives} .* broken 0 in`, "m"));
  expect(Number(/ faults (\d+) /.exec(text)?.[1])).toBeGreaterThan(LIVES / 2);
  expect(code).toBe(0);
}, 900_000);

test.each([
  [
    "mixed",
    "a bank that hands out another customer's texts",
    "has rows that are not its customer's",
  ],
  [
    "no-compare-and-swap",
    "a ledger written without a look",
    // Whichever comes first.
    "(is taken from a holder|has no new attempt|went back|moves |is renewed|is stuck|has 2 objects|ends as )",
  ],
])(
  "MUTANT=%s, %s, is found",
  async (MUTANT, _, rule) => {
    // Enough of them at a time for two builders to meet at one, and as many worlds as it takes.
    const { code, text } = await simulate({ MUTANT, LIVES: "40", SECONDS: "2", SEEDS: "20" });
    expect(text).toMatch(new RegExp(`broken at .*${rule}`));
    expect(code).toBe(1);
  },
  600_000,
);

test.each([
  ["a socket", `require("node:net").createServer().listen(0)`, 99, "LEFT BEHIND TCPServerWrap"],
  ["a timer", `setInterval(() => {}, 1_000)`, 99, "LEFT BEHIND Timeout"],
  ["nothing", "", 0, ""],
])("a process that has drained and leaves %s is known by it", async (_, code, exit, says) => {
  const ended = await run([`--import=${LEFT_BEHIND}`, "-e", `${code}; process.exit(0)`]);
  expect(ended).toEqual({ code: exit, text: expect.stringContaining(says) as string });
});
