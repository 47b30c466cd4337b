/**
 * The part of the Kubernetes API that the ledger speaks: compare-and-swap on `resourceVersion`, a
 * quota, pages of lists that expire, lists from a memory that is behind, watches that end.
 */
import { isDeepStrictEqual } from "node:util";
import type { ConfigMap } from "../../functions/platform/ledger/configmap-record.ts";
import type { LedgerApi } from "../../functions/platform/ledger/configmap-ledger.ts";
import type {
  ApiCall,
  ApiRefusal,
  ApiResult,
} from "../../functions/platform/ledger/kubernetes-api.ts";
import type { WatchEvent } from "../../functions/platform/ledger/kubernetes-watch.ts";
import { LedgerUnavailable } from "../../functions/platform/ledger/ledger-unavailable.ts";
import type { CallPort } from "./calls.ts";
import { draw, keyOf } from "./chance.ts";
import type { Faults } from "./faults.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import { cancel, type VirtualTime } from "./virtual-time.ts";

export interface RecordChange {
  readonly version: number;
  readonly at: number;
  readonly name: string;
  readonly before: ConfigMap | undefined;
  readonly after: ConfigMap | undefined;
  /** Whose request it was, and when that was sent. */
  readonly by: string;
  readonly sentAt: number;
}

export interface ApiServer {
  readonly api: LedgerApi;
  readonly records: ReadonlyMap<string, ConfigMap>;
  /** In one step, by somebody who is no process of the product. */
  create(record: ConfigMap, by: string): void;
}

export interface ApiServerOptions {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly call: CallPort;
  readonly onChange: (change: RecordChange) => void;
  /** Whether the quota holds no more than is there when it begins to say so; nothing new is created then. */
  readonly isFull?: () => boolean;
}

/** Small, so that a list of a few records has pages. */
const PAGE_SIZE = 3;
const TIMEOUT_MS = 5_000;
const LATE_MS = 5_000;
/** What a list from the server's memory may lack. */
const BEHIND_MS = 2_000;

interface Watcher {
  readonly tell: (change: RecordChange) => void;
}

