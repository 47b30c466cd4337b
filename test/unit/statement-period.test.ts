import fc from "fast-check";
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
    // Half an hour of daylight saving.
    ["2026-04-05", "Australia/Lord_Howe", 24.5],
  ])("%s in %s has %d hours", (date, timeZone, expected) => {
    expect(hours(date, timeZone)).toBe(expected);
  });

  test("29 February is a day of a leap year", () => {
    expect(hours("2024-02-29", "UTC")).toBe(24);
  });

  test("one period's end is the next one's start, in any zone", () => {
    const zones = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia"];
    const day = fc.date({
      min: new Date("1970-01-02T00:00:00Z"),
      max: new Date("2037-12-30T00:00:00Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(day, fc.constantFrom(...zones), (date, timeZone) => {
        const first = date.toISOString().slice(0, 10);
        const second = new Date(Date.parse(first) + 24 * HOUR).toISOString().slice(0, 10);
        const end = statementPeriod({ startDate: first, endDate: first, timeZone }).to;
        expect(statementPeriod({ startDate: second, endDate: second, timeZone }).from).toBe(end);
      }),
      { numRuns: 500 },
    );
  });
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
