/** Where the months of a statement end, for a subtotal of each where there are several. */
import { Temporal } from "temporal-polyfill";
import type { StatementPeriod } from "../../../domain/statement-period.ts";
import type { StatementRow } from "../statement-format.ts";

export interface Month {
  /** Any date of it, `YYYY-MM-DD`. */
  readonly date: string;
  /** Whether a row comes after it, by what the period counts by. */
  endsBefore(row: StatementRow): boolean;
}

/** In their order; none for a period within one month. The last has no end. */
export function monthsOf({ startDate, endDate, timeZone, basis }: StatementPeriod): Month[] {
  const first = Temporal.PlainDate.from(startDate).with({ day: 1 });
  const last = Temporal.PlainDate.from(endDate).with({ day: 1 });
  if (first.equals(last)) return [];
  const months: Month[] = [];
  for (let month = first; Temporal.PlainDate.compare(month, last) <= 0;) {
    const next = month.add({ months: 1 });
    const end = basis === "booking_date" ? next.toString() : instantOf(next, timeZone);
    const endsBefore =
      basis === "booking_date"
        ? (row: StatementRow) => row.bookingDate >= end
        : (row: StatementRow) => row.postedAt >= end;
    months.push({ date: month.toString(), endsBefore });
    month = next;
  }
  return months;
}

/** In the form of `posted_at`, which sorts as text. */
function instantOf(date: Temporal.PlainDate, timeZone: string): string {
  return date.toZonedDateTime({ timeZone }).toInstant().toString({ fractionalSecondDigits: 6 });
}
