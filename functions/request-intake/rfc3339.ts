import { hasDayInMonth } from "../domain/statement-period.ts";

const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})T((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(\.\d+)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** Section 5.7: a minute has a second 60 only where one was ever added, at the end of these days in UTC. */
const LEAP_SECOND = /-(?:06-30|12-31)T23:59:59/;

/**
 * Milliseconds since the epoch of an RFC 3339 time, cut to whole milliseconds; undefined for any
 * other form and for days that do not exist. A leap second is the first second of the next day, as
 * POSIX counts it.
 */
export function parseRfc3339(text: string): number | undefined {
  const [, day, minute, second, fraction = "", offset] = RFC_3339.exec(text) ?? [];
  if (day === undefined || minute === undefined || second === undefined || offset === undefined)
    return undefined;
  if (!hasDayInMonth(day)) return undefined;
  // `Date.parse` promises three decimals only, and knows no leap second.
  const isLeap = second === "60";
  const time = `${minute}:${isLeap ? "59" : second}${fraction.slice(0, 4)}`;
  const instant = Date.parse(`${day}T${time}${offset.toUpperCase()}`);
  if (!isLeap) return instant;
  return LEAP_SECOND.test(new Date(instant).toISOString()) ? instant + 1_000 : undefined;
}
