/**
 * Who may talk to the page: a browser on this machine, from the page itself. The server listens on
 * 127.0.0.1 alone, and that is not enough: any web site can send its visitors' browsers there.
 */
import type { IncomingHttpHeaders } from "node:http";
import { namesThisMachine } from "../../../../functions/platform/http/this-machine.ts";

export interface Refused {
  readonly status: 403 | 421;
  /** For a person. */
  readonly text: string;
}

/** `undefined` when it may be answered. */
export function refusalOf(
  method: string | undefined,
  headers: IncomingHttpHeaders,
): Refused | undefined {
  const { host = "", origin, "sec-fetch-site": site } = headers;
  if (!namesThisMachine(headers)) {
    const text = "This page answers to localhost only: open it as http://localhost, with its port.";
    return { status: 421, text };
  }
  const isOwn = origin === `http://${host}` && (site === undefined || site === "same-origin");
  if (method === "GET" || method === "HEAD" || isOwn) return undefined;
  return { status: 403, text: "Only the page itself may ask for this; others post to intake." };
}
