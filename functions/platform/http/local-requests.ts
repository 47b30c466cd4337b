/**
 * Requests to a server that listens on this machine alone. That is not enough: any web site can send
 * its visitors' browsers there, and a name of anybody's can lead there (DNS rebinding).
 */
import type { IncomingHttpHeaders } from "node:http";
import { isThisMachine } from "../settings/this-machine.ts";

/** Whether the request names this machine, by a name that only it can have. */
export function namesThisMachine({ host = "" }: IncomingHttpHeaders): boolean {
  return isThisMachine(host.replace(/:\d+$/, ""));
}

/** Whether a server that listens on `host` may answer: on this machine alone, to its programs alone. */
export function mayAsk(host: string | undefined, headers: IncomingHttpHeaders): boolean {
  return host === undefined || !isThisMachine(host) || isOfProgramHere(headers);
}

/** Whether it comes from a program: browsers say where the page that made them ask is from. */
export function isOfProgramHere(headers: IncomingHttpHeaders): boolean {
  const { origin, "sec-fetch-site": site } = headers;
  return namesThisMachine(headers) && origin === undefined && site === undefined;
}
