/** The walk of the exhaustive search, over worlds small enough to count by hand. */
import { walk, type Steering } from "../simulate/exhaustive/depth-first.ts";

const SIDE = 3;
const never = (): boolean => false;

/**
 * Two walkers, of so many steps each, one step at a time.
 * @param hash of where they are, and how they came
 * @param wanted the way that is looked for
 */
function walkers(hash: (at: readonly number[], way: string) => string, wanted?: string) {
  return async (steering: Steering): Promise<string | undefined> => {
    const at = [0, 0];
    let way = "";
    const here = (): string => hash(at, way);
    while (at.some((steps) => steps < SIDE)) {
      const able = [0, 1].filter((walker) => (at[walker] ?? 0) < SIDE);
      const walker = able.length === 1 ? able[0] : able[steering.choose(able.length, here)];
      if (walker === undefined) throw new Error("there are two of them");
      at[walker] = (at[walker] ?? 0) + 1;
      way += String(walker);
      if (way === wanted) return await Promise.resolve(way);
    }
    steering.end(here);
    return undefined;
  };
}

test("each place is a state once, where there is a choice, and so is the end", async () => {
  const walked = await walk(
    walkers((at) => at.join()),
    never,
  );
  // Nine places in which both may go on, and one end. The longest way goes on choosing until one has arrived.
  expect(walked).toMatchObject({ states: 10, ends: 1, depth: 5, isWhole: true, found: undefined });
  expect(walked.cut).toBe(walked.runs - 1);
});

test("without equal states every way is walked", async () => {
  const walked = await walk(
    walkers((_, way) => way),
    never,
  );
  // Six steps, of which three are the first one's.
  expect(walked).toMatchObject({ ends: 20, runs: 20, cut: 0, isWhole: true });
});

test("what is looked for is found by its choices", async () => {
  const { found, isWhole } = await walk(
    walkers((_, way) => way, "1101"),
    never,
  );
  expect(found).toEqual({ what: "1101", choices: [1, 1, 0, 1] });
  expect(isWhole).toBe(false);
});

test("a walk that is cut short does not say that it is whole", async () => {
  const walked = await walk(
    walkers((at) => at.join()),
    () => true,
  );
  expect(walked).toMatchObject({ states: 0, isWhole: false });
});
