/**
 * JSON Schemas of the event types' data, from the one source in domain/events.ts. Run as
 * `node infra/schemas.ts` it writes them to eventing/schemas/; a test holds the files to it.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { format, resolveConfig } from "prettier";
import { z } from "zod";
import {
  dataSchemaUri,
  EVENT_DATA,
  EVENT_NAMES,
  eventType,
  type EventName,
} from "../functions/domain/events.ts";

export const SCHEMA_FOLDER = new URL("../eventing/schemas/", import.meta.url);

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

/** The file's text, in the project's own format. */
export async function eventDataSchemaText(name: EventName): Promise<string> {
  const options = await resolveConfig(SCHEMA_FOLDER);
  return await format(JSON.stringify(eventDataSchema(name)), { ...options, parser: "json" });
}

async function writeSchemas(): Promise<void> {
  await mkdir(SCHEMA_FOLDER, { recursive: true });
  for (const name of EVENT_NAMES) {
    await writeFile(new URL(schemaFileName(name), SCHEMA_FOLDER), await eventDataSchemaText(name));
  }
}

if (import.meta.main) await writeSchemas();
