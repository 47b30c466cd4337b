/** How the page says times and lengths of time. */
interface Words {
  readonly span: (ms: number) => string;
  readonly clockTime: (instant: number, now: number) => string;
}

/** What the browser gets has no types. */
const path = "../../infra/operator/ui/browser/words.js";
const { span, clockTime } = (await import(path)) as Words;

test.each([
  [-1, "0.00 s"],
  [340, "0.34 s"],
  [9_994, "9.99 s"],
  [10_400, "10 s"],
  [99_400, "99 s"],
  // No minute has sixty seconds.
  [119_600, "2 min 0 s"],
  [200_000, "3 min 20 s"],
  [3_599_600, "1 h 0 min"],
  [2 * 3_600_000 + 5 * 60_000, "2 h 5 min"],
  [49 * 3_600_000, "2 days"],
])("%d ms: %s", (ms, words) => {
  expect(span(ms)).toBe(words);
});

test("a time of another day has its day", () => {
  const noon = new Date(2026, 0, 15, 12).getTime();
  expect(clockTime(noon, noon + 3_600_000)).toMatch(/^12:00:00$/);
  expect(clockTime(noon, noon + 24 * 3_600_000)).toMatch(/15.*, 12:00:00$/);
});
