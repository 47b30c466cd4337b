/** What can be read of a function: `GET` of a path, or of a name below it. */
import { createHash } from "node:crypto";
import type { Problem } from "../cloudevents/cloudevent-attributes.ts";
import type { EventContext } from "./event-handler.ts";
import { toHttp, type HttpAnswer } from "./http-answer.ts";
import type { PathSenders } from "./senders.ts";

export interface ReadRoute extends PathSenders {
  readonly handle: (read: Read, context: EventContext) => Promise<ReadAnswer>;
}

export interface Read {
  /** What stands below the route's path; undefined for the path itself. */
  readonly name: string | undefined;
  readonly query: URLSearchParams;
}

export type ReadAnswer =
  | {
      readonly kind: "found";
      readonly body: object;
      /** Until it makes sense to look again; undefined where nothing more will change. */
      readonly againInMs?: number | undefined;
    }
  | { readonly kind: "absent" }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

/** Nobody's cache may keep it, but a client's own may, and asks each time whether it still holds. */
const CACHE = "private, no-cache";

/** @param ifNoneMatch the header of that name */
export function readToHttp(answer: ReadAnswer, ifNoneMatch: string | undefined): HttpAnswer {
  if (answer.kind === "invalid") return toHttp(answer);
  if (answer.kind === "absent") return toHttp({ kind: "unknown-request" });
  const body = JSON.stringify(answer.body);
  const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`;
  const again = answer.againInMs === undefined ? undefined : Math.ceil(answer.againInMs / 1000);
  const headers = {
    etag,
    "cache-control": CACHE,
    ...(again !== undefined && { "retry-after": String(again) }),
  };
  const known = ifNoneMatch?.split(",").map((one) => one.trim().replace(/^W\//, ""));
  if (known?.includes(etag)) return { status: 304, headers, body: "" };
  return { status: 200, headers: { ...headers, "content-type": "application/json" }, body };
}
