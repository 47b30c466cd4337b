/** Periods that are asked for often: whole ones that are over, by the calendar of a time zone. */

/** `2026-11-28`: the day it is in a zone, or here where there is no such zone. */
export function dayIn(timeZone, now = new Date()) {
  try {
    return new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(now);
  } catch {
    return new Intl.DateTimeFormat("en-CA", { dateStyle: "short" }).format(now);
  }
}

const day = (year, month, date) => new Date(Date.UTC(year, month, date)).toISOString().slice(0, 10);

/** First and last day of each; what has no day yet is not there. */
export function periodsBefore(today) {
  const [year, month, date] = today.split("-").map(Number);
  const quarter = Math.floor((month - 1) / 3) * 3;
  const all = {
    "Last month": [day(year, month - 2, 1), day(year, month - 1, 0)],
    "Last quarter": [day(year, quarter - 3, 1), day(year, quarter, 0)],
    "Last year": [day(year - 1, 0, 1), day(year - 1, 11, 31)],
    "This year so far": [day(year, 0, 1), day(year, month - 1, date - 1)],
  };
  return Object.fromEntries(Object.entries(all).filter(([, [start, end]]) => start <= end));
}
