/**
 * The ledger: one ConfigMap per request. It is the queue and the truth; events only wake.
 *
 * Every change is a compare-and-swap on `resourceVersion`, so of two writers one always learns
 * that it lost. Nothing here decides what may follow what: see `domain/statement-request.ts`.
 */
import type {
  PendingRequest,
  RequestStatus,
  StatementRequest,
} from "../../domain/statement-request.ts";
import {
  COMPONENTS,
  fromConfigMap,
  LABELS,
  MANAGER,
  movedConfigMap,
  toConfigMap,
  type ConfigMap,
} from "./configmap-record.ts";
import { fromWish, toWish, wishName } from "./cancel-wish.ts";
import type { CancelWish, StoredWish, WishesPage } from "./cancel-wish.ts";
import { fromIndex, indexName, toIndex, type IndexedEvent, type IndexPage } from "./event-index.ts";
import { UnreadableRecord } from "./record-codec.ts";
import {
  connectKubernetes,
  type ApiCall,
  type ApiRefusal,
  type ApiResult,
  type KubernetesApi,
  type KubernetesApiOptions,
} from "./kubernetes-api.ts";
import { watchKubernetes, type WatchEvent } from "./kubernetes-watch.ts";
import { LedgerUnavailable } from "./ledger-unavailable.ts";
import {
  fromRejected,
  rejectedNames,
  type KeptRejected,
  type RejectedEvent,
  type StoredRejectedEvent,
} from "./rejected-event.ts";
import { ofComponent, readAll, refOf, type RecordRef, type Selector } from "./stored-configmap.ts";
import {
  fromNote,
  toNote,
  type NotesPage,
  type UndeliveredOutcome,
} from "./undelivered-outcome.ts";

export interface Stored<R extends StatementRequest = StatementRequest> extends RecordRef {
  readonly request: R;
  /** As it is stored, with what other versions and tools have added: kept through every write. */
  readonly configMap: ConfigMap;
}

export interface LedgerPage {
  readonly records: readonly Stored[];
  /** Names of ConfigMaps that carry our labels and cannot be read as a request. */
  readonly unreadable: readonly string[];
  /** Of the whole list: a watch from the first page's version misses nothing. */
  readonly version: string;
}

export type LedgerChange =
  | { readonly kind: "changed"; readonly request: StatementRequest }
  /** It is at rest now, or was deleted. */
  | { readonly kind: "gone"; readonly name: string }
  | { readonly kind: "unreadable"; readonly name: string };

export interface ListFilter {
  readonly status?: readonly RequestStatus[];
  readonly customerId?: string;
  /** Of one record, for whoever may list and not get. */
  readonly name?: string;
  /** Only requests that have ended and whose outcome was told (true), or all others (false). */
  readonly atRest?: boolean;
  /**
   * May be answered from the API server's memory, a moment behind. Every other list reads all
   * records of the namespace from etcd, whatever its selector, on a server that cannot read
   * consistently from its memory (Kubernetes before 1.31, etcd before 3.4.31 or 3.5.13).
   */
  readonly mayBeStale?: boolean;
}

