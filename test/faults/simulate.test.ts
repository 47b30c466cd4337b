/** Ten seconds of `make simulate`, and that it can fail: it runs in a process whose clocks it takes over. */
import { execFile, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../simulate/main.ts", import.meta.url));

interface Ended {
  readonly code: number;
  readonly text: string;
}

async function simulate(
  variables: Readonly<Record<string, string>>,
  onStart: (child: ChildProcess) => void = () => undefined,
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const env = { PATH: process.env["PATH"], ...variables };
  const child = execFile(process.execPath, [MAIN], { env, maxBuffer: 2 ** 26 }, (_, out, err) => {
    resolve({ code: child.exitCode ?? -1, text: out + err });
  });
  onStart(child);
  return await promise;
}

test("ten seconds of CPU break no rule", async () => {
  const { code, text } = await simulate({ MINUTES: String(10 / 60), SEED: "1000" });
  expect(text).toMatch(/^seeds \d+ lives \d+ faults \d+ broken 0 in /);
  expect(code).toBe(0);
  expect(Number(/lives (\d+)/.exec(text)?.[1])).toBeGreaterThan(50);
}, 600_000);

test.each(["SEED", "SEEDS", "MINUTES", "PROCESSES"])(
  "%s that is no number is refused: nothing would be searched, and nothing found",
  async (name) => {
    const { code, text } = await simulate({ [name]: "1O" });
    expect(code).toBe(1);
    expect(text).toContain(`${name} is not valid`);
  },
);

/** The first of twenty worlds whose story has what is looked for; it must break no rule. */
async function storyWith(wanted: RegExp, variables: Readonly<Record<string, string>> = {}) {
  for (let seed = 1; seed <= 20; seed++) {
    const { code, text } = await simulate({ ...variables, SEED: String(seed), STORY: "1" });
    expect(code).toBe(0);
    if (wanted.test(text)) return;
  }
  throw new Error("none of twenty worlds has such a story");
}

test("what the version before recorded without an index is found when it is asked for again, and ends", async () => {
  const again = String.raw`[^]* intake-\d+ +POST \1 .*409 AlreadyExists[^]* SEND (?:executed|cancelled|failed) \1 .*202`;
  const wanted = new RegExp(String.raw`intake-before +POST (\S+)${again}`);
  await storyWith(wanted, { WEATHER: "roll-out" });
}, 300_000);

test("what a lagging replica does not have yet is built when it has", async () => {
  await storyWith(/PUT (\S+) .*unknown_on_replica[^]* SEND executed \1 .*202/);
}, 300_000);

test("whoever asks is answered, by each of the ways there are", async () => {
  await storyWith(/ (?:app|web) +GET \/requests\/transaction-request-\S+ +304/);
  await storyWith(/ (?:app|web) +POST \/requests\/\S+\/link +200/);
  await storyWith(/ (?:app|web) +PUT \/requests\/\S+\/cancel +202/);
}, 300_000);

test.each([
  ["renew-without-holder", "beyond-skew", "which does not hold it"],
  ["delete-without-version", "latecomers", "is deleted while it is"],
  ["moved-twice", "crowd", "moves to another key, and nobody else has its own"],
  ["no-if-none-match", "late-landing", "was overwritten"],
  ["lease-by-wall-clock", "beyond-skew", "waits for the object of .* after its lease"],
  ["too-large-beside-upload", "near-deadline", "ends as failed although its object is there"],
  ["own-claim-unknown", "roll-out", "answers without having worked on it"],
  ["write-without-end", "away-consumer", "waits for the object of .* after its lease"],
])(
  "%s is found where worlds are %s",
  async (MUTANT, WEATHER, rule) => {
    const { code, text } = await simulate({ MUTANT, WEATHER, SEEDS: "3000" });
    expect(text).toMatch(new RegExp(`^broken at .*${rule}`, "m"));
    expect(code).toBe(1);
  },
  300_000,
);

test("the same seed is the same story", async () => {
  const [first, second] = [
    await simulate({ SEED: "6", STORY: "1" }),
    await simulate({ SEED: "6", STORY: "1" }),
  ];
  expect(first.text).toContain("nothing goes wrong any more");
  expect(second).toEqual(first);
}, 300_000);

test("a claim that waits for no lease is found, and told by its one fault", async () => {
  const { code, text } = await simulate({ MUTANT: "claim-a-held-record", SEED: "5" });
  expect(text).toMatch(/reduced to 1 requests and 1 faults/);
  expect(text).toMatch(/^broken at .* is taken from a holder that lives/m);
  expect(code).toBe(1);
}, 300_000);

test("two processes run the worlds of one, and add them up", async () => {
  const worlds = { SEED: "1000", SEEDS: "21" };
  const alone = await simulate(worlds);
  const shared = await simulate({ ...worlds, PROCESSES: "2" });
  const [counts = "nothing"] = /^seeds 21 lives \d+ faults \d+ broken 0 in /.exec(alone.text) ?? [];
  expect(shared.text).toContain(counts);
  expect(shared.code).toBe(0);
}, 300_000);

test("a rule that breaks in one of two processes ends both, with its story", async () => {
  const { code, text } = await simulate({
    MUTANT: "claim-a-held-record",
    SEED: "5",
    SEEDS: "100000",
    PROCESSES: "2",
  });
  expect(text).toMatch(/^broken at .* is taken from a holder that lives/m);
  expect(text).toMatch(/^seeds \d+ lives \d+ faults \d+ broken 1 in /m);
  expect(code).toBe(1);
}, 300_000);

test("a search one of whose processes was killed has not been whole", async () => {
  const { code, text } = await simulate({ SEEDS: "100000", PROCESSES: "2" }, ({ pid = 0 }) => {
    const looking = setInterval(() => {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
      if (children.length < 2) return;
      clearInterval(looking);
      process.kill(Number(children[1]), "SIGKILL");
    }, 50);
  });
  expect(text).toContain("a process of the search ended before its end: SIGKILL");
  expect(code).toBe(1);
}, 300_000);
