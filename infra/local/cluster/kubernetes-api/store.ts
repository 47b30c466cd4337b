/**
 * The objects, one revision counter over all of them, and the latest changes for those who watch.
 * Every step is synchronous: between reading an object and replacing it nothing else can happen,
 * which is what makes a compare-and-swap on `resourceVersion` one.
 */
import { readChangeLog, startChangeLog } from "./change-log.ts";
import type { KubeObject } from "./kube-object.ts";

export interface Change {
  readonly revision: number;
  /** Absent when the object was created. */
  readonly before: KubeObject | undefined;
  /** Absent when it was deleted. */
  readonly after: KubeObject | undefined;
}

/** A line of the file. */
type Entry =
  { readonly revision: number } | { readonly put: KubeObject } | { readonly removed: KubeObject };

/** Changes kept for a watch that begins in the past; before them the answer is 410. */
const KEPT_CHANGES = 10_000;

export type Store = ReturnType<typeof openStore>;

/** @throws Error that names the line when the file is damaged */
export function openStore(file: string | undefined) {
  const { objects, revision: loaded } = load(file === undefined ? [] : readChangeLog(file));
  const log =
    file === undefined
      ? undefined
      : startChangeLog(file, [{ revision: loaded }, ...[...objects.values()].map(putEntry)]);
  const listeners = new Set<(change: Change) => void>();
  let revision = loaded;
  let forgotten = loaded;
  let changes: Change[] = [];

  /** First into the file, then into memory: what could not be written did not happen. */
  function commit(entry: Entry, change: Change): void {
    log?.append(entry);
    revision = change.revision;
    const object = change.after ?? change.before;
    if (change.after) objects.set(keyOf(change.after), change.after);
    else if (object) objects.delete(keyOf(object));
    changes.push(change);
    if (changes.length > 2 * KEPT_CHANGES) {
      changes = changes.slice(-KEPT_CHANGES);
      forgotten = (changes[0]?.revision ?? revision) - 1;
    }
    for (const listener of listeners) listener(change);
  }

  return {
    revision: (): number => revision,

    find: (kind: string, namespace: string | undefined, name: string): KubeObject | undefined =>
      objects.get(key(kind, namespace, name)),

    /** By namespace and name. */
    ofKind: (kind: string): readonly KubeObject[] =>
      [...objects]
        .filter(([, object]) => object.kind === kind)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, object]) => object),

    /** Creates or replaces; returns the object with its new `resourceVersion`. */
    put(object: KubeObject): KubeObject {
      const next = revision + 1;
      const after = withRevision(object, next);
      commit(putEntry(after), { revision: next, before: objects.get(keyOf(object)), after });
      return after;
    },

    remove(object: KubeObject): void {
      const next = revision + 1;
      const removed = withRevision(object, next);
      commit({ removed }, { revision: next, before: object, after: undefined });
    },

    /** What came after that revision, `undefined` when some of it is forgotten. */
    changesAfter: (since: number): readonly Change[] | undefined =>
      since < forgotten ? undefined : changes.filter((change) => change.revision > since),

    /** Returns the way to stop. */
    subscribe(listener: (change: Change) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    close: (): void => log?.close(),
  };
}

/** The object as it was when it went, or is once the change is made. */
export function withRevision(object: KubeObject, revision: number): KubeObject {
  const metadata = { ...object.metadata, resourceVersion: String(revision) };
  return { ...object, metadata };
}

function load(entries: readonly unknown[]): {
  readonly objects: Map<string, KubeObject>;
  readonly revision: number;
} {
  const objects = new Map<string, KubeObject>();
  let revision = 0;
  for (const entry of entries as readonly Entry[]) {
    if ("revision" in entry) {
      revision = entry.revision;
      continue;
    }
    const object = "put" in entry ? entry.put : entry.removed;
    if ("put" in entry) objects.set(keyOf(object), object);
    else objects.delete(keyOf(object));
    revision = Math.max(revision, Number(object.metadata.resourceVersion));
  }
  return { objects, revision };
}

function putEntry(put: KubeObject): Entry {
  return { put };
}

function keyOf({ kind, metadata }: KubeObject): string {
  return key(kind, metadata.namespace, metadata.name);
}

function key(kind: string, namespace: string | undefined, name: string): string {
  return `${kind}/${namespace ?? ""}/${name}`;
}
