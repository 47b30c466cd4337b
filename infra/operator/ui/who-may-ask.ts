/**
 * Whom the page answers: a browser on this machine, from the page itself. The server listens on 127.0.0.1
 * alone, and that is not enough. Any web site can send its visitors' browsers there, by a name of its own too
 * (DNS rebinding); and whoever has an account on this machine reaches its ports: for those the address has a
 * part that nobody can guess.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { namesThisMachine } from "../../../functions/platform/http/local-requests.ts";

export interface Refused {
  readonly status: 403 | 404 | 421;
  /** For a person. */
  readonly words: string;
}

export interface Asking {
  readonly method: string;
  readonly pathname: string;
  readonly headers: IncomingHttpHeaders;
}

const KEY_BYTES = 24;

/** The beginning of an address that nobody can guess. */
export function guardedBase(): string {
  return `/${randomBytes(KEY_BYTES).toString("base64url")}/`;
}

/**
 * The path within the page, which begins with a slash, or why there is no answer.
 *
 * @param base of the page's address: `/`, or with the part that nobody can guess `/…/`
 */
export function pathWithin(base: string, { method, pathname, headers }: Asking): string | Refused {
  const { host = "", origin, "sec-fetch-site": site } = headers;
  if (!namesThisMachine(headers)) {
    const words = "This page answers to names of this machine only: 127.0.0.1 or localhost.";
    return { status: 421, words };
  }
  if (!isSame(pathname.slice(0, base.length), base)) {
    return {
      status: 404,
      words: "There is nothing here: open the whole address that was printed.",
    };
  }
  const path = pathname.slice(base.length - 1);
  const isOwn = site === undefined || site === "same-origin";
  if (method === "GET" || method === "HEAD") {
    // By a link or by hand a browser comes to the page; all else it asks for is asked by the page.
    if (path === "/" || isOwn || site === "none") return path;
    return { status: 403, words: "Only the page itself may ask for this." };
  }
  if (isOwn && origin === `http://${host}`) return path;
  return { status: 403, words: "Only the page itself may ask for this; others post to intake." };
}

/** In a time that says nothing of where two texts begin to differ. */
function isSame(text: string, other: string): boolean {
  const [a, b] = [Buffer.from(text), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
