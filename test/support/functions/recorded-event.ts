/** A request recorded at noon on 15 January 2026, and the event that request-intake sends of it. */
import { recordedEvent } from "../../../functions/domain/events/statement-event.ts";
import { recordRequest } from "../../../functions/domain/statement-request.ts";

export const NOON = Date.UTC(2026, 0, 15, 12);

export const RECORDED = recordRequest({
  name: `transaction-request-c-${NOON}`,
  customerId: "c",
  startDate: "2025-12-01",
  endDate: "2025-12-31",
  timeZone: "UTC",
  options: {},
  event: { source: "/bank", id: "1", type: "t", time: NOON },
  recordedAt: NOON,
});

export const RECORDED_EVENT = recordedEvent(RECORDED);
