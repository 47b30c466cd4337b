/**
 * One very large statement as a Kubernetes Job: JobSink mounts the event, the handler is the same.
 * Its K_EVENT_PATH is a folder, whose file `event` is the event; a file is taken as it is.
 *
 * Exit codes, as the Job's pod failure policy reads them: 0 done, taken over by the ledger, or not
 * claimed during an outage, so that the scanner offers it later; 42 the request has failed for good, 1 try again.
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { repeatsWishedFor } from "../domain/events/statement-event.ts";
import { parseMessage, type ReceivedEvent } from "../platform/cloudevents/cloudevent-parse.ts";
import { receivedSpan } from "../platform/server/event-spans.ts";
import type { FunctionContext } from "../platform/function-process.ts";
import { RequestAborted } from "../platform/http/request-aborted.ts";
import { serveRequest, type BuilderDependencies } from "./handler.ts";

const EVENT_FILE = "event";

const EXIT_DONE = 0;
const EXIT_RETRY = 1;
const EXIT_PERMANENT = 42;

export async function runJob(
  eventPath: string,
  deps: BuilderDependencies,
  { log, stopping }: FunctionContext,
): Promise<number> {
  const event = await readEvent(eventPath);
  const subject = event?.subject;
  if (!event || subject === undefined) {
    log.error("the file of K_EVENT_PATH holds no CloudEvent with a subject");
    return EXIT_PERMANENT;
  }
  const abort = new AbortController();
  stopping.addEventListener("abort", () => abort.abort(new RequestAborted("shutting_down")));
  try {
    const outcome = await deps.tracer.span(receivedSpan(event), async ({ logFields }) => {
      const context = { signal: abort.signal, log: log.child(logFields) };
      const wish = repeatsWishedFor(event.data);
      return await serveRequest({ name: subject, wish }, context, deps);
    });
    return outcome === "failed" ? EXIT_PERMANENT : EXIT_DONE;
  } catch (err) {
    log.error({ err }, "the ledger does not answer");
    return EXIT_RETRY;
  }
}

async function readEvent(path: string): Promise<ReceivedEvent | undefined> {
  const headers = { "content-type": "application/cloudevents+json" };
  const file = (await stat(path)).isDirectory() ? join(path, EVENT_FILE) : path;
  const message = parseMessage(headers, await readFile(file));
  if (message.kind !== "single" || message.event.kind !== "event") return undefined;
  return message.event;
}
