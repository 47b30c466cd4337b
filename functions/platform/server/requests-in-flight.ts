/** Every request that is being handled, so that a drain can wait for them, and end them. */
import type { ServerResponse } from "node:http";
import { openEventRequest, type EventRequest } from "./event-request.ts";
import { startTimer, stopTimer } from "../clock/clock.ts";

export interface RequestsInFlight {
  /** Disposing of it takes it out again. */
  open(response: ServerResponse, deadlineMs: number): EventRequest;
  abortAll(): void;
  /** Resolves when none is left, or after `ms`. */
  none(ms?: number): Promise<void>;
}

export function makeRequestsInFlight(): RequestsInFlight {
  const requests = new Set<EventRequest>();
  const waiting = new Set<() => void>();
  return {
    open(response, deadlineMs) {
      const opened = openEventRequest(response, deadlineMs);
      const request: EventRequest = {
        ...opened,
        [Symbol.dispose]() {
          opened[Symbol.dispose]();
          requests.delete(request);
          if (requests.size === 0) for (const resolve of waiting) resolve();
        },
      };
      requests.add(request);
      return request;
    },
    abortAll() {
      for (const request of requests) request.abort("shutting_down");
    },
    async none(ms) {
      if (requests.size === 0) return;
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const finish = (): void => resolve(undefined);
      const timer = ms === undefined ? undefined : startTimer(finish, ms);
      waiting.add(finish);
      await promise;
      waiting.delete(finish);
      stopTimer(timer);
    },
  };
}
