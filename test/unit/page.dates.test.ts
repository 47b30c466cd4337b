/** The usual periods of the page's form. */
interface Dates {
  readonly dayIn: (timeZone: string, now: Date) => string;
  readonly periodsBefore: (today: string) => Readonly<Record<string, readonly [string, string]>>;
}

/** What the browser gets has no types. */
const path = "../../infra/operator/ui/browser/dates.js";
const { dayIn, periodsBefore } = (await import(path)) as Dates;

test.each([
  [
    "2026-11-28",
    {
      "Last month": ["2026-10-01", "2026-10-31"],
      "Last quarter": ["2026-07-01", "2026-09-30"],
      "Last year": ["2025-01-01", "2025-12-31"],
      "This year so far": ["2026-01-01", "2026-11-27"],
    },
  ],
  [
    "2024-03-01",
    {
      "Last month": ["2024-02-01", "2024-02-29"],
      "Last quarter": ["2023-10-01", "2023-12-31"],
      "Last year": ["2023-01-01", "2023-12-31"],
      "This year so far": ["2024-01-01", "2024-02-29"],
    },
  ],
  // The year has no day that is over.
  [
    "2026-01-01",
    {
      "Last month": ["2025-12-01", "2025-12-31"],
      "Last quarter": ["2025-10-01", "2025-12-31"],
      "Last year": ["2025-01-01", "2025-12-31"],
    },
  ],
])("before %s", (today, periods) => {
  expect(periodsBefore(today)).toEqual(periods);
});

test("the day is that of the zone, and of this machine where there is no such zone", () => {
  const now = new Date("2026-11-28T23:30:00Z");
  expect(dayIn("Europe/Berlin", now)).toBe("2026-11-29");
  expect(dayIn("America/New_York", now)).toBe("2026-11-28");
  expect(["2026-11-28", "2026-11-29"]).toContain(dayIn("Mars/Base", now));
});