export interface Ledger {
  create(request: PendingRequest): Promise<"created" | "exists">;
  read(name: string, signal?: AbortSignal): Promise<Stored | undefined>;
  /** A record that is gone counts as a conflict. */
  replace<R extends StatementRequest>(
    stored: Stored,
    next: R,
    signal?: AbortSignal,
  ): Promise<Stored<R> | "conflict">;
  list(filter: ListFilter, signal?: AbortSignal): AsyncIterable<LedgerPage>;
  /**
   * What changes among the requests that are not at rest, from a list's version on. Resolves when
   * the server ends it: list again then.
   *
   * @throws LedgerUnavailable; the signal's reason when it aborts
   */
  watch(
    version: string,
    onChange: (change: LedgerChange) => void,
    signal: AbortSignal,
  ): Promise<void>;
  remove(ref: RecordRef): Promise<"removed" | "conflict">;
  /** `exists` when an event of its source and id has an index already. */
  index(event: IndexedEvent, signal?: AbortSignal): Promise<"created" | "exists">;
  readIndex(
    event: Pick<IndexedEvent["event"], "source" | "id">,
    signal?: AbortSignal,
  ): Promise<IndexedEvent | undefined>;
  listIndexes(signal?: AbortSignal): AsyncIterable<IndexPage>;
  keepRejected(event: RejectedEvent, signal?: AbortSignal): Promise<KeptRejected>;
  listRejected(
    filter?: Pick<ListFilter, "mayBeStale">,
    signal?: AbortSignal,
  ): AsyncIterable<readonly StoredRejectedEvent[]>;
  noteUndelivered(outcome: UndeliveredOutcome, signal?: AbortSignal): Promise<"created" | "exists">;
  listUndelivered(signal?: AbortSignal): AsyncIterable<NotesPage>;
  /** `exists` when somebody has asked for the end of this record before. */
  wish(wish: CancelWish, signal?: AbortSignal): Promise<"created" | "exists">;
  readWish(record: string, signal?: AbortSignal): Promise<StoredWish | undefined>;
  /** From the server's memory, a moment behind. */
  listWishes(
    filter?: Pick<ListFilter, "customerId">,
    signal?: AbortSignal,
  ): AsyncIterable<WishesPage>;
  /** @throws LedgerUnavailable when the API server does not answer. */
  ready(signal: AbortSignal): Promise<void>;
}

export interface LedgerOptions extends KubernetesApiOptions {
  readonly namespace: string;
  /**
   * Of a page, milliseconds; that of one try of all calls unless given. An API server may read all records for it.
   */
  readonly listTimeoutMs?: number;
}

const PAGE_SIZE = 500;
/** Of which names of ConfigMaps are made. */
const NAME = /^[a-z0-9][a-z0-9.-]*$/;

/** What a ledger asks of the Kubernetes API. */
export interface LedgerApi extends Pick<KubernetesApi, "call"> {
  /** @see watchKubernetes */
  readonly watch: (
    what: Pick<ApiCall, "path" | "query">,
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ) => Promise<void>;
}

/** For a ledger, and for what else a process asks of the same API: connections are one pool. */
export function connectLedger(options: KubernetesApiOptions): LedgerApi {
  const { call, access } = connectKubernetes(options);
  return {
    call,
    watch: async (what, onEvent, signal) =>
      await watchKubernetes(await access(), what, onEvent, signal),
  };
}

