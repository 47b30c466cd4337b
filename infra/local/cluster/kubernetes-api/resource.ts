import { randomUUID } from "node:crypto";
import type { Draft, KubeObject, ObjectMeta } from "./kube-object.ts";

export type Verb = "create" | "delete" | "get" | "list" | "patch" | "update" | "watch";

/** A kind of object this server keeps. */
export interface Resource {
  readonly kind: "ConfigMap" | "Namespace";
  readonly plural: "configmaps" | "namespaces";
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  /** Top-level fields beside kind, apiVersion and metadata. */
  readonly fields: readonly string[];
}

export const CONFIG_MAPS: Resource = {
  kind: "ConfigMap",
  plural: "configmaps",
  singular: "configmap",
  shortNames: ["cm"],
  namespaced: true,
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  fields: ["data", "binaryData", "immutable"],
};

/** Without delete: there is no controller that would empty a namespace first. */
export const NAMESPACES: Resource = {
  kind: "Namespace",
  plural: "namespaces",
  singular: "namespace",
  shortNames: ["ns"],
  namespaced: false,
  verbs: ["create", "get", "list", "patch", "update", "watch"],
  fields: ["spec", "status"],
};

export const RESOURCES = [CONFIG_MAPS, NAMESPACES] as const;

/** The object a draft becomes; what only the server may set comes from `set`. */
export function buildObject(
  resource: Resource,
  draft: Draft,
  set: Pick<ObjectMeta, "name" | "namespace" | "uid" | "creationTimestamp" | "generateName">,
): KubeObject {
  const { kind } = resource;
  const { labels, annotations } = draft.metadata;
  if (kind === "ConfigMap") {
    const { data, binaryData, immutable } = draft;
    const metadata = { ...set, labels, annotations };
    return withoutAbsent({ kind, apiVersion: "v1", metadata, data, binaryData, immutable });
  }
  const allLabels = { ...labels, "kubernetes.io/metadata.name": set.name };
  return withoutAbsent({
    kind,
    apiVersion: "v1",
    metadata: { ...set, labels: allLabels, annotations },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  });
}

/** As it will be read from the file: without members that are `undefined`. */
function withoutAbsent(object: KubeObject): KubeObject {
  return JSON.parse(JSON.stringify(object)) as KubeObject;
}

/** Identity of an object that is created now. */
export function newIdentity(): Pick<ObjectMeta, "uid" | "creationTimestamp"> {
  return { uid: randomUUID(), creationTimestamp: `${new Date().toISOString().slice(0, 19)}Z` };
}
