/**
 * Lists, page by page. All pages show the state at the first one:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
import { randomUUID } from "node:crypto";
import { ApiError, invalidOption } from "./api-error.ts";
import type { KubeObject } from "./kube-object.ts";
import type { Target } from "./operations.ts";
import { fieldSelector, labelSelector, type Selector } from "./selectors.ts";
import type { Store } from "./store.ts";

export interface ObjectList {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string | undefined;
    readonly remainingItemCount?: number | undefined;
  };
  readonly items: readonly KubeObject[];
}

interface Snapshot {
  readonly id: string;
  readonly takenAt: number;
  readonly revision: number;
  readonly objects: readonly KubeObject[];
}

/** Where the next page begins; without a snapshot it is taken from the present state. */
interface Token {
  readonly snapshot?: string | undefined;
  /** `<namespace>/<name>` of the last object before. */
  readonly after: string;
}

/** As long as etcd keeps old revisions for the API server. */
const SNAPSHOT_MS = 5 * 60_000;
const MAX_SNAPSHOTS = 100;

export type Lister = ReturnType<typeof makeLister>;

export function makeLister(store: Store) {
  const snapshots = new Map<string, Snapshot>();

  function present(kind: string): Snapshot {
    return {
      id: randomUUID(),
      takenAt: Date.now(),
      revision: store.revision(),
      objects: store.ofKind(kind),
    };
  }

  function keep(snapshot: Snapshot): void {
    snapshots.set(snapshot.id, snapshot);
    for (const { id, takenAt } of snapshots.values()) {
      if (snapshots.size > MAX_SNAPSHOTS || takenAt < Date.now() - SNAPSHOT_MS)
        snapshots.delete(id);
    }
  }

  function snapshotOf(token: Token, kind: string): Snapshot {
    if (token.snapshot === undefined) return present(kind);
    const snapshot = snapshots.get(token.snapshot);
    if (snapshot && snapshot.takenAt >= Date.now() - SNAPSHOT_MS) return snapshot;
    const message =
      "The provided continue parameter is too old to display a consistent list result.";
    throw new ApiError("Expired", message, undefined, writeToken({ after: token.after }));
  }

  return function list(target: Target, query: URLSearchParams): ObjectList {
    const { kind } = target.resource;
    const limit = wholeNumber(query.get("limit")) ?? 0;
    const selects = selectorOf(target, query);
    const token = readToken(query);
    if (token === undefined) requireRevision(store.revision(), query);
    const snapshot = token ? snapshotOf(token, kind) : present(kind);
    const after = token?.after ?? "";
    const matching = snapshot.objects.filter((object) => keyOf(object) > after && selects(object));
    const items = limit > 0 ? matching.slice(0, limit) : matching;
    const last = items.at(-1);
    const remaining = matching.length - items.length;
    const resourceVersion = String(snapshot.revision);
    if (remaining === 0 || !last) return { metadata: { resourceVersion }, items };
    keep(snapshot);
    return {
      metadata: {
        resourceVersion,
        continue: writeToken({ snapshot: snapshot.id, after: keyOf(last) }),
        remainingItemCount: hasSelector(query) ? undefined : remaining,
      },
      items,
    };
  };
}

/** Which objects of the kind a list or a watch is about. */
export function selectorOf({ namespace }: Target, query: URLSearchParams): Selector {
  const byLabel = labelSelector(query.get("labelSelector") ?? "");
  const byField = fieldSelector(query.get("fieldSelector") ?? "");
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    byLabel(object) &&
    byField(object);
}

/** The present state is never older than what is asked for, unless that lies in the future. */
function requireRevision(current: number, query: URLSearchParams): void {
  const asked = resourceVersionOf(query);
  const match = query.get("resourceVersionMatch") ?? "";
  if (match !== "" && asked === undefined) {
    const message =
      "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided";
    const field = "resourceVersionMatch";
    throw invalidOption("ListOptions", { reason: "FieldValueForbidden", message, field });
  }
  if (asked !== undefined) requireNotInFuture(current, asked);
  if (match === "Exact" && asked !== current) {
    throw new ApiError("Expired", "The resourceVersion for the provided list is too old.");
  }
}

/** @throws ApiError Timeout: the API server waits a while for the revision and then gives up */
export function requireNotInFuture(current: number, asked: number): void {
  if (asked <= current) return;
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`;
  const cause = {
    reason: "ResourceVersionTooLarge",
    message: "Too large resource version",
  } as const;
  throw new ApiError("Timeout", message, { causes: [cause], retryAfterSeconds: 1 });
}

/** `undefined` when the query names none. */
export function resourceVersionOf(query: URLSearchParams): number | undefined {
  const text = query.get("resourceVersion") ?? "";
  if (text === "") return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new ApiError("BadRequest", `invalid resource version: resourceVersion: "${text}"`);
}

export function wholeNumber(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new ApiError("BadRequest", `parsing "${text}": invalid syntax`);
}

function hasSelector(query: URLSearchParams): boolean {
  return (query.get("labelSelector") ?? "") !== "" || (query.get("fieldSelector") ?? "") !== "";
}

function keyOf({ metadata: { namespace = "", name } }: KubeObject): string {
  return `${namespace}/${name}`;
}

function writeToken(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString("base64url");
}

function readToken(query: URLSearchParams): Token | undefined {
  const text = query.get("continue") ?? "";
  if (text === "") return undefined;
  if ((query.get("resourceVersion") ?? "0") !== "0") {
    const message = "specifying resource version is not allowed when using continue";
    throw new ApiError("BadRequest", message);
  }
  const token = parseToken(text);
  if (typeof token?.after === "string") return token as Token;
  throw new ApiError("BadRequest", "invalid continue token: continue key is not valid");
}

function parseToken(text: string): Partial<Token> | null {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString()) as Partial<Token> | null;
  } catch {
    return null;
  }
}
