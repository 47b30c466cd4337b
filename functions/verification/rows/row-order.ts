/** Whether the rows of a table are in order and of the period. Which of two days decides, the manifest behind them says. */
import type { Manifest } from "../../domain/manifest.ts";
import { WrongStatement } from "../wrong-statement.ts";

export class RowOrder {
  readonly #path: string;
  readonly #posted = new Span();
  readonly #booked = new Span();

  /** @param path of the table, for a message */
  constructor(path: string) {
    this.#path = path;
  }

  /** Lines are numbered from 1; both times as the canonical table has them. */
  add(bookedOn: string, postedAt: string, line: number): void {
    this.#posted.add(postedAt, postedAt, line);
    this.#booked.add(bookedOn, `${bookedOn} ${postedAt}`, line);
  }

  /** @throws WrongStatement */
  check({ period }: Manifest): void {
    const { basis, start_date, end_date, from, to } = period;
    const span = basis === "booking_date" ? this.#booked : this.#posted;
    if (span.unordered > 0) {
      throw new WrongStatement(`${this.#path}: line ${span.unordered} is out of order`);
    }
    const isOfPeriod =
      basis === "booking_date"
        ? span.first >= start_date && span.last <= end_date
        : span.first >= micros(from) && span.last < micros(to);
    if (!span.isEmpty && !isOfPeriod) throw new WrongStatement("a row lies outside of the period");
  }
}

/** From where to where rows reach. */
class Span {
  isEmpty = true;
  first = "";
  last = "";
  /** The first line that is not in order. */
  unordered = 0;
  #latest = "";

  /** @param key rows in order have keys that do not fall */
  add(at: string, key: string, line: number): void {
    if (key < this.#latest) this.unordered ||= line;
    this.#latest = key;
    if (this.isEmpty) this.first = at;
    this.isEmpty = false;
    this.last = at;
  }
}

/** RFC 3339 with six decimals, as the tables have it, so that texts compare as instants do. */
function micros(millis: string): string {
  return millis.replace("Z", "000Z");
}
