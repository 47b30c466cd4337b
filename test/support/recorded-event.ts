/** An event as a function sends it: request-intake's own, of a record of noon on 15 January 2026. */
import { recordedEvent } from "../../functions/domain/events.ts";
import { recordRequest } from "../../functions/domain/statement-request.ts";

const NOON = Date.UTC(2026, 0, 15, 12);

export const RECORDED_EVENT = recordedEvent(
  recordRequest({
    name: `transaction-request-c-${NOON}`,
    customerId: "c",
    startDate: "2025-12-01",
    endDate: "2025-12-31",
    timeZone: "UTC",
    options: {},
    event: { source: "/bank", id: "1", type: "t", time: NOON },
    recordedAt: NOON,
  }),
);
