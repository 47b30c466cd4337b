import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import {
  isCalendarDate,
  isLongerThan,
  isTimeZone,
  statementPeriod,
} from "../../functions/domain/statement-period.ts";

const HOUR = 3_600_000;

function hours(date: string, timeZone: string): number {
  const { from, to } = statementPeriod({ startDate: date, endDate: date, timeZone });
  return (to - from) / HOUR;
}

describe("statementPeriod", () => {
  test("both dates are inclusive, the instants half open", () => {
    const period = statementPeriod({
      startDate: "2026-01-01",
      endDate: "2026-01-31",
      timeZone: "UTC",
    });
    expect(new Date(period.from).toISOString()).toBe("2026-01-01T00:00:00.000Z");
    expect(new Date(period.lastDayFrom).toISOString()).toBe("2026-01-31T00:00:00.000Z");
    expect(new Date(period.to).toISOString()).toBe("2026-02-01T00:00:00.000Z");
  });

  test.each([
    ["2026-03-29", "Europe/Berlin", 23],
    ["2026-10-25", "Europe/Berlin", 25],
    ["2026-06-01", "Europe/Berlin", 24],
    // Clocks went from 23:59:59 to 01:00: the day has no midnight.
    ["2018-11-04", "America/Sao_Paulo", 23],
    ["2021-03-28", "Asia/Beirut", 23],
    ["2023-04-28", "Africa/Cairo", 23],
    ["2023-10-26", "Africa/Cairo", 25],
    // Half an hour of daylight saving.
    ["2026-04-05", "Australia/Lord_Howe", 24.5],
  ])("%s in %s has %d hours", (date, timeZone, expected) => {
    expect(hours(date, timeZone)).toBe(expected);
  });

  test("29 February is a day of a leap year, and of no other", () => {
    expect(hours("2024-02-29", "UTC")).toBe(24);
    expect(() => hours("2100-02-29", "UTC")).toThrow(RangeError);
    const february = { startDate: "2024-02-01", endDate: "2024-02-29", timeZone: "Europe/Berlin" };
    const { from, to } = statementPeriod(february);
    expect((to - from) / HOUR).toBe(29 * 24);
  });

  test("a day that a zone left out is a period of no length, and its neighbours are whole", () => {
    // Samoa went over the date line at the end of 29 December 2011: there was no 30th.
    const dates = { startDate: "2011-12-30", endDate: "2011-12-30", timeZone: "Pacific/Apia" };
    const { from, to } = statementPeriod(dates);
    expect(new Date(from).toISOString()).toBe("2011-12-30T10:00:00.000Z");
    expect(to).toBe(from);
    expect(hours("2011-12-29", "Pacific/Apia")).toBe(24);
    expect(hours("2011-12-31", "Pacific/Apia")).toBe(24);
    const year = { startDate: "2011-01-01", endDate: "2011-12-31", timeZone: "Pacific/Apia" };
    expect((statementPeriod(year).to - statementPeriod(year).from) / HOUR).toBe(364 * 24);
  });
});

describe("in any zone there is", () => {
  const DAY = 24 * HOUR;
  const dateOf = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10);
  // 1970-01-02 to 2037-12-31.
  const days = fc
    .uniqueArray(fc.integer({ min: 1, max: 24_836 }), { minLength: 3, maxLength: 3 })
    .map((three) => three.toSorted((a, b) => a - b) as [number, number, number]);
  const zones = Intl.supportedValuesOf("timeZone");

  test("neither a gap nor an overlap, wherever a range is cut in two", () => {
    fc.assert(
      fc.property(days, fc.constantFrom(...zones), ([first, cut, last], timeZone) => {
        const period = (from: number, to: number) =>
          statementPeriod({ startDate: dateOf(from), endDate: dateOf(to), timeZone });
        const [whole, left, right] = [
          period(first, last),
          period(first, cut - 1),
          period(cut, last),
        ];
        expect([left.from, left.to, right.to]).toEqual([whole.from, right.from, whole.to]);
        expect(left.to).toBeGreaterThanOrEqual(left.from);
        expect(right.lastDayFrom).toBe(whole.lastDayFrom);
        expect(whole.from % 1000).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a day begins and ends where calendars turn the leaf, also when clocks change on it", () => {
    const instant = fc.integer({ min: DAY, max: 24_836 * DAY });
    fc.assert(
      fc.property(
        instant,
        fc.constantFrom(...zones),
        fc.integer({ min: -1, max: 1 }),
        (at, timeZone, off) => {
          const day = Math.max(1, Math.floor(nextChange(at, timeZone) / DAY) + off);
          const date = dateOf(day);
          const { from, to } = statementPeriod({ startDate: date, endDate: date, timeZone });
          const shown = calendarOf(timeZone);
          expect(shown(from - 1) < date && shown(from) >= date).toBe(true);
          expect(shown(to - 1) <= date && shown(to) > date).toBe(true);
          expect(from <= to).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  /** Where the zone's clocks change next, or the instant itself where they never do again. */
  function nextChange(at: number, timeZone: string): number {
    const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
    return zoned.getTimeZoneTransition("next")?.epochMilliseconds ?? at;
  }

  /** `YYYY-MM-DD` of an instant, by the calendar that the platform itself has. */
  function calendarOf(timeZone: string): (at: number) => string {
    const parts = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
    const calendar = new Intl.DateTimeFormat("en-CA", { timeZone, ...parts });
    return (at) => calendar.format(at);
  }
});

test.each(["2026-02-30", "2023-02-29", "2026-13-01", "26-01-01", "2026-1-1", "1970-01-01", ""])(
  "%p is no calendar date",
  (text) => expect(isCalendarDate(text)).toBe(false),
);

test.each(["2024-02-29", "1970-01-02", "2026-12-31"])("%p is a calendar date", (text) =>
  expect(isCalendarDate(text)).toBe(true),
);

test.each([
  ["Europe/Berlin", true],
  ["UTC", true],
  ["Etc/GMT+5", true],
  ["+02:00", false],
  ["Mars/Olympus", false],
  ["", false],
])("%p names a zone: %p", (name, expected) => expect(isTimeZone(name)).toBe(expected));

test.each([
  ["2024-01-01", "2025-12-31", false],
  ["2024-01-01", "2026-01-01", true],
  ["2024-02-29", "2026-02-27", false],
])("%s to %s is longer than 24 months: %p", (startDate, endDate, expected) => {
  expect(isLongerThan({ startDate, endDate, timeZone: "UTC" }, 24)).toBe(expected);
});
