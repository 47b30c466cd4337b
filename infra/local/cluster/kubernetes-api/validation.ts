/**
 * The rules an object must keep:
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 * https://kubernetes.io/docs/concepts/configuration/configmap/
 */
import type { Cause } from "./api-error.ts";
import type { KubeObject, TextMap } from "./kube-object.ts";

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const DATA_KEY = /^[-._a-zA-Z0-9]+$/;
const MAX_SUBDOMAIN = 253;
const MAX_LABEL = 63;
const MAX_DATA_BYTES = 1024 * 1024;
const MAX_ANNOTATION_BYTES = 256 * 1024;

/** What is wrong with the object, nothing when it may be kept. */
export function problemsOf(object: KubeObject): Cause[] {
  const { name, labels = {}, annotations = {} } = object.metadata;
  return [
    ...nameProblems(object.kind, name),
    ...Object.entries(labels).flatMap(([key, value]) => [
      ...qualifiedNameProblems(key).map((why) => invalidValue("metadata.labels", key, why)),
      ...labelValueProblems(value).map((why) => invalidValue("metadata.labels", value, why)),
    ]),
    ...Object.keys(annotations).flatMap((key) =>
      qualifiedNameProblems(key.toLowerCase()).map((why) =>
        invalidValue("metadata.annotations", key, why),
      ),
    ),
    ...tooLong("metadata.annotations", sizeOf(annotations, true), MAX_ANNOTATION_BYTES),
    ...dataProblems(object),
  ];
}

/** An immutable ConfigMap keeps its content and stays immutable; its metadata may change. */
export function immutabilityProblems(
  before: KubeObject,
  after: KubeObject,
  isSame: (a: unknown, b: unknown) => boolean,
): Cause[] {
  if (before.immutable !== true) return [];
  const changed = [
    ...(after.immutable === true ? [] : ["immutable"]),
    ...(isSame(before.data, after.data) ? [] : ["data"]),
    ...(isSame(before.binaryData, after.binaryData) ? [] : ["binaryData"]),
  ];
  const message = "Forbidden: field is immutable when `immutable` is set";
  return changed.map((field) => ({ reason: "FieldValueForbidden", message, field }));
}

function nameProblems(kind: string, name: string): Cause[] {
  const isNamespace = kind === "Namespace";
  const [pattern, longest] = isNamespace ? [LABEL_NAME, MAX_LABEL] : [SUBDOMAIN, MAX_SUBDOMAIN];
  if (name.length > longest) {
    return [invalidValue("metadata.name", name, `must be no more than ${longest} characters`)];
  }
  if (pattern.test(name)) return [];
  const form = isNamespace ? "label" : "subdomain";
  return [invalidValue("metadata.name", name, `must be a lowercase RFC 1123 ${form}`)];
}

/** An optional DNS prefix and a name: `transactions-collector.io/status`. */
export function qualifiedNameProblems(text: string): string[] {
  const slash = text.indexOf("/");
  const prefix = slash < 0 ? undefined : text.slice(0, slash);
  const name = text.slice(slash + 1);
  if (prefix !== undefined && (prefix.length > MAX_SUBDOMAIN || !SUBDOMAIN.test(prefix))) {
    return ["prefix part must be a lowercase RFC 1123 subdomain"];
  }
  if (name.length > MAX_LABEL) return [`name part must be no more than ${MAX_LABEL} characters`];
  if (QUALIFIED_NAME.test(name)) return [];
  return [
    "name part must consist of alphanumeric characters, '-', '_' or '.', " +
      "and must start and end with an alphanumeric character",
  ];
}

export function labelValueProblems(value: string): string[] {
  if (value.length > MAX_LABEL) return [`must be no more than ${MAX_LABEL} characters`];
  if (LABEL_VALUE.test(value)) return [];
  return [
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', " +
      "and must start and end with an alphanumeric character",
  ];
}

function dataProblems({ data = {}, binaryData = {} }: KubeObject): Cause[] {
  const keys = [
    ...Object.keys(data).map((key) => [`data[${key}]`, key] as const),
    ...Object.keys(binaryData).map((key) => [`binaryData[${key}]`, key] as const),
  ];
  const bytes = sizeOf(data, false) + binarySizeOf(binaryData);
  return [
    ...keys
      .filter(([, key]) => key.length > MAX_SUBDOMAIN || !DATA_KEY.test(key) || /^\.\.?$/.test(key))
      .map(([field, key]) => invalidValue(field, key, "a valid config key is required")),
    ...Object.keys(data)
      .filter((key) => key in binaryData)
      .map((key) => invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData")),
    ...tooLong("[]", bytes, MAX_DATA_BYTES),
  ];
}

function sizeOf(map: TextMap, withKeys: boolean): number {
  return Object.entries(map).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(value) + (withKeys ? Buffer.byteLength(key) : 0),
    0,
  );
}

function binarySizeOf(map: TextMap): number {
  return Object.values(map).reduce((sum, value) => sum + Buffer.byteLength(value, "base64"), 0);
}

function tooLong(field: string, bytes: number, most: number): Cause[] {
  if (bytes <= most) return [];
  const message = `Too long: may not be more than ${most} bytes`;
  return [{ reason: "FieldValueTooLong", message, field }];
}

function invalidValue(field: string, value: string, why: string): Cause {
  return { reason: "FieldValueInvalid", message: `Invalid value: "${value}": ${why}`, field };
}
