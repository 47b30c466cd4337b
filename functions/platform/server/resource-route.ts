/** What a function has besides taking events: a path, and names below it, that are read or acted on. */
import { createHash } from "node:crypto";
import type { Problem } from "../cloudevents/cloudevent-attributes.ts";
import type { EventContext } from "./event-handler.ts";
import { toHttp, type HttpAnswer } from "./answers/http-answer.ts";
import type { PathSenders } from "./senders.ts";

export interface ResourceRoute extends PathSenders {
  /** What may be asked of a name; `GET` where nothing else is said. */
  readonly methodOf?: (name: string | undefined) => Method;
  readonly handle: (asked: Asked, context: EventContext) => Promise<ResourceAnswer>;
}

/** `GET` also answers `HEAD`; a body is not read, whatever the method. */
export type Method = "GET" | "POST" | "PUT";

export interface Asked {
  /** What stands below the route's path; undefined for the path itself. */
  readonly name: string | undefined;
  readonly query: URLSearchParams;
}

export type ResourceAnswer =
  | {
      readonly kind: "found";
      readonly body: object;
      /** Until it makes sense to look again; undefined where nothing more will change. */
      readonly againInMs?: number | undefined;
    }
  /** 202: it is wished for, and will be done. */
  | { readonly kind: "wished"; readonly body: object; readonly againInMs?: number | undefined }
  /** 200: made for this answer alone. */
  | { readonly kind: "made"; readonly body: object }
  | { readonly kind: "absent" }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] }
  /** 409: not in the state that it is in. */
  | { readonly kind: "conflict"; readonly code: string }
  /** 410: it was there, and will not be again. */
  | { readonly kind: "gone"; readonly code: string }
  | { readonly kind: "unavailable"; readonly code: string };

/** Nobody's cache may keep it, but a client's own may, and asks each time whether it still holds. */
const CACHE = "private, no-cache";
const NO_CACHE = "no-store";

/** @param ifNoneMatch the header of that name */
export function resourceToHttp(
  answer: ResourceAnswer,
  ifNoneMatch: string | undefined,
): HttpAnswer {
  switch (answer.kind) {
    case "found":
      return found(answer, ifNoneMatch);
    case "wished":
      return json(202, JSON.stringify(answer.body), {
        "cache-control": NO_CACHE,
        ...retryAfter(answer),
      });
    case "made":
      return json(200, JSON.stringify(answer.body), { "cache-control": NO_CACHE });
    case "absent":
      return toHttp({ kind: "unknown-request" });
    case "invalid":
    case "conflict":
    case "gone":
    case "unavailable":
      return toHttp(answer);
  }
}

function found(
  answer: Extract<ResourceAnswer, { kind: "found" }>,
  ifNoneMatch: string | undefined,
): HttpAnswer {
  const body = JSON.stringify(answer.body);
  const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`;
  const headers = { etag, "cache-control": CACHE, ...retryAfter(answer) };
  const known = ifNoneMatch?.split(",").map((one) => one.trim().replace(/^W\//, ""));
  // An asterisk asks for nothing that is there already (RFC 9110, section 13.1.2).
  if (known?.some((one) => one === etag || one === "*")) return { status: 304, headers, body: "" };
  return json(200, body, headers);
}

function json(status: number, body: string, headers: Readonly<Record<string, string>>): HttpAnswer {
  const type = { "content-type": "application/json" };
  return { status, headers: { ...headers, ...type }, body };
}

function retryAfter({
  againInMs,
}: {
  readonly againInMs?: number | undefined;
}): Readonly<Record<string, string>> {
  return againInMs === undefined ? {} : { "retry-after": String(Math.ceil(againInMs / 1000)) };
}
