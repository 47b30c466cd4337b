import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { dataSchemaUri, EVENT_NAMES } from "../../functions/domain/events/event-types.ts";
import { outcomeEvent } from "../../functions/domain/events/statement-event.ts";
import { eventDataSchema } from "../../infra/clients/contract/data-schemas.ts";

describe("eventing/schemas", () => {
  test.each(EVENT_NAMES)("the $id of %s is the dataschema its events carry", (name) => {
    const uri = `https://transactions-collector.io/schemas/statement.${name}.v1.json`;
    expect(eventDataSchema(name)["$id"]).toBe(uri);
    expect(dataSchemaUri(name)).toBe(uri);
  });
});

describe("a consumer's validator", () => {
  const ajv = new Ajv2020({ strict: true });
  // The package is CommonJS; its default export is a member in ESM.
  addFormats.default(ajv);
  const request = { customer_id: "C-1", start_date: "2026-01-01", end_date: "2026-01-31" };
  const requested = ajv.compile(eventDataSchema("requested"));

  test("accepts a request", () => {
    expect(requested(request)).toBe(true);
    expect(requested({ ...request, time_zone: "Europe/Berlin" })).toBe(true);
  });

  test.each([
    ["a missing date", { customer_id: "C-1", start_date: "2026-01-01" }],
    ["a date that does not exist", { ...request, end_date: "2026-02-30" }],
    ["a customer id that is no label value", { ...request, customer_id: "C 1" }],
    ["a field nobody knows", { ...request, startdate: "2026-01-01" }],
  ])("refuses %s", (_, data) => {
    expect(requested(data)).toBe(false);
  });

  test("accepts an outcome as it is sent, and with a field of a later release", () => {
    const event = outcomeEvent({
      facts: {
        name: "transaction-request-c-1-1767225600000",
        customerId: "C-1",
        startDate: "2026-01-01",
        endDate: "2026-01-31",
        timeZone: "UTC",
        options: {},
        event: {
          source: "/bank",
          id: "1",
          type: "io.transactions-collector.statement.requested.v1",
          time: 0,
        },
        recordedAt: 0,
      },
      attempt: 1,
      failures: 0,
      lane: "service",
      announced: false,
      status: "executed",
      object: { bucket: "statements", key: "C-1-1767225600-1769817600-1769904000000.zip" },
      rows: 12,
      bytes: 3456,
      sha256: "0".repeat(64),
      asOf: 1_769_904_000_000,
      executedAt: 1_769_904_001_000,
    });
    const executed = ajv.compile(eventDataSchema("executed"));
    expect(executed(event.data)).toBe(true);
    expect(executed({ ...event.data, added_later: true })).toBe(true);
    expect(executed({ ...event.data, rows: -1 })).toBe(false);
    // Of a union of outcomes each is known by it.
    expect(executed({ ...event.data, status: "failed" })).toBe(false);
  });
});
