/**
 * The OpenAPI 3.1 document of request-intake: how an event is posted, and how its request is read. The
 * bodies' schemas are those that the functions themselves are typed by.
 */
import * as z from "zod";
import { eventType } from "../../../functions/domain/events/event-types.ts";
import { batchAnswer } from "../../../functions/platform/server/answers/problem-details.ts";
import { eventDataSchema, schemaFileName } from "./data-schemas.ts";
import {
  ABSENT,
  found,
  IF_NONE_MATCH,
  NAME,
  problem,
  ref,
  REFUSED,
  schemaOf,
  SHARED_SCHEMAS,
  token,
} from "./openapi-parts.ts";
import { CALLBACK } from "./openapi-callback.ts";

export function openApiDocument(): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "request-intake",
      version: "1.0.0",
      description:
        "Ask for a bank's statement with a CloudEvent, and see how the request stands. The events that follow are in asyncapi.yaml.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [
      {
        url: "http://request-intake.statements.svc.cluster.local",
        description: "From within the cluster.",
      },
    ],
    security: [{}, { token: [] }],
    paths: {
      "/": { post: POST },
      "/requests": { get: read("By the event that asked for it.", [SOURCE, ID]) },
      "/requests/{name}": { get: read("By its name.", [NAME]) },
    },
    components: {
      securitySchemes: token("Where the installation names an issuer."),
      schemas: {
        Requested: schemaOf(eventDataSchema("requested")),
        Event: EVENT,
        Recorded: schemaOf(eventDataSchema("recorded")),
        Executed: schemaOf(eventDataSchema("executed")),
        Failed: schemaOf(eventDataSchema("failed")),
        Cancelled: schemaOf(eventDataSchema("cancelled")),
        OutcomeEvent: OUTCOME_EVENT,
        ...SHARED_SCHEMAS,
        Batch: schemaOf(z.toJSONSchema(batchAnswer)),
      },
    },
  };
}

const TEXT = { type: "string", minLength: 1, maxLength: 1_024 };

const EVENT = {
  type: "object",
  description: "A CloudEvent 1.0 in JSON.",
  required: ["specversion", "id", "source", "type", "data"],
  properties: {
    specversion: { const: "1.0" },
    id: { ...TEXT, description: "With source, what the event is known by: repeated with it." },
    source: { ...TEXT, format: "uri-reference" },
    type: { const: eventType("requested") },
    time: { type: "string", format: "date-time", description: "Without it a broker's is taken." },
    data: ref("Requested"),
  },
};

/** How a request has ended: told apart by `status`. */
const OUTCOMES = [ref("Executed"), ref("Failed"), ref("Cancelled")];

const OUTCOME_EVENT = {
  type: "object",
  description: "A CloudEvent 1.0 in JSON, of whose data `status` says which it is.",
  required: ["specversion", "id", "source", "type", "subject", "time", "data"],
  properties: {
    specversion: { const: "1.0" },
    id: { type: "string", description: "The same each time it comes." },
    source: { type: "string", format: "uri-reference" },
    type: { enum: [eventType("executed"), eventType("failed"), eventType("cancelled")] },
    subject: { type: "string", description: "The request's name." },
    time: { type: "string", format: "date-time" },
    data: { anyOf: OUTCOMES },
  },
};

const POST = {
  operationId: "request",
  summary: "Ask for a statement; repeat source and id when you retry.",
  description: `In binary mode the attributes are headers (\`ce-id\` …) and the data, as in [${schemaFileName("requested")}](schemas/${schemaFileName("requested")}), is the body.`,
  requestBody: {
    required: true,
    content: {
      "application/cloudevents+json": { schema: ref("Event") },
      "application/cloudevents-batch+json": {
        schema: { type: "array", items: ref("Event"), maxItems: 1_000 },
      },
      "application/json": { schema: ref("Requested") },
    },
  },
  callbacks: { outcome: CALLBACK },
  responses: {
    "200": {
      description:
        "Recorded: the event `recorded`, or, once the request has ended, its outcome, in binary mode.",
      headers: {
        Location: { description: "Where to read the request.", schema: { type: "string" } },
        "ce-subject": { description: "The request's name.", schema: { type: "string" } },
      },
      content: { "application/json": { schema: { anyOf: [ref("Recorded"), ...OUTCOMES] } } },
    },
    "202": {
      description: "A batch, every event of which is recorded.",
      content: { "application/json": { schema: ref("Batch") } },
    },
    "204": { description: "A batch of nothing." },
    "400": problem("No repeating makes it acceptable; good events of a batch are recorded."),
    "408": problem("The body did not come in time."),
    "413": problem("The body is too large."),
    "415": problem("The content type is neither an event's nor a batch's."),
    ...REFUSED,
  },
};

const SOURCE = {
  name: "source",
  in: "query",
  required: true,
  schema: TEXT,
  description: "Of the event.",
};
const ID = { name: "id", in: "query", required: true, schema: TEXT, description: "Of the event." };
function read(summary: string, parameters: readonly object[]): object {
  return {
    operationId: parameters.length === 1 ? "readRequest" : "findRequest",
    summary: `See how a request stands. ${summary}`,
    parameters: [...parameters, IF_NONE_MATCH],
    responses: {
      ...found(
        "Without tokens, or where every sender may use every source, `request_id` and `status` alone.",
        "RequestStatus",
      ),
      "400": problem("A parameter is missing."),
      "404": ABSENT,
      ...REFUSED,
    },
  };
}
