/** What the receiver that a request names is asked (HTTP 1.1 Web Hooks for Event Delivery, CloudEvents 1.0.2). */
import { ref, RETRY_AFTER } from "./openapi-parts.ts";

const NAME = { type: "string", minLength: 1 };

const ORIGIN = {
  name: "WebHook-Request-Origin",
  in: "header",
  required: true,
  schema: NAME,
  description: "By which the installation is known.",
};

/** By the address. */
export const CALLBACK = {
  "{$request.body#/data/callback_url}": {
    options: {
      summary: "Whether outcomes are wanted here.",
      parameters: [ORIGIN],
      responses: {
        "200": {
          description: "They are; without the header they are not.",
          headers: {
            "WebHook-Allowed-Origin": {
              required: true,
              description: "That name, or `*`.",
              schema: NAME,
            },
            "WebHook-Allowed-Rate": { description: "Events a minute, or `*`.", schema: NAME },
          },
        },
      },
    },
    post: {
      summary: "How the request has ended, at least once, under one id.",
      parameters: [ORIGIN],
      requestBody: {
        required: true,
        content: { "application/cloudevents+json": { schema: ref("OutcomeEvent") } },
      },
      responses: {
        "2XX": { description: "It has arrived." },
        "4XX": { description: "Final, but for 408, 425 and 429." },
        "429": { description: "It comes again, not before that.", headers: RETRY_AFTER },
        "5XX": { description: "It comes again." },
      },
    },
  },
};
