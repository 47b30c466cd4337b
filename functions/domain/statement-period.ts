/**
 * The period of a statement: two calendar dates, both inclusive, in a named IANA time zone,
 * converted once to the half-open instants `[from, to)`. A day has 23, 24 or 25 hours, and some
 * days have no midnight, so the arithmetic is left to Temporal.
 */
import { Temporal } from "temporal-polyfill";
import type { PeriodBasis } from "./manifest.ts";

export interface PeriodDates {
  /** `YYYY-MM-DD`, inclusive. */
  readonly startDate: string;
  /** `YYYY-MM-DD`, inclusive. */
  readonly endDate: string;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** Not there: `posted_at`, as it was before there was a choice. */
  readonly basis?: PeriodBasis | undefined;
}

export interface StatementPeriod extends PeriodDates {
  readonly basis: PeriodBasis;
  /** `YYYY-MM-DD`, the day after `endDate`. */
  readonly dayAfter: string;
  /** First instant of `startDate`, milliseconds since the epoch. */
  readonly from: number;
  /** First instant of the last day, milliseconds since the epoch: the second number of the key. */
  readonly lastDayFrom: number;
  /** First instant after `endDate`, milliseconds since the epoch. */
  readonly to: number;
}

/** The first day whose midnight is a positive epoch in every zone, as the object's key needs it. */
const FIRST_DATE = "1970-01-02";

const IANA_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;

/** Most statements are of the same month, and each asks more than once. */
const MOST_KNOWN = 64;

/** The same work, done once for each of the last keys. What throws is asked again. */
function remembered<T>(): (key: string, work: () => T) => T {
  const known = new Map<string, T>();
  return (key, work) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = work();
    known.set(key, found);
    const [oldest = key] = known.keys();
    if (known.size > MOST_KNOWN) known.delete(oldest);
    return found;
  };
}

export function isCalendarDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && text >= FIRST_DATE && hasDayInMonth(text);
}

/** Whether the month of `YYYY-MM-DD` has that day, which `Date.parse` would move into the next one. */
export function hasDayInMonth(date: string): boolean {
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}

/** True for names of the IANA database; offsets such as `+02:00` name no zone. */
export function isTimeZone(name: string): boolean {
  if (!IANA_NAME.test(name)) return false;
  try {
    canonicalTimeZone(name);
    return true;
  } catch {
    return false;
  }
}

const zones = remembered<string>();

/** The name as the IANA database writes it: `europe/berlin` is `Europe/Berlin`. */
export function canonicalTimeZone(name: string): string {
  return zones(
    name,
    () => Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId,
  );
}

const days = remembered<boolean>();

/** Whether the zone had that day: Samoa went from 29 to 31 December 2011. */
export function hasDay(timeZone: string, date: string): boolean {
  return days(`${date} ${timeZone}`, () => {
    const day = Temporal.PlainDate.from(date);
    return day.toZonedDateTime({ timeZone }).toPlainDate().equals(day);
  });
}

const periods = remembered<StatementPeriod>();

/** @throws RangeError when a date or the zone does not exist; intake has checked both before. */
export function statementPeriod(dates: PeriodDates): StatementPeriod {
  const { startDate, endDate, timeZone, basis = "posted_at" } = dates;
  return periods(`${startDate} ${endDate} ${timeZone} ${basis}`, () => periodOf(dates));
}

function periodOf(dates: PeriodDates): StatementPeriod {
  const lastDay = Temporal.PlainDate.from(dates.endDate, { overflow: "reject" });
  const startOf = (day: Temporal.PlainDate): number =>
    day.toZonedDateTime({ timeZone: dates.timeZone }).epochMilliseconds;
  const dayAfter = lastDay.add({ days: 1 });
  return {
    startDate: dates.startDate,
    endDate: dates.endDate,
    timeZone: dates.timeZone,
    basis: dates.basis ?? "posted_at",
    dayAfter: dayAfter.toString(),
    from: startOf(Temporal.PlainDate.from(dates.startDate, { overflow: "reject" })),
    lastDayFrom: startOf(lastDay),
    to: startOf(dayAfter),
  };
}

const lengths = remembered<boolean>();

/** Whether the period spans more than `months` calendar months; 24 whole months are allowed by 24. */
export function isLongerThan({ startDate, endDate }: PeriodDates, months: number): boolean {
  return lengths(`${startDate} ${endDate} ${months}`, () => {
    const limit = Temporal.PlainDate.from(startDate).add({ months });
    return Temporal.PlainDate.compare(Temporal.PlainDate.from(endDate), limit) >= 0;
  });
}
