/** Values in the forms of OFX 2.2, section 3.2. */
import { Temporal } from "temporal-polyfill";
import { element } from "../xml-text.ts";

/** In units of UTF-16, so that a reader may count those or characters. A longer text ends in "…". */
export const MAX_LENGTH = { NAME: 32, MEMO: 255, REFNUM: 32, ORG: 32 } as const;

const GMT = "[0:GMT]";
const HOUR_MS = 3_600_000;

/** `2026-01-31T22:59:59.999Z` as `20260131225959.999[0:GMT]`. */
export function instant(epochMs: number): string {
  return `${digits(epochMs)}${GMT}`;
}

/**
 * An instant in the statement's own zone, `20260131235959.999[+1]`: much software takes the first
 * eight digits for the day. Readers do not agree on offsets with minutes: of a zone with such, it is the same
 * instant at the full hour below or above, whichever leaves it on its day there.
 */
export function localInstant(epochMs: number, timeZone: string): string {
  const at = Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(timeZone);
  const offset = at.offsetNanoseconds / 1_000_000 / HOUR_MS;
  const day = at.toPlainDate().toString().replaceAll("-", "");
  const below = atOffset(epochMs, Math.floor(offset));
  return below.startsWith(day) ? below : atOffset(epochMs, Math.ceil(offset));
}

function atOffset(epochMs: number, hours: number): string {
  if (hours === 0) return instant(epochMs);
  return `${digits(epochMs + hours * HOUR_MS)}[${hours > 0 ? "+" : ""}${hours}]`;
}

function digits(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/[-:TZ]/g, "");
}

/** Behind the digits of a day. */
export const TIME_OF_DAY = `105900.000${GMT}`;

/**
 * A calendar date, for which OFX has no form of its own: at 10:59 GMT it is the same day from UTC-10
 * to UTC+13, whether software converts it to its own zone or takes the digits as they are. It is the
 * time of day that GnuCash uses for this.
 */
export function day(date: string): string {
  return `${date.replaceAll("-", "")}${TIME_OF_DAY}`;
}

/** A line end of any kind, those of Unicode as well, or a tab. */
const LINE_END = /\r\n|[\t\n\r\u0085\u2028\u2029]/g;
const HAS_LINE_END = /[\t\n\r\u0085\u2028\u2029]/;

/** A text on one line, as software shows it: a line end or a tab becomes a space. */
export function oneLine(text: string | null): string {
  if (text === null) return "";
  return (HAS_LINE_END.test(text) ? text.replace(LINE_END, " ") : text).trim();
}

/** The element with a text of one line; without a text no element, as none may be empty. */
export function textElements(name: keyof typeof MAX_LENGTH, text: string): readonly string[] {
  if (text === "") return [];
  const max = MAX_LENGTH[name];
  return [element(name, text.length <= max ? text : `${beginning(text, max - 1)}…`)];
}

/** Without half a surrogate pair at its end. */
function beginning(text: string, length: number): string {
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
}

/**
 * `NAME` and `MEMO`. A name that is too long for the one stands whole in front of the other: few
 * readers know `EXTDNAME`, and libofx calls it an error. `account` stands at the memo's end.
 */
export function nameAndMemo(name: string, description: string, account: string): readonly string[] {
  const isWhole = name.length <= MAX_LENGTH.NAME || name === description;
  const memo = [isWhole ? "" : name, description, account].filter((part) => part !== "").join(" ");
  return [...textElements("NAME", name), ...textElements("MEMO", memo)];
}
