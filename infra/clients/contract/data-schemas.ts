/** JSON Schemas of the event types' data, from the one source in functions/domain/events/event-data.ts. */
import * as z from "zod";
import { EVENT_DATA } from "../../../functions/domain/events/event-data.ts";
import {
  dataSchemaUri,
  eventType,
  type EventName,
} from "../../../functions/domain/events/event-types.ts";

/** The last part of the schema's `$id`, so that a folder of them can be served as it is. */
export function schemaFileName(name: EventName): string {
  return `statement.${name}.v1.json`;
}

/**
 * JSON Schema 2020-12 of the data of one event type. What JSON Schema cannot say (that a date or a
 * zone exists, the order of two dates) only intake checks. `requested` is closed, because intake
 * refuses what it does not know; what we send is open, because a later release may add a field.
 */
export function eventDataSchema(name: EventName): Record<string, unknown> {
  const { $schema, additionalProperties, ...schema } = z.toJSONSchema(EVENT_DATA[name]);
  const closed = name === "requested" ? { additionalProperties } : {};
  return { $schema, $id: dataSchemaUri(name), title: eventType(name), ...schema, ...closed };
}

/** The same in draft 7, the one form of JSON Schema that every tool for AsyncAPI reads. */
export function draft7DataSchema(name: EventName): Record<string, unknown> {
  const {
    $schema: _,
    additionalProperties,
    ...schema
  } = z.toJSONSchema(EVENT_DATA[name], {
    target: "draft-7",
  });
  return { ...schema, ...(name === "requested" ? { additionalProperties } : {}) };
}
