/** https://kubernetes.io/docs/reference/using-api/api-concepts/ */
import { randomInt } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { ApiError, conflict, invalid, notFound } from "./api-error.ts";
import { decodeObject } from "./decode.ts";
import type { Draft, KubeObject } from "./kube-object.ts";
import { applyPatch, type Json } from "./patch.ts";
import { buildObject, newIdentity, type Resource } from "./resource.ts";
import type { Store } from "./store.ts";
import { immutabilityProblems, problemsOf } from "./validation.ts";

/** The object or the collection a path names. */
export interface Target {
  readonly resource: Resource;
  /** Absent for namespaces, and for a list over all of them. */
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

export interface WriteOptions {
  /** Everything is checked and answered, nothing is kept. */
  readonly dryRun: boolean;
  /** Fields the kind does not have are an error. */
  readonly strict: boolean;
}

/** @throws ApiError as every function here */
export function readObject(store: Store, target: Target): KubeObject {
  const { resource, namespace, name = "" } = target;
  const object = store.find(resource.kind, namespace, name);
  if (!object) throw notFound(resource.plural, name);
  return object;
}

export function createObject(
  store: Store,
  target: Target,
  document: unknown,
  { dryRun, strict }: WriteOptions,
): KubeObject {
  const { resource, namespace } = target;
  const draft = decodeObject(resource, document, strict);
  requireNamespace(target, draft);
  if (draft.metadata.resourceVersion !== undefined) {
    throw new ApiError(undefined, "resourceVersion should not be set on objects to be created");
  }
  if (namespace !== undefined && !store.find("Namespace", undefined, namespace)) {
    throw notFound("namespaces", namespace);
  }
  const name = newName(resource, draft);
  const { generateName } = draft.metadata;
  const object = buildObject(resource, draft, { name, generateName, namespace, ...newIdentity() });
  requireValid(object);
  if (store.find(resource.kind, namespace, name)) {
    const details = { name, kind: resource.plural };
    throw new ApiError("AlreadyExists", `${resource.plural} "${name}" already exists`, details);
  }
  return dryRun ? object : store.put(object);
}

export function replaceObject(
  store: Store,
  target: Target,
  document: unknown,
  options: WriteOptions,
): KubeObject {
  const draft = decodeObject(target.resource, document, options.strict);
  requireName(target, draft);
  requireNamespace(target, draft);
  const before = readObject(store, target);
  const { uid } = draft.metadata;
  if (uid !== undefined && uid !== before.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`;
    throw conflict(target.resource.plural, before.metadata.name, why);
  }
  return update(store, target, before, draft, options);
}

export function patchObject(
  store: Store,
  target: Target,
  mediaType: string,
  patch: Json,
  options: WriteOptions,
): KubeObject {
  const { resource } = target;
  const before = readObject(store, target);
  const draft = decodePatched(resource, applyPatch(mediaType, toJson(before), patch), options);
  requireName(target, draft);
  requireNamespace(target, draft);
  const { uid } = draft.metadata;
  if (uid !== undefined && uid !== before.metadata.uid) {
    const message = `Invalid value: "${uid}": field is immutable`;
    const cause = { reason: "FieldValueInvalid", message, field: "metadata.uid" } as const;
    throw invalid(resource.kind, before.metadata.name, [cause]);
  }
  return update(store, target, before, draft, options);
}

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** Returns the object that is gone. */
export function deleteObject(store: Store, target: Target, options: DeleteOptions): KubeObject {
  const object = readObject(store, target);
  const { uid, resourceVersion = "", name } = object.metadata;
  requirePrecondition(target, name, "UID", options.uid, uid);
  requirePrecondition(target, name, "ResourceVersion", options.resourceVersion, resourceVersion);
  if (!options.dryRun) store.remove(object);
  return object;
}

/** Without a resourceVersion the update is unconditional; one that changes nothing writes nothing. */
function update(
  store: Store,
  { resource }: Target,
  before: KubeObject,
  draft: Draft,
  { dryRun }: WriteOptions,
): KubeObject {
  const { name, namespace, uid, creationTimestamp, generateName, resourceVersion } =
    before.metadata;
  requireResourceVersion(resource, name, draft.metadata.resourceVersion, resourceVersion);
  const set = { name, generateName, namespace, uid, creationTimestamp };
  const after = buildObject(resource, draft, set);
  requireValid(after, immutabilityProblems(before, after, isDeepStrictEqual));
  const unchanged = { ...after, metadata: { ...after.metadata, resourceVersion } };
  if (dryRun || isDeepStrictEqual(unchanged, before)) return unchanged;
  return store.put(after);
}

function requireResourceVersion(
  resource: Resource,
  name: string,
  expected: string | undefined,
  actual: string | undefined,
): void {
  if (expected === undefined || expected === "0" || expected === actual) return;
  if (!/^\d+$/.test(expected)) {
    throw new ApiError(undefined, `parsing "${expected}": invalid syntax`);
  }
  const why =
    "the object has been modified; please apply your changes to the latest version and try again";
  throw conflict(resource.plural, name, why);
}

function requirePrecondition(
  { resource }: Target,
  name: string,
  what: string,
  expected: string | undefined,
  actual: string,
): void {
  if (expected === undefined || expected === actual) return;
  const why = `the ${what} in the precondition (${expected}) does not match the ${what} in record (${actual})`;
  throw conflict(resource.kind, name, why);
}

function requireName({ name = "" }: Target, { metadata }: Draft): void {
  if (metadata.name === name) return;
  const message =
    metadata.name === undefined
      ? `the name of the object (${name} based on URL) was undeterminable: name must be provided`
      : `the name of the object (${metadata.name}) does not match the name on the URL (${name})`;
  throw new ApiError("BadRequest", message);
}

function requireNamespace({ namespace }: Target, { metadata }: Draft): void {
  if (metadata.namespace === undefined || metadata.namespace === namespace) return;
  const message =
    "the namespace of the provided object does not match the namespace sent on the request";
  throw new ApiError("BadRequest", message);
}

function requireValid(object: KubeObject, more: ReturnType<typeof problemsOf> = []): void {
  const problems = [...problemsOf(object), ...more];
  if (problems.length > 0) throw invalid(object.kind, object.metadata.name, problems);
}

/** Letters and digits that spell no word, as the API server takes them. */
const SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

function newName(resource: Resource, { metadata: { name, generateName } }: Draft): string {
  if (name !== undefined) return name;
  if (generateName === undefined) {
    const message = "Required value: name or generateName is required";
    const cause = { reason: "FieldValueRequired", message, field: "metadata.name" } as const;
    throw invalid(resource.kind, "", [cause]);
  }
  const suffix = Array.from({ length: 5 }, () => SUFFIX_ALPHABET[randomInt(27)]);
  return generateName + suffix.join("");
}

/** What a patch makes of an object is the patch's fault. */
function decodePatched(resource: Resource, patched: Json, { strict }: WriteOptions): Draft {
  try {
    return decodeObject(resource, patched, strict);
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== "BadRequest") throw error;
    const cause = { reason: "FieldValueInvalid", message: error.message, field: "patch" } as const;
    throw new ApiError("Invalid", error.message, { causes: [cause] });
  }
}

function toJson(object: KubeObject): Json {
  return object as unknown as Json;
}
