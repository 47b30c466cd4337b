/** The OpenAPI 3.1 document of status-api, which may be installed beside the functions. */
import * as z from "zod";
import { CUSTOMER_ID } from "../../../functions/domain/record-name.ts";
import {
  DEFAULT_LIMIT,
  MAX_LIMIT,
  requestList,
  statementLink,
} from "../../../functions/status-api/answers.ts";
import {
  ABSENT,
  found,
  IF_NONE_MATCH,
  NAME,
  problem,
  ref,
  REFUSED,
  RETRY_AFTER,
  schemaOf,
  SHARED_SCHEMAS,
  token,
} from "./openapi-parts.ts";

export function statusApiDocument(): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "status-api",
      version: "1.0.0",
      description:
        "See the requests that your own sources have asked for, cancel one, and get a short-lived link to a statement. Where the component status-api is installed.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [
      {
        url: "http://status-api.statements.svc.cluster.local",
        description: "From within the cluster.",
      },
    ],
    security: [{ token: [] }],
    paths: {
      "/requests": { get: LIST },
      "/requests/{name}": { get: READ },
      "/requests/{name}/cancel": { put: CANCEL },
      "/requests/{name}/link": { post: LINK },
    },
    components: {
      securitySchemes: token(
        "Of a subject that ALLOWED_SOURCES names; its audience is status-api.",
      ),
      schemas: {
        ...SHARED_SCHEMAS,
        RequestList: listSchema(),
        Link: schemaOf(z.toJSONSchema(statementLink)),
      },
    },
  };
}

/** With each request as the other answers have it. */
function listSchema(): object {
  const { properties, ...schema } = schemaOf(z.toJSONSchema(requestList)) as {
    readonly properties: { readonly requests: object };
  };
  const requests = { ...properties.requests, items: ref("RequestStatus") };
  return { ...schema, properties: { ...properties, requests } };
}

const LIST = {
  operationId: "listRequests",
  summary: "A customer's requests, the newest first.",
  parameters: [
    {
      name: "customer",
      in: "query",
      required: true,
      schema: { type: "string", pattern: CUSTOMER_ID.source },
      description: "`customer_id` of the requests.",
    },
    {
      name: "limit",
      in: "query",
      required: false,
      schema: { type: "integer", minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
      description: "Requests on a page.",
    },
    {
      name: "cursor",
      in: "query",
      required: false,
      schema: { type: "string" },
      description: "`next` of the page before, as it is.",
    },
    IF_NONE_MATCH,
  ],
  responses: {
    ...found(
      "Of your sources alone; a page follows the one before it whatever comes meanwhile.",
      "RequestList",
    ),
    "400": problem("A parameter is missing, or is not in its form."),
    ...REFUSED,
  },
};

const READ = {
  operationId: "readRequest",
  summary: "See how a request stands.",
  parameters: [NAME, IF_NONE_MATCH],
  responses: {
    ...found("How it stands.", "RequestStatus"),
    "404": ABSENT,
    ...REFUSED,
  },
};

const NO_STORE = { "Cache-Control": { description: "`no-store`.", schema: { type: "string" } } };

const CANCEL = {
  operationId: "cancelRequest",
  summary: "Wish for the end of a request; asked for twice it is the same wish.",
  description:
    "A builder that is at work stops within seconds; otherwise the next tick ends it. While an upload may still arrive, the end waits for that. A statement that was published before stays.",
  parameters: [NAME],
  responses: {
    "202": {
      description: "It is wished for; `cancel_requested_at` says since when.",
      headers: { ...NO_STORE, ...RETRY_AFTER },
      content: { "application/json": { schema: ref("RequestStatus") } },
    },
    "200": {
      description: "It has ended already, and nothing changes.",
      content: { "application/json": { schema: ref("RequestStatus") } },
    },
    "404": ABSENT,
    ...REFUSED,
  },
};

const LINK = {
  operationId: "linkStatement",
  summary: "Get an address of the statement, made at this moment.",
  parameters: [NAME],
  responses: {
    "200": {
      description: "The address, and when it really ends.",
      headers: NO_STORE,
      content: { "application/json": { schema: ref("Link") } },
    },
    "404": ABSENT,
    "409": problem("The request has no statement, or none yet."),
    "410": problem("The statement has been deleted from the bucket."),
    ...REFUSED,
  },
};
