/** Requests of the Kubernetes client, which by itself waits for an answer without end, whoever interrupts. */
import {
  Observable,
  type ConfigurationOptions,
  type RequestContext,
  type ResponseContext,
} from "@kubernetes/client-node";

/** Somebody waits in front of it. */
const TIMEOUT_MS = 10_000;

const passed = <T>(value: T): Observable<T> => new Observable(Promise.resolve(value));

/** Options of a call: it rejects when the signal aborts, and without an answer within ten seconds. */
export function inTime(signal: AbortSignal): ConfigurationOptions {
  const middleware = {
    pre(context: RequestContext) {
      context.setSignal(AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]));
      return passed(context);
    },
    post: (response: ResponseContext) => passed(response),
  };
  return { middleware: [middleware], middlewareMergeStrategy: "append" };
}
