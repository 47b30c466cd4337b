import type { Goal } from "../bench/bench.ts";
import { failsCi, ratioLine, settle, significant, spread } from "../bench/ratio.ts";

const atMost: Goal = { name: "ours-vs-theirs", op: "<=", value: 0.8, of: "cpu" };
const atLeast: Goal = { name: "many-vs-few", op: ">=", value: 5, of: "rate" };

test("a spread is minimum, median and maximum, in whatever order the values come", () => {
  expect(spread([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
  expect(spread([4, 1, 2, 3])).toEqual({ min: 1, median: 2.5, max: 4 });
  expect(spread([7])).toEqual({ min: 7, median: 7, max: 7 });
  expect(() => spread([])).toThrow("no values");
});

test("the value is the ratio of the medians, the rounds' ratios are of the same round", () => {
  const settled = settle(atMost, [2, 3, 10], [4, 4, 20], true);
  expect(settled.value).toBe(0.75);
  expect(settled.rounds).toEqual({ min: 0.5, median: 0.5, max: 0.75 });
});

test("a list of one is compared with every round of the other", () => {
  const { rounds } = settle(atMost, [1, 2, 3], [10], true);
  expect(rounds).toEqual({ min: 0.1, median: 0.2, max: 0.3 });
});

test.each([
  ["met", [0.7, 0.75, 0.8], true],
  ["missed", [0.81, 0.9, 1], true],
  ["unsure", [0.7, 0.75, 0.81], true],
  ["unsure", [0.79, 0.9, 1], true],
  ["unsure", [0.7, 0.75, 0.8], false],
  ["unsure", [0.81, 0.9, 1], false],
] as const)("%s: rounds of %p, quiet machine: %p", (verdict, rounds, quiet) => {
  expect(settle(atMost, rounds, [1], quiet).verdict).toBe(verdict);
});

test("a goal that is a least value is met from above", () => {
  expect(settle(atLeast, [50, 60], [10], true).verdict).toBe("met");
  expect(settle(atLeast, [40, 49], [10], true).verdict).toBe("missed");
});

test("sizes and memory do not hang on who else was busy", () => {
  expect(settle({ ...atMost, of: "size" }, [0.7], [1], false).verdict).toBe("met");
  expect(settle({ ...atMost, of: "memory" }, [0.9], [1], false).verdict).toBe("missed");
});

test("CI fails by CPU time alone, and only far beyond the goal", () => {
  expect(failsCi(settle(atMost, [1.19], [1], false))).toBe(false);
  expect(failsCi(settle(atMost, [1.21], [1], false))).toBe(true);
  expect(failsCi(settle({ ...atMost, of: "wall" }, [9], [1], true))).toBe(false);
  expect(failsCi(settle({ ...atLeast, of: "cpu" }, [3.3], [1], true))).toBe(true);
});

test("the line has its fixed form", () => {
  const line = ratioLine(settle(atMost, [2], [3], true));
  expect(line).toBe("ratio ours-vs-theirs 0.667 (goal <= 0.8)");
});

test.each([
  [0.012345, "0.0123"],
  [0.5, "0.500"],
  [1.006, "1.01"],
  [12.34, "12.3"],
  [1234.5, "1235"],
  [0, "0"],
])("%d has three digits that say something: %s", (value, text) => {
  expect(significant(value)).toBe(text);
});
