/**
 * The handshake of HTTP 1.1 Web Hooks for Event Delivery (CloudEvents 1.0.2, section 4): before it
 * sends events, a sender asks by OPTIONS whether they are wanted. They are, from whoever may send
 * here otherwise: the handshake says nothing about identity, which is the token's matter.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { HttpAnswer } from "./answers/http-answer.ts";

/** A DNS name, as the specification wants it. */
const ORIGIN = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/** undefined for an OPTIONS request that is no handshake. */
export function answerHandshake(headers: IncomingHttpHeaders): HttpAnswer | undefined {
  const origin = headers["webhook-request-origin"];
  if (typeof origin !== "string" || !ORIGIN.test(origin)) return undefined;
  return {
    status: 200,
    headers: {
      allow: "POST",
      "webhook-allowed-origin": origin,
      // Requests a minute without a limit: who is too fast is told so by a 429.
      "webhook-allowed-rate": "*",
    },
    body: "",
  };
}
