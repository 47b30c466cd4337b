/** What is read of a request's head, and how an answer is written. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpAnswer } from "./http-answer.ts";
import { letGo } from "../../http/let-go.ts";
import { uuid } from "../../clock/clock.ts";

export function pathOf(request: IncomingMessage): string {
  return targetOf(request).split("?", 1).join("");
}

export function queryOf(request: IncomingMessage): URLSearchParams {
  const [, search = ""] = targetOf(request).split(/\?(.*)/s);
  return new URLSearchParams(search);
}

/** As a request to an origin has it: a server takes that to a proxy too (RFC 9112, section 3.2.2). */
function targetOf({ url = "/" }: IncomingMessage): string {
  const [, absolute] = /^https?:[/][/][^/?]*(.*)$/is.exec(url) ?? [];
  return absolute === undefined ? url : absolute.replace(/^(?![/])/, "/");
}

/** Names of the headers that came more than once, which Node would join or drop. */
export function headersTwice(request: IncomingMessage): readonly string[] {
  return Object.entries(request.headersDistinct).flatMap(([name, values = []]) =>
    values.length > 1 ? [name] : [],
  );
}

/** The sender's own, so that both sides' logs can be put together, or a new one. */
export function requestId(request: IncomingMessage): string {
  const sent = request.headers["x-request-id"];
  return typeof sent === "string" && /^[\w.-]{1,64}$/.test(sent) ? sent : uuid();
}

/** `lastOne` tells the client to come back on another connection. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  { answered, lastOne }: { readonly answered: HttpAnswer; readonly lastOne: boolean },
): void {
  if (lastOne) response.setHeader("connection", "close");
  response.writeHead(answered.status, {
    ...answered.headers,
    ...([204, 304].includes(answered.status)
      ? {}
      : { "content-length": Buffer.byteLength(answered.body) }),
  });
  response.end(answered.body);
  letGo(request, response);
}
