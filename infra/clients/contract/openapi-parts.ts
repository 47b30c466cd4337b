/** What the OpenAPI documents have in common. */
import * as z from "zod";
import { problemDetails } from "../../../functions/platform/server/answers/problem-details.ts";
import { requestStatus } from "../../../functions/platform/requests/request-status.ts";

/** What is sent may get further fields with a later release, but for what intake itself is closed to. */
export function schemaOf({
  $schema: _,
  $id,
  additionalProperties,
  ...schema
}: Record<string, unknown>) {
  return $id === undefined ? schema : { ...schema, additionalProperties };
}

export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

export const SHARED_SCHEMAS = {
  RequestStatus: schemaOf(z.toJSONSchema(requestStatus)),
  Problem: schemaOf(z.toJSONSchema(problemDetails)),
};

export const token = (description: string) => ({
  token: { type: "http", scheme: "bearer", bearerFormat: "JWT", description },
});

export const RETRY_AFTER = {
  "Retry-After": { description: "Seconds.", schema: { type: "integer", minimum: 1 } },
};
export const problem = (description: string, headers?: object) => ({
  description,
  ...(headers && { headers }),
  content: { "application/problem+json": { schema: ref("Problem") } },
});

export const REFUSED = {
  "401": problem("No good token."),
  "403": problem("Not for this sender."),
  "429": problem("Too much at once: ask again.", RETRY_AFTER),
  "431": problem("Address and headers are too large."),
  "503": problem("Something is away: ask again."),
  "504": problem("It took too long: ask again."),
};

export const NAME = {
  name: "name",
  in: "path",
  required: true,
  schema: { type: "string", minLength: 1, maxLength: 253 },
  description: "`request_id`, `ce-subject`.",
};

export const IF_NONE_MATCH = {
  name: "If-None-Match",
  in: "header",
  required: false,
  schema: { type: "string" },
  description: "An ETag.",
};

export const ABSENT = problem("There is no such request, or it is not yours.");

/** Of what is read: as it is, or that it is as it was. */
export function found(description: string, schema: string) {
  const etag = { description: "Of the answer as it is.", schema: { type: "string" } };
  const cache = { description: "`private, no-cache`.", schema: { type: "string" } };
  return {
    "200": {
      description,
      headers: { ETag: etag, "Cache-Control": cache, ...RETRY_AFTER },
      content: { "application/json": { schema: ref(schema) } },
    },
    "304": { description: "As it was.", headers: { ETag: etag } },
  };
}