export function makeApiServer(options: ApiServerOptions): ApiServer {
  const { seed, time, faults, call, onChange, isFull = () => false } = options;
  const records = new Map<string, ConfigMap>();
  const changes: RecordChange[] = [];
  const watchers = new Set<Watcher>();
  let version = 0;
  let sorted: readonly ConfigMap[] | undefined;
  let asked = 0;
  let quota: number | undefined;

  function put(
    name: string,
    after: ConfigMap | undefined,
    who: Pick<RecordChange, "by" | "sentAt">,
  ): ConfigMap {
    version++;
    sorted = undefined;
    const before = records.get(name);
    const stored: ConfigMap | undefined = after && {
      ...after,
      metadata: {
        ...after.metadata,
        uid: before?.metadata?.uid ?? `uid-${version}`,
        resourceVersion: String(version),
      },
    };
    if (stored) records.set(name, stored);
    else records.delete(name);
    const change = { version, at: time.now, name, before, after: stored, ...who };
    changes.push(change);
    onChange(change);
    for (const { tell } of watchers) tell(change);
    return stored ?? {};
  }

  /** All records as they were at a version, by name. */
  function at(wanted: number): readonly ConfigMap[] {
    if (wanted === version) return (sorted ??= byName(records));
    const then = new Map(records);
    for (let index = changes.length - 1; index >= 0; index--) {
      const change = changes[index];
      if (!change || change.version <= wanted) break;
      if (change.before) then.set(change.name, change.before);
      else then.delete(change.name);
    }
    return byName(then);
  }

  function list(query: Readonly<Record<string, string>>, chance: number): ApiResult<unknown> {
    const byLabel = selector(query["labelSelector"] ?? "");
    const [, named] = /^metadata\.name=(.*)$/.exec(query["fieldSelector"] ?? "") ?? [];
    const matches = (item: ConfigMap): boolean =>
      byLabel(item) && (named === undefined || nameOf(item) === named);
    if (query["resourceVersion"] === "0") {
      const since =
        time.now - (faults.happens("memory behind", 100, asked) ? chance * BEHIND_MS : 0);
      const seen = changes.findLast((change) => change.at <= since)?.version ?? 0;
      const items = at(seen).filter(matches);
      return { value: { items, metadata: { resourceVersion: String(seen) } } };
    }
    const [from = "", behind = ""] = (query["continue"] ?? "").split(" ");
    if (from !== "" && faults.happens("page expired", 100, asked))
      return refusal(410, "Expired", `${version} ${behind}`);
    const seen = from === "" ? version : Number(from);
    const rest = at(seen).filter((item) => nameOf(item) > behind && matches(item));
    const items = rest.slice(0, Math.min(PAGE_SIZE, Number(query["limit"] ?? Infinity)));
    const last = items.at(-1);
    const more = rest.length > items.length && last ? `${seen} ${nameOf(last)}` : undefined;
    const metadata = { resourceVersion: String(seen), ...(more ? { continue: more } : {}) };
    return { value: { items, metadata } };
  }

  function answer(
    { method, path, query = {}, body }: ApiCall,
    who: Pick<RecordChange, "by" | "sentAt">,
    chance: number,
  ): ApiResult<unknown> {
    const sent = (body ?? {}) as ConfigMap & {
      readonly preconditions?: { readonly uid: string; readonly resourceVersion: string };
    };
    const name = path[5] ?? sent.metadata?.name;
    if (name === undefined) return list(query, chance);
    const stored = records.get(name);
    quota = isFull() ? (quota ?? records.size) : undefined;
    // Before it is seen that the name is taken.
    if (method === "POST" && records.size >= (quota ?? Infinity)) return refusal(403, "Forbidden");
    if (method === "POST")
      return stored ? refusal(409, "AlreadyExists") : { value: put(name, sent, who) };
    if (!stored) return refusal(404, "NotFound");
    if (method === "GET") return { value: stored };
    const expected = method === "PUT" ? sent.metadata : sent.preconditions;
    // What is not named is not compared.
    const { uid, resourceVersion } = stored.metadata ?? {};
    const isSame =
      [undefined, uid].includes(expected?.uid) &&
      [undefined, resourceVersion].includes(expected?.resourceVersion);
    if (!isSame) return refusal(409, "Conflict");
    if (method === "DELETE") return { value: put(name, undefined, who) };
    if (stored.immutable && !isDeepStrictEqual(stored.data, sent.data))
      return refusal(422, "Invalid");
    return { value: put(name, sent, who) };
  }

  return {
    records,
    create: (record, by) => void put(nameOf(record), record, { by, sentAt: time.now }),
    api: {
      async call<T>(request: ApiCall, signal?: AbortSignal): Promise<ApiResult<T>> {
        const process = SimulatedProcess.current();
        const who = { by: process?.name ?? "", sentAt: time.now };
        const chance = draw(seed, 20, asked++);
        const { method, path, query, body } = request;
        const name = path[5] ?? (body as ConfigMap | undefined)?.metadata?.name;
        const moved = (body as ConfigMap | undefined)?.data?.["object_key"];
        const key = method === "PUT" ? records.get(name ?? "")?.data?.["object_key"] : undefined;
        const result = await call<ApiResult<unknown>>({
          what: name === undefined ? `LIST ${query?.["labelSelector"] ?? ""}` : `${method} ${name}`,
          place: name,
          effect: () => answer(request, who, chance),
          isTooLate: () => method === "PUT" && isBehind(records.get(name ?? ""), body),
          refused: () => {
            if (method === "POST" && chance < 0.5) return refusal(403, "Forbidden");
            const status = chance < 0.75 ? "429 TooManyRequests" : "500 InternalError";
            throw new LedgerUnavailable(`the Kubernetes API does not answer: HTTP ${status}`);
          },
          unanswered: timedOut,
          aborted: asIs,
          signal,
          timeoutMs: TIMEOUT_MS,
          isRepeated: true,
          // A request aims at another key, which decides where its statement will be.
          isDecisive: key !== undefined && key !== moved,
          landsWithinMs: LATE_MS,
          tell,
        });
        return result as ApiResult<T>;
      },

      async watch({ query = {} }, onEvent, signal) {
        const process = SimulatedProcess.current();
        if (!process) throw new Error("a watch from outside the simulation");
        asked++;
        // What others ask for meanwhile has no part in how long it lasts.
        const number = keyOf(`${process.name} ${process.calls}`);
        await call({
          what: "WATCH",
          effect: () => undefined,
          refused: () => {
            throw new LedgerUnavailable("the Kubernetes API refused to watch: 500");
          },
          unanswered: () => new LedgerUnavailable("the watch of the Kubernetes API broke off"),
          aborted: (reason) => reason as Error,
          signal,
          timeoutMs: TIMEOUT_MS,
          isRepeated: false,
          landsWithinMs: LATE_MS,
        });
        const { promise, resolve, reject } = Promise.withResolvers<undefined>();
        const matches = selector(query["labelSelector"] ?? "");
        let last = time.now;
        const watcher: Watcher = {
          tell(change) {
            const event = eventOf(change, matches);
            if (!event) return;
            last = Math.max(last, time.now + 1 + draw(seed, 21, number, change.version) * 40);
            const arrive = (): void => {
              if (!watchers.has(watcher)) return;
              try {
                onEvent(event);
              } catch (error) {
                reject(error);
              }
            };
            process.deliver(last, arrive, { stream: watcher, what: event.type, says: event });
          },
        };
        const from = Number(query["resourceVersion"]);
        watchers.add(watcher);
        // Versions are counted from one.
        for (const change of changes.slice(from)) watcher.tell(change);
        const endsMs = 20_000 + draw(seed, 22, number) * 60_000;
        const breaks = faults.happens("watch breaks", 200, number);
        const end = process.deliver(time.now + (breaks ? endsMs / 10 : endsMs), () => {
          if (breaks) reject(new LedgerUnavailable("the watch of the Kubernetes API broke off"));
          else resolve(undefined);
        });
        if (faults.happens("version too old", 150, number))
          process.deliver(time.now + draw(seed, 23, number) * 3_000, () => {
            try {
              onEvent({ type: "ERROR", object: { code: 410, reason: "Expired" } });
            } catch (error) {
              reject(error);
            }
          });
        const onAbort = (): void => reject(signal.reason as Error);
        signal.addEventListener("abort", onAbort);
        const onDeath = (): void => void watchers.delete(watcher);
        process.onDeath.add(onDeath);
        try {
          await promise;
        } finally {
          watchers.delete(watcher);
          process.onDeath.delete(onDeath);
          cancel(end);
          signal.removeEventListener("abort", onAbort);
        }
      },
    },
  };
}

