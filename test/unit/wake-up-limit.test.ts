import { makeWakeUpLimit } from "../../functions/request-intake/wake-up-limit.ts";

function makeLimit(perMinute: number) {
  const clock = { now: 0 };
  return { clock, limit: makeWakeUpLimit(perMinute, () => clock.now) };
}

it("allows so many in any minute, not in each minute of the clock", () => {
  const { clock, limit } = makeLimit(2);
  const allowedAt = (seconds: number): boolean => {
    clock.now = seconds * 1000;
    return limit.allows("c");
  };
  expect(allowedAt(50)).toBe(true);
  expect(allowedAt(55)).toBe(true);
  expect(allowedAt(65)).toBe(false);
  expect(allowedAt(109)).toBe(false);
  expect(allowedAt(110)).toBe(true);
  expect(allowedAt(111)).toBe(false);
  expect(allowedAt(115)).toBe(true);
});

it("counts each customer alone", () => {
  const { limit } = makeLimit(1);
  expect([limit.allows("a"), limit.allows("b"), limit.allows("a")]).toEqual([true, true, false]);
});

it("sends none at all when none are allowed", () => {
  expect(makeLimit(0).limit.allows("a")).toBe(false);
});

it("forgets the customer seen longest ago beyond ten thousand", () => {
  const { limit } = makeLimit(1);
  limit.allows("first");
  limit.allows("second");
  limit.allows("first");
  for (let i = 0; i < 9_999; i++) limit.allows(String(i));
  expect(limit.allows("first")).toBe(false);
  expect(limit.allows("second")).toBe(true);
});

it("keeps nobody waiting for the hour by which the clock is set back", () => {
  const { limit, clock } = makeLimit(1);
  expect(limit.allows("a")).toBe(true);
  clock.now -= 3_600_000;
  expect([limit.allows("a"), limit.allows("a")]).toEqual([true, false]);
});
