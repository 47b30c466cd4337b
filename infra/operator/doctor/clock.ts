/** Whether another machine's clock agrees with this one. */
import { ok, unknown, wrong, type Finding } from "./finding.ts";

/** Between the clocks; more than half of CLOCK_SKEW_SECONDS's default. */
const WORRYING_SKEW_MS = 15_000;

interface Clock {
  /** `the cluster` */
  readonly whose: string;
  /** Milliseconds that it is cut to: as much distance says nothing. */
  readonly wholeMs: number;
}

/**
 * @param date by that clock, between these two of ours; milliseconds since the epoch, NaN where it told none
 * @param next what to do where they are apart
 */
export function judgeClock(
  date: number,
  { sentAt, receivedAt }: { readonly sentAt: number; readonly receivedAt: number },
  { whose, wholeMs }: Clock,
  next: string,
): Finding {
  if (Number.isNaN(date))
    return unknown(`${whose} does not tell its time`, "compare the clocks by hand");
  const ahead = Math.max(0, date - receivedAt);
  const behind = Math.max(0, sentAt - (date + wholeMs));
  const apart = Math.max(ahead, behind);
  if (apart <= WORRYING_SKEW_MS) return ok(`this clock and ${whose}'s agree`);
  const seconds = Math.round(apart / 1000);
  return wrong(
    `${whose}'s clock is ${seconds} s ${ahead > 0 ? "ahead of" : "behind"} this one`,
    next,
  );
}
