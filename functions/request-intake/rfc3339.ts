const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/**
 * Milliseconds since the epoch of an RFC 3339 time, cut to whole milliseconds; undefined for any
 * other form and for days that do not exist, which `Date.parse` would move into the next month.
 */
export function parseRfc3339(text: string): number | undefined {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [year, month, day] = match.slice(1).map(Number);
  const date = new Date(`${match[1] ?? ""}-${match[2] ?? ""}-01T00:00:00Z`);
  const lastDay = new Date(date);
  lastDay.setUTCMonth(date.getUTCMonth() + 1, 0);
  if (Number.isNaN(date.getTime()) || year === undefined || month === undefined) return undefined;
  if (day === undefined || day < 1 || day > lastDay.getUTCDate()) return undefined;
  // `Date.parse` promises three decimals only.
  return Date.parse(text.toUpperCase().replace(/(\.\d{3})\d+/, "$1"));
}
