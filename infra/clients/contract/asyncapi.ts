/**
 * The AsyncAPI 3 document: every event, who sends it to whom, its headers and data in CloudEvents'
 * binary mode. Structured and batched events have the same attributes and data in other places.
 */
import {
  dataSchemaUri,
  EVENT_NAMES,
  EVENTS,
  eventType,
  type EventName,
} from "../../../functions/domain/events/event-types.ts";
import { draft7DataSchema } from "./data-schemas.ts";
import { exampleMessage } from "./example-events.ts";

const SENT = EVENT_NAMES.filter((name) => name !== "requested");

export async function asyncApiDocument(): Promise<object> {
  const messages = EVENT_NAMES.map(async (name) => [name, await message(name)] as const);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Transactions Collector",
      version: "1.0.0",
      description: INTRODUCTION,
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    defaultContentType: "application/json",
    servers: SERVERS,
    channels: CHANNELS,
    operations: { request: REQUEST, ...Object.fromEntries(SENT.map(sendOperation)) },
    components: {
      messages: Object.fromEntries(await Promise.all(messages)),
      schemas: Object.fromEntries(EVENT_NAMES.map((name) => [name, draft7DataSchema(name)])),
    },
  };
}

const INTRODUCTION = [
  "Bank statements on request. An upstream service posts `requested` to request-intake and is",
  "answered with `recorded`; `executed`, `failed` or `cancelled` follow through the Broker.",
  "Events are CloudEvents 1.0 over HTTP; binary mode is shown, structured and batched mode are",
  "taken too. Where the installation asks for OIDC tokens, `Authorization: Bearer` has one.",
].join("\n");

const SERVERS = {
  intake: {
    host: "request-intake.statements.svc.cluster.local",
    protocol: "http",
    description: "request-intake's own address, from within the cluster.",
  },
  broker: {
    host: "broker-ingress.knative-eventing.svc.cluster.local",
    protocol: "http",
    description: "The Broker `statements`; receive by a Trigger on `type`.",
  },
};

const CHANNELS = {
  requests: {
    address: "/",
    servers: [{ $ref: "#/servers/intake" }],
    messages: { requested: component("requested") },
  },
  answers: {
    address: null,
    description: "The HTTP response to a single event that was recorded.",
    servers: [{ $ref: "#/servers/intake" }],
    messages: { recorded: component("recorded") },
  },
  statements: {
    address: "/statements/statements",
    servers: [{ $ref: "#/servers/broker" }],
    messages: Object.fromEntries(SENT.map((name) => [name, component(name)])),
  },
};

const HTTP_POST = { http: { method: "POST", bindingVersion: "0.3.0" } };

const REQUEST = {
  action: "receive",
  channel: { $ref: "#/channels/requests" },
  summary: "Ask for a statement; repeat source and id when you retry.",
  messages: [{ $ref: "#/channels/requests/messages/requested" }],
  bindings: HTTP_POST,
  reply: {
    channel: { $ref: "#/channels/answers" },
    messages: [{ $ref: "#/channels/answers/messages/recorded" }],
  },
};

function sendOperation(name: EventName): readonly [string, object] {
  const { says, senders } = EVENTS[name];
  const operation = {
    action: "send",
    channel: { $ref: "#/channels/statements" },
    summary: says,
    description: `Sent by ${senders.join(" and ")}.`,
    messages: [{ $ref: `#/channels/statements/messages/${name}` }],
    bindings: HTTP_POST,
  };
  return [name, operation];
}

async function message(name: EventName): Promise<object> {
  return {
    name: eventType(name),
    title: name,
    summary: EVENTS[name].says,
    contentType: "application/json",
    headers: headersSchema(name),
    payload: { $ref: `#/components/schemas/${name}` },
    examples: [await exampleMessage(name)],
  };
}

function component(name: EventName): object {
  return { $ref: `#/components/messages/${name}` };
}

function headersSchema(name: EventName): object {
  const isOurs = name !== "requested";
  const sources = EVENTS[name].senders.map((sender) => `/transactions-collector/${sender}`);
  const text = { type: "string" };
  return {
    type: "object",
    required: [
      "ce-specversion",
      "ce-id",
      "ce-source",
      "ce-type",
      "ce-time",
      ...(isOurs ? ["ce-subject", "ce-dataschema", "ce-partitionkey"] : []),
    ],
    properties: {
      "ce-specversion": { type: "string", const: "1.0" },
      "ce-id": { ...text, description: isOurs ? "Its repetition has the same." : REPEATED },
      "ce-source": isOurs
        ? { ...text, enum: sources }
        : { ...text, format: "uri-reference", description: REPEATED },
      "ce-type": { ...text, const: eventType(name) },
      "ce-time": { ...text, format: "date-time" },
      ...(isOurs && {
        "ce-subject": { ...text, description: "Name of the record of the request." },
        "ce-dataschema": { ...text, const: dataSchemaUri(name) },
        "ce-partitionkey": { ...text, description: "The customer's id." },
      }),
      "ce-traceparent": { ...text, description: "W3C trace context." },
    },
  };
}

const REPEATED = "Repeated with the event: source and id make two events the same.";