export function makeConfigMapLedger(options: LedgerOptions, api = connectLedger(options)): Ledger {
  const { call } = api;
  const collection = ["api", "v1", "namespaces", options.namespace, "configmaps"];

  const get = (name: string, signal?: AbortSignal): Promise<ApiResult<ConfigMap>> =>
    call({ method: "GET", path: [...collection, name] }, signal);

  /** @param absent statuses that say that there is none */
  async function find(
    name: string,
    signal: AbortSignal | undefined,
    absent: readonly number[] = [404],
  ): Promise<ConfigMap | undefined> {
    const result = await get(name, signal);
    if ("value" in result) return result.value;
    if (absent.includes(result.refusal.status)) return undefined;
    throw refused("read", result.refusal);
  }

  async function create(body: ConfigMap, signal?: AbortSignal): Promise<"created" | "exists"> {
    const result = await call({ method: "POST", path: collection, body }, signal);
    if ("value" in result) return "created";
    if (result.refusal.status === 409) return "exists";
    // A full quota refuses before it is seen that the name is taken.
    if (result.refusal.status === 403 && "value" in (await get(body.metadata?.name ?? "")))
      return "exists";
    throw refused("create", result.refusal);
  }

  async function* pages(selector: Selector, mayBeStale: boolean, signal?: AbortSignal) {
    // From its memory the server answers in one piece, which may be more than we hold.
    let from: Readonly<Record<string, string>> | undefined = mayBeStale
      ? { resourceVersion: "0" }
      : {};
    let limit = PAGE_SIZE;
    while (from) {
      const query = { ...selector, limit: String(limit), ...from };
      const { listTimeoutMs: timeoutMs } = options;
      const page: ApiCall = { method: "GET", path: collection, query, timeoutMs };
      const result: ApiResult<ConfigMapList> = await call(page, signal);
      if ("value" in result) {
        const { items, metadata } = result.value;
        yield { items, version: metadata?.resourceVersion ?? "" };
        from = continuation(metadata?.continue);
      } else if (result.refusal.reason !== "AnswerTooLarge") {
        from = continuation(continuationAfterExpiry(result.refusal));
      } else if ("resourceVersion" in from) {
        from = {};
      } else {
        limit = smallerPage(limit, result.refusal);
      }
    }
  }

  return {
    create: (request) => create(toConfigMap(request)),

    async read(name, signal) {
      // A name that Kubernetes does not allow (400, 422) is a record that cannot exist. One with a slash, even an
      // escaped one, or of dots alone, is asked for as something else, which no function may read.
      if (!NAME.test(name)) return undefined;
      const found = await find(name, signal, [400, 404, 422]);
      return found && isRequest(found) ? toStored(found) : undefined;
    },

    async replace(stored, next, signal) {
      const path = [...collection, stored.name];
      const body = replacement(stored, next);
      const result = await call<ConfigMap>({ method: "PUT", path, body }, signal);
      if ("value" in result)
        return { ...refOf(result.value), configMap: result.value, request: next };
      if (isConflict(result.refusal)) return "conflict";
      throw refused("replace", result.refusal);
    },

    async *list(filter, signal) {
      const { mayBeStale = false } = filter;
      for await (const { items, version } of pages(selectorOf(filter), mayBeStale, signal)) {
        const { read: records, unreadable } = readAll(items, toStored);
        yield { records, unreadable, version };
      }
    },

    async watch(version, onChange, signal) {
      const query = { watch: "true", ...selectorOf({ atRest: false }), resourceVersion: version };
      const report = (event: WatchEvent): void => onChange(toChange(event));
      await api.watch({ path: collection, query }, report, signal);
    },

    async remove({ name, uid, version: resourceVersion }) {
      const body = { preconditions: { uid, resourceVersion } };
      const result = await call({ method: "DELETE", path: [...collection, name], body });
      if ("value" in result) return "removed";
      if (isConflict(result.refusal)) return "conflict";
      throw refused("delete", result.refusal);
    },

    index: (event, signal) => create(toIndex(event), signal),

    async readIndex(event, signal) {
      const found = await find(indexName(event), signal);
      return found && fromIndex(found).event;
    },

    async *listIndexes(signal) {
      for await (const { items } of pages(ofComponent("index"), true, signal)) {
        const { read: indexes, unreadable } = readAll(items, fromIndex);
        yield { indexes, unreadable };
      }
    },

    async keepRejected({ hash, sharer, fields }, signal) {
      const labels = { [LABELS.managedBy]: MANAGER, [LABELS.component]: COMPONENTS.rejected };
      for (const name of rejectedNames(hash, sharer)) {
        const body = { metadata: { name, labels }, data: { ...fields, event_hash: hash } };
        if ((await create(body, signal)) === "created") return { outcome: "created", name };
        const result = await get(name, signal);
        const same = "value" in result && result.value.data?.["event_hash"] === hash;
        if (same) return { outcome: "exists", name };
      }
      return { outcome: "full" };
    },

    async *listRejected({ mayBeStale = false } = {}, signal) {
      for await (const { items } of pages(ofComponent("rejected"), mayBeStale, signal))
        yield items.map(fromRejected);
    },

    noteUndelivered: (outcome, signal) => create(toNote(outcome), signal),

    async *listUndelivered(signal) {
      // From the server's memory, whatever the ledger holds: a note that is seen late is asked for a tick later.
      for await (const { items } of pages(ofComponent("undelivered"), true, signal)) {
        const { read: notes, unreadable } = readAll(items, fromNote);
        yield { notes, unreadable };
      }
    },

    wish: (wish, signal) => create(toWish(wish), signal),

    async readWish(record, signal) {
      const found = await find(wishName(record), signal);
      // One that somebody has spoilt is no wish; the scanner says so.
      return found && readAll([found], fromWish).read[0];
    },

    async *listWishes({ customerId } = {}, signal) {
      for await (const { items } of pages(ofComponent("wish", customerId), true, signal)) {
        const { read: wishes, unreadable } = readAll(items, fromWish);
        yield { wishes, unreadable };
      }
    },

    async ready(signal) {
      // The verbs differ by function; a record that cannot exist may be refused but is an answer.
      await get("readiness", signal);
    },
  };
}

