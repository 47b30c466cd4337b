/**
 * Intake takes an event for EVENT_WINDOW_DAYS, the scanner deletes its record after RETENTION_DAYS.
 * Both are told both, as neither sees what the other is told: with records that go first, a late
 * repeat of an event would become a second statement.
 */
import * as z from "zod";
import { RETENTION_DAYS } from "./config.ts";
import { integer } from "./variables.ts";

export const eventWindow = z.object({
  /**
   * How old an event may be. Less than RETENTION_DAYS, by a day and so by more than the hour that its time
   * may be ahead: an index that may still get its record is never old enough to be deleted.
   */
  EVENT_WINDOW_DAYS: integer({ min: 1, max: 3_650, default: 29 }),
  RETENTION_DAYS,
});

export type EventWindow = z.output<typeof eventWindow>;

/** False where one of them is no number: that has a problem of its own. */
export function outlivesRecords({ EVENT_WINDOW_DAYS, RETENTION_DAYS }: EventWindow): boolean {
  return EVENT_WINDOW_DAYS >= RETENTION_DAYS;
}

/** The schema, refusing a window of events that outlives their records. */
export function withEventWindow<S extends z.ZodType<EventWindow>>(schema: S): S {
  return schema.refine((config) => !outlivesRecords(config), {
    path: ["EVENT_WINDOW_DAYS"],
    message: "is not less than RETENTION_DAYS",
    when: () => true,
  });
}
