/** One line, and one sample, for each request that was answered. */
import type { IncomingMessage } from "node:http";
import { monotonic } from "../clock/clock.ts";
import type { Log } from "../telemetry/log.ts";
import { isHealthPath } from "./health.ts";
import type { HttpAnswer } from "./answers/http-answer.ts";
import { pathOf } from "./answers/http-exchange.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import type { ServerRoutes } from "./server-routes.ts";

export interface AnsweredRequest {
  readonly request: IncomingMessage;
  readonly answered: HttpAnswer;
  readonly log: Log;
  /** Of the monotonic clock. */
  readonly startedAt: number;
}

export function makeAccessLog(
  routes: ServerRoutes,
  metrics: ServerMetrics | undefined,
): (answered: AnsweredRequest) => void {
  return ({ request, answered: { status }, log, startedAt }) => {
    const ms = monotonic() - startedAt;
    const path = pathOf(request);
    if (isHealthPath(path)) {
      log.trace({ path, status }, "probe answered");
      return;
    }
    // What else somebody asked for does not belong into a log.
    const known = routes.knownPath(request);
    metrics?.requestAnswered(known, status, ms / 1000);
    log.info({ path: known, status, ms: Math.round(ms) }, "request answered");
  };
}
