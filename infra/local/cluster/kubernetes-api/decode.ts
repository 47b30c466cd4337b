/** From a JSON document to a draft of an object: types are checked here, rules are not. */
import { ApiError } from "./api-error.ts";
import type { Draft, ObjectMeta, TextMap } from "./kube-object.ts";
import type { Resource } from "./resource.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What clients send and the server sets itself, or does not keep. */
const IGNORED_METADATA = [
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
  "managedFields",
  "selfLink",
];
const TEXT_METADATA = ["name", "generateName", "namespace", "uid", "resourceVersion"] as const;
/** They would ask for a garbage collector or a controller, and there is none. */
const UNSUPPORTED_METADATA = ["finalizers", "ownerReferences"];

/**
 * @throws ApiError BadRequest when it is not an object of this resource; with `strict` also for
 * fields the kind does not have
 */
export function decodeObject(resource: Resource, document: unknown, strict: boolean): Draft {
  const fields = readFields(resource, document, "the document");
  requireKind(resource, fields);
  if (strict) requireKnownFields(resource, fields);
  const metadata = readFields(resource, fields["metadata"] ?? {}, "metadata");
  return {
    metadata: readMetadata(resource, metadata),
    ...(resource.fields.includes("data") && {
      data: readTextMap(resource, fields, "data"),
      binaryData: readBinaryData(resource, fields),
      immutable: readBoolean(resource, fields, "immutable"),
    }),
  };
}

function readMetadata(resource: Resource, metadata: Fields): Partial<ObjectMeta> {
  for (const name of UNSUPPORTED_METADATA) {
    const value = metadata[name];
    if (Array.isArray(value) && value.length > 0) {
      throw new ApiError(
        "NotImplemented",
        `metadata.${name} is not supported by this local server`,
      );
    }
  }
  const texts = TEXT_METADATA.flatMap((name) => {
    const value = metadata[name] ?? "";
    if (typeof value !== "string") throw mismatch(resource, `metadata.${name}`);
    return value === "" ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(texts),
    labels: readTextMap(resource, metadata, "labels"),
    annotations: readTextMap(resource, metadata, "annotations"),
  };
}

/** `null` stands for the empty text, and an empty map for none, as in the API server. */
function readTextMap(resource: Resource, owner: Fields, name: string): TextMap | undefined {
  const entries = Object.entries(readFields(resource, owner[name] ?? {}, name));
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (typeof (value ?? "") !== "string") throw mismatch(resource, name);
      return [key, (value ?? "") as string];
    }),
  );
}

function readBinaryData(resource: Resource, fields: Fields): TextMap | undefined {
  const data = readTextMap(resource, fields, "binaryData");
  const valid = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  if (Object.values(data ?? {}).some((value) => !valid.test(value))) {
    throw unreadable(resource, "illegal base64 data");
  }
  return data;
}

function readBoolean(resource: Resource, fields: Fields, name: string): boolean | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined || typeof value === "boolean") return value;
  throw mismatch(resource, name);
}

function readFields(resource: Resource, value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw mismatch(resource, name);
  }
  return value as Fields;
}

function requireKind(resource: Resource, fields: Fields): void {
  const { kind = resource.kind, apiVersion = "v1" } = fields;
  if (kind === resource.kind && apiVersion === "v1") return;
  throw new ApiError(
    "BadRequest",
    `${String(kind)} in version "${String(apiVersion)}" cannot be handled as a ${resource.kind}`,
  );
}

function requireKnownFields(resource: Resource, fields: Fields): void {
  const known = ["kind", "apiVersion", "metadata", ...resource.fields];
  const knownMetadata = [
    ...TEXT_METADATA,
    ...IGNORED_METADATA,
    ...UNSUPPORTED_METADATA,
    "labels",
    "annotations",
  ];
  const unknown = [
    ...Object.keys(fields).filter((name) => !known.includes(name)),
    ...Object.keys(readFields(resource, fields["metadata"] ?? {}, "metadata"))
      .filter((name) => !knownMetadata.includes(name))
      .map((name) => `metadata.${name}`),
  ];
  if (unknown.length === 0) return;
  const list = unknown.map((name) => `unknown field "${name}"`).join(", ");
  throw unreadable(resource, `strict decoding error: ${list}`);
}

function mismatch(resource: Resource, name: string): ApiError {
  return unreadable(resource, `the JSON type of ${name} is not the field's`);
}

function unreadable(resource: Resource, why: string): ApiError {
  const what = `${resource.kind} in version "v1" cannot be handled as a ${resource.kind}`;
  return new ApiError("BadRequest", `${what}: ${why}`);
}
