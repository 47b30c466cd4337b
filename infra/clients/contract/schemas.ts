/**
 * Writes what others read of the events and of manifest.json, from their one source in
 * functions/domain/: run as `node infra/clients/contract/schemas.ts`. A test holds the files to it.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { format, resolveConfig } from "prettier";
import { stringify } from "yaml";
import { EVENT_NAMES, type EventName } from "../../../functions/domain/events/event-types.ts";
import { asyncApiDocument } from "./asyncapi.ts";
import { eventDataSchema, schemaFileName } from "./data-schemas.ts";
import { eventTypeObject } from "./event-types.ts";
import { openApiDocument } from "./openapi.ts";
import { problemsPage } from "./problems.ts";
import { statusApiDocument } from "./status-api.ts";
import { manifestSchema, manifestSchemaFile, PUBLISHED_SCHEMAS } from "./manifest-schema.ts";

export const REPOSITORY = new URL("../../../", import.meta.url);

/** Texts by their paths in the repository, in the project's own format. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const name of EVENT_NAMES) {
    files.set(`eventing/schemas/${schemaFileName(name)}`, await json(eventDataSchema(name)));
    files.set(eventTypeFile(name), await yaml(eventTypeObject(name)));
  }
  for (const id of PUBLISHED_SCHEMAS) {
    files.set(`eventing/schemas/${manifestSchemaFile(id)}`, await json(manifestSchema(id)));
  }
  const comment = "# Made by `node infra/clients/contract/schemas.ts`; never edited by hand.\n";
  files.set("eventing/asyncapi.yaml", comment + (await yaml(await asyncApiDocument())));
  files.set("eventing/openapi.yaml", comment + (await yaml(openApiDocument())));
  files.set("eventing/status-api.openapi.yaml", comment + (await yaml(statusApiDocument())));
  files.set("eventing/problems.md", await markdown(problemsPage()));
  return files;
}

/** Nobody sends `oversized` but an installation with Jobs. */
function eventTypeFile(name: EventName): string {
  return name === "oversized"
    ? "infra/kubernetes/components/jobs/event-type-oversized.yaml"
    : `eventing/event-types/${name}.yaml`;
}

async function json(value: object): Promise<string> {
  return await format(JSON.stringify(value), { ...(await style()), parser: "json" });
}

async function markdown(text: string): Promise<string> {
  return await format(text, { ...(await style()), parser: "markdown" });
}

async function yaml(value: object): Promise<string> {
  const text = stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
  return await format(text, { ...(await style()), parser: "yaml" });
}

async function style() {
  return await resolveConfig(new URL("eventing/schemas/x.json", REPOSITORY));
}

async function writeFiles(): Promise<void> {
  for (const [path, text] of await generatedFiles()) {
    const file = new URL(path, REPOSITORY);
    await mkdir(new URL(".", file), { recursive: true });
    await writeFile(file, text);
  }
}

if (import.meta.main) await writeFiles();
