/** The exhaustive search of the simulation, each in a process whose clocks it takes over. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../simulate/main.ts", import.meta.url));

async function exhaust(variables: Readonly<Record<string, string>>) {
  const { promise, resolve } = Promise.withResolvers<{ code: number; text: string }>();
  const env = { PATH: process.env["PATH"], SCENE: "plain", ...variables };
  const child = execFile(process.execPath, [MAIN], { env, maxBuffer: 2 ** 26 }, (_, out, err) => {
    resolve({ code: child.exitCode ?? -1, text: out + err });
  });
  return await promise;
}

test("without a fault the search ends, and another time with as many states", async () => {
  const counts = /^plain, 2 builders, 0 faults: (states \d+ ends \d+ runs \d+) .* ended$/m;
  const [first, second] = [await exhaust({ EXHAUST: "0" }), await exhaust({ EXHAUST: "0" })];
  const [, counted] = counts.exec(first.text) ?? [];
  expect(counted).toMatch(/^states 87 ends 5 /);
  expect(counts.exec(second.text)?.[1]).toBe(counted);
  expect(first.code).toBe(0);
}, 300_000);

test.each(["cancelled", "in parts"])(
  "orders that are drawn from all there are end as the search says: %s",
  async (SCENE) => {
    const { code, text } = await exhaust({ EXHAUST: "0", SCENE, ORDERS: "200" });
    const [, outcomes, others] =
      /^200 orders .* end in (\d+) of .* and (\d+) in others$/m.exec(text) ?? [];
    expect(Number(outcomes)).toBeGreaterThan(1);
    expect(others).toBe("0");
    expect(code).toBe(0);
  },
  300_000,
);

test.each([
  ["claim-a-held-record", "0", /is taken from a holder that lives/],
  ["no-compare-and-swap", "0", /is taken from a holder that lives/],
  ["end-untold", "1", /is stuck: its end is not told/],
  ["dead-builder-unseen", "1", /is stuck: processing/],
])(
  "%s is found, with so many faults: %s",
  async (MUTANT, faults, rule) => {
    const { code, text } = await exhaust({ MUTANT, EXHAUST: faults });
    expect(text).toMatch(new RegExp(`^${faults} faults at `, "m"));
    expect(text).toMatch(new RegExp(`^broken at .*${rule.source}`, "m"));
    expect(code).toBe(1);
  },
  300_000,
);

test("a search that is cut says so", async () => {
  const byTime = await exhaust({ EXHAUST: "0", MINUTES: "0" });
  expect(byTime.text).toMatch(/^plain, 2 builders, 0 faults: states 0 .* NOT ended: so far,/m);
  const byStates = await exhaust({ EXHAUST: "1", STATES: "500" });
  expect(byStates.text).toMatch(
    /^plain, 2 builders, 1 faults: states 5\d\d .* NOT ended: so far,/m,
  );
  expect([byTime.code, byStates.code]).toEqual([0, 0]);
}, 300_000);
