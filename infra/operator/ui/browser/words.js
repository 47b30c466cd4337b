/** Times, spans and counts as the page says them. */

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const NUMBER = new Intl.NumberFormat("en");

/** Of milliseconds since the epoch: the time, with the day where it is not today. */
export function clockTime(instant, now = Date.now()) {
  const isToday = new Date(instant).toDateString() === new Date(now).toDateString();
  const time = CLOCK.format(instant);
  return isToday ? time : `${DAY.format(instant)}, ${time}`;
}

/** Of milliseconds: `0.34 s`, `3 min 20 s`, `2 h 5 min`. */
export function span(ms) {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

export const number = (value) => NUMBER.format(value);

/** `customer-000001-1795434992079`: what tells requests apart. */
export const shortName = (name) => name.replace(/^transaction-request-/, "");
