/** What status-api answers, where that is more than how one request stands. */
import * as z from "zod";
import { requestStatus } from "../platform/requests/request-status.ts";

/** Requests on a page, at most and where nothing is said. */
export const MAX_LIMIT = 100;
export const DEFAULT_LIMIT = 20;

export const requestList = z.object({
  requests: z.array(requestStatus).meta({ description: "The newest first." }),
  next: z
    .string()
    .optional()
    .meta({ description: "`cursor` of the next page; absent on the last one." }),
});

export const statementLink = z.object({
  url: z.string().meta({
    description:
      "Whoever has it has the file: give it to the customer alone, and keep it out of logs.",
    format: "uri",
  }),
  expires_at: z.string().meta({
    description: "When it really ends. RFC 3339 in UTC.",
    format: "date-time",
  }),
});