/** A list as the API answers it, where the client's own type renames a field. */
interface ConfigMapList {
  readonly items: readonly ConfigMap[];
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

/** Changed since it was read, or gone. */
function isConflict({ status }: ApiRefusal): boolean {
  return status === 409 || status === 404;
}

function continuation(token: string | undefined): { readonly continue: string } | undefined {
  return token ? { continue: token } : undefined;
}

function smallerPage(limit: number, refusal: ApiRefusal): number {
  if (limit === 1) throw refused("list", refusal);
  return Math.ceil(limit / 2);
}

/** `410 Expired` brings a token that goes on behind the last name seen, in a newer state. */
function continuationAfterExpiry(refusal: ApiRefusal): string {
  if (refusal.status === 410 && refusal.continue) return refusal.continue;
  throw refused("list", refusal);
}

/** 401 and 403 are set-up or quota, which time or an operator cures: ask again, never give up. */
function refused(verb: string, { status, reason }: ApiRefusal): LedgerUnavailable {
  return new LedgerUnavailable(`the Kubernetes API refused to ${verb}: HTTP ${status} ${reason}`);
}

function selectorOf({ status, customerId, name, atRest }: ListFilter): Selector {
  const labelSelector = [
    ofComponent("request", customerId).labelSelector,
    ...(status ? [`${LABELS.status} in (${status.join(",")})`] : []),
    // `!=` is also met by a record without the label, which has not ended yet.
    ...(atRest === undefined ? [] : [`${LABELS.announced}${atRest ? "=" : "!="}true`]),
  ].join(",");
  return { labelSelector, ...(name !== undefined && { fieldSelector: `metadata.name=${name}` }) };
}

/** An object that leaves the selector is reported as deleted. */
function toChange({ type, object }: WatchEvent): LedgerChange {
  // Such as 410: the version is too old to go on from.
  if (type === "ERROR") throw new LedgerUnavailable("the watch of the Kubernetes API has ended");
  const configMap = object as ConfigMap;
  const name = configMap.metadata?.name ?? "";
  if (type === "DELETED") return { kind: "gone", name };
  try {
    return { kind: "changed", request: fromConfigMap(configMap) };
  } catch (error) {
    if (!(error instanceof UnreadableRecord)) throw error;
    return { kind: "unreadable", name };
  }
}

function isRequest(configMap: ConfigMap): boolean {
  return configMap.metadata?.labels?.[LABELS.component] === COMPONENTS.request;
}

function toStored(configMap: ConfigMap): Stored {
  return { ...refOf(configMap), configMap, request: fromConfigMap(configMap) };
}

/**
 * As the API defines it, one empty entry ends the book-keeping of who set which field. Compare-and-swap
 * needs none of it, and it takes two fifths of a record in etcd and in every list.
 */
const NO_FIELD_OWNERS = [{}];

function replacement(stored: Stored, next: StatementRequest): ConfigMap {
  const { metadata, ...moved } = movedConfigMap(stored.configMap, next);
  const { name, uid, version: resourceVersion } = stored;
  const managedFields = NO_FIELD_OWNERS;
  return { ...moved, metadata: { ...metadata, name, uid, resourceVersion, managedFields } };
}
