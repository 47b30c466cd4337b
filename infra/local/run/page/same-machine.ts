/**
 * Who may talk to the page: a browser on this machine, from the page itself. The server listens on
 * 127.0.0.1 alone, and that is not enough: any web site can send its visitors' browsers there.
 */
import type { IncomingHttpHeaders } from "node:http";

/** Other names may belong to anybody, and lead here as well (DNS rebinding). */
const NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

export interface Refused {
  readonly status: 403 | 421;
  /** For a person. */
  readonly text: string;
}

/** `undefined` when it may be answered. */
export function refusalOf(
  method: string | undefined,
  { host = "", origin, "sec-fetch-site": site }: IncomingHttpHeaders,
): Refused | undefined {
  const name = host.replace(/:\d+$/, "");
  if (!NAMES.has(name.toLowerCase())) {
    const text = "This page answers to localhost only: open it as http://localhost, with its port.";
    return { status: 421, text };
  }
  const isOwn = origin === `http://${host}` && (site === undefined || site === "same-origin");
  if (method === "GET" || method === "HEAD" || isOwn) return undefined;
  return { status: 403, text: "Only the page itself may ask for this; others post to intake." };
}
