/**
 * Objects as rows, the form `kubectl get` asks for:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */
import type { KubeObject } from "./kube-object.ts";
import type { Resource } from "./resource.ts";

const COLUMNS = {
  ConfigMap: ["Name", "Data", "Age"],
  Namespace: ["Name", "Status", "Age"],
} as const;

export interface TableOptions {
  /** How much of an object goes with its row. */
  readonly includeObject: string;
  /** A watch tells the columns once. */
  readonly withColumns: boolean;
}

export function tableOf(
  resource: Resource,
  objects: readonly KubeObject[],
  metadata: object,
  { includeObject, withColumns }: TableOptions,
): object {
  const columns = COLUMNS[resource.kind].map((name) => ({
    name,
    type: "string",
    format: name === "Name" ? "name" : "",
    description: "",
    priority: 0,
  }));
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: withColumns ? columns : [],
    rows: objects.map((object) => ({
      cells: cellsOf(object),
      object: rowObject(object, includeObject),
    })),
  };
}

function cellsOf(object: KubeObject): (string | number)[] {
  const { name, creationTimestamp } = object.metadata;
  const { data = {}, binaryData = {} } = object;
  const middle =
    object.kind === "ConfigMap"
      ? Object.keys(data).length + Object.keys(binaryData).length
      : "Active";
  return [name, middle, ageOf(creationTimestamp)];
}

function rowObject(object: KubeObject, includeObject: string): object | undefined {
  if (includeObject === "None") return undefined;
  if (includeObject === "Object") return object;
  const { metadata } = object;
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
}

/** The greatest whole unit: `45s`, `12m`, `3h`, `20d`. */
function ageOf(creationTimestamp: string): string {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(creationTimestamp)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
