/** What is read of a request's head, and how an answer is written. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpAnswer } from "./http-answer.ts";
import { letGo } from "../http/let-go.ts";
import { uuid } from "../clock/clock.ts";

export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1).join("");
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
