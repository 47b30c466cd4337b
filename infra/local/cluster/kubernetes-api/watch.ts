/** https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes */
import type { ServerResponse } from "node:http";
import { ApiError, invalidOption, statusOf } from "./api-error.ts";
import type { KubeObject } from "./kube-object.ts";
import { requireNotInFuture, resourceVersionOf, selectorOf, wholeNumber } from "./list.ts";
import type { Target } from "./operations.ts";
import type { Selector } from "./selectors.ts";
import { withRevision, type Change, type Store } from "./store.ts";

const DEFAULT_SECONDS = 30 * 60;
/** A watcher that falls this far behind is cut off, and lists again. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

type EventType = "ADDED" | "MODIFIED" | "DELETED";

/**
 * Writes one event a line until the time is up or the client goes. `present` gives an object the
 * form the client asked for.
 *
 * @throws ApiError before the first event
 */
export function watch(
  store: Store,
  target: Target,
  query: URLSearchParams,
  response: ServerResponse,
  present: (object: KubeObject) => unknown,
): void {
  if (query.has("sendInitialEvents")) throw noInitialEvents();
  const { kind } = target.resource;
  const selects = selectorOf(target, query);
  const seconds = wholeNumber(query.get("timeoutSeconds")) ?? DEFAULT_SECONDS;
  const since = resourceVersionOf(query) ?? 0;
  const writeLine = (type: string, object: unknown): void => {
    response.write(`${JSON.stringify({ type, object })}\n`);
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
  };
  const report = (change: Change): void => {
    const event = eventOf(change, kind, selects);
    if (event) writeLine(event.type, present(event.object));
  };

  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  // Nothing may change for longer than a connection may be idle.
  response.socket?.setTimeout(0);
  try {
    if (since === 0) {
      for (const object of store.ofKind(kind).filter(selects)) writeLine("ADDED", present(object));
    } else {
      for (const change of missedChanges(store, since)) report(change);
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    writeLine("ERROR", statusOf(error));
    response.end();
    return;
  }
  const unsubscribe = store.subscribe(report);
  const timer = setTimeout(() => response.end(), seconds * 1000);
  response.once("close", () => {
    clearTimeout(timer);
    unsubscribe();
  });
}

function missedChanges(store: Store, since: number): readonly Change[] {
  requireNotInFuture(store.revision(), since);
  const changes = store.changesAfter(since);
  if (changes) return changes;
  throw new ApiError("Expired", `too old resource version: ${since} (${store.revision()})`);
}

interface WatchEvent {
  readonly type: EventType;
  readonly object: KubeObject;
}

/** An object that no longer matches the selector is, to this watcher, deleted. */
function eventOf(change: Change, kind: string, selects: Selector): WatchEvent | undefined {
  const { before, after, revision } = change;
  const wasSeen = before?.kind === kind && selects(before);
  const isSeen = after?.kind === kind && selects(after);
  if (isSeen) return { type: wasSeen ? "MODIFIED" : "ADDED", object: after };
  if (wasSeen) return { type: "DELETED", object: withRevision(before, revision) };
  return undefined;
}

/** Clients that ask for a streamed list fall back to list and watch on this answer. */
function noInitialEvents(): ApiError {
  const message = "Forbidden: sendInitialEvents is forbidden for watch: not supported here";
  const field = "sendInitialEvents";
  return invalidOption("ListOptions", { reason: "FieldValueForbidden", message, field });
}