const timedOut = (): Error =>
  new LedgerUnavailable("the Kubernetes API does not answer: timed out");
const asIs = (reason: unknown): Error => reason as Error;

function eventOf(
  { before, after }: RecordChange,
  matches: (item: ConfigMap) => boolean,
): WatchEvent | undefined {
  if (after && matches(after)) {
    return { type: before && matches(before) ? "MODIFIED" : "ADDED", object: after };
  }
  return before && matches(before) ? { type: "DELETED", object: after ?? before } : undefined;
}

/** It names a version to be written over, and a later one is there. */
function isBehind(stored: ConfigMap | undefined, sent: unknown): boolean {
  const { resourceVersion } = (sent as ConfigMap).metadata ?? {};
  if (!stored || resourceVersion === undefined) return false;
  return stored.metadata?.resourceVersion !== resourceVersion;
}

function refusal(status: number, reason: string, more?: string): { refusal: ApiRefusal } {
  return { refusal: { status, reason, continue: more } };
}

function byName(records: ReadonlyMap<string, ConfigMap>): readonly ConfigMap[] {
  return [...records.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function nameOf({ metadata }: ConfigMap): string {
  return metadata?.name ?? "";
}

const selectors = new Map<string, (item: ConfigMap) => boolean>();

function selector(text: string): (item: ConfigMap) => boolean {
  const known = selectors.get(text);
  if (known) return known;
  // A comma inside of parentheses belongs to its set.
  const parts = text.split(/,(?![^(]*\))/).map((part) => {
    const [, label = "", operator = "", value = ""] = /^(\S+?)(!=|=| in )(.*)$/.exec(part) ?? [];
    const values = new Set(value.replace(/^\(|\)$/g, "").split(","));
    return { label, isIn: operator !== "!=", values };
  });
  const matches = ({ metadata }: ConfigMap): boolean =>
    parts.every(({ label, isIn, values }) => values.has(metadata?.labels?.[label] ?? "") === isIn);
  selectors.set(text, matches);
  return matches;
}

function tell(result: ApiResult<unknown>): string {
  if ("refusal" in result) return `${result.refusal.status} ${result.refusal.reason}`;
  const { data, items } = result.value as ConfigMap & { readonly items?: readonly ConfigMap[] };
  if (items) return `${items.length} records`;
  if (!data) return "gone";
  const { status = "", attempt = "", failures = "", holder = "", last_error = "" } = data;
  const whose = holder === "" ? "" : `, ${holder.split("/")[0] ?? ""}`;
  return `${status} ${attempt}, failures ${failures}${whose} ${last_error}`;
}
