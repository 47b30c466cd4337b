/** One record of an object's creation, in the form of S3's notifications or of EventBridge. */
export interface CreatedObject {
  readonly bucket: string;
  /** As GetObject takes it: decoded where the event had it encoded. */
  readonly key: string;
  /** Bytes. */
  readonly size: number | undefined;
  readonly eTag: string | undefined;
  /** In a bucket with versions. */
  readonly versionId: string | undefined;
  /** Tells the writes of one key apart. */
  readonly sequencer: string | undefined;
}

const CREATED = /^(?:s3:)?ObjectCreated:/;

export function readCreatedObject(record: object): CreatedObject | "not_created" | "unreadable" {
  if (field(record, "source") === "aws.s3") return readEventBridge(record);
  const eventName = field(record, "eventName");
  if (typeof eventName !== "string" || field(record, "s3") === undefined) return "unreadable";
  if (!CREATED.test(eventName)) return "not_created";
  const object = field(record, "s3", "object");
  return createdObject({
    bucket: field(record, "s3", "bucket", "name"),
    key: keyOf(record, eventName),
    eTag: field(object, "eTag"),
    versionId: field(object, "versionId"),
    object,
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html: the key is as it is. */
function readEventBridge(event: object): CreatedObject | "not_created" | "unreadable" {
  if (field(event, "detail-type") !== "Object Created") return "not_created";
  const object = field(event, "detail", "object");
  return createdObject({
    bucket: field(event, "detail", "bucket", "name"),
    key: field(object, "key"),
    eTag: field(object, "etag"),
    versionId: field(object, "version-id"),
    object,
  });
}

interface FoundFields {
  readonly bucket: unknown;
  readonly key: unknown;
  readonly eTag: unknown;
  readonly versionId: unknown;
  readonly object: unknown;
}

function createdObject(found: FoundFields): CreatedObject | "unreadable" {
  const bucket = textOf(found.bucket);
  const key = textOf(found.key);
  if (bucket === undefined || key === undefined) return "unreadable";
  const size = field(found.object, "size");
  // An object from before the bucket had versions is of the version "null".
  const versionId = textOf(found.versionId);
  return {
    bucket,
    key,
    size: typeof size === "number" ? size : undefined,
    eTag: textOf(found.eTag)?.replaceAll('"', ""),
    versionId: versionId === "null" ? undefined : versionId,
    sequencer: textOf(field(found.object, "sequencer")),
  };
}

/**
 * S3 and MinIO encode a key as in a form, where a plus is a space; Ceph gives it as it is. So does
 * versitygw, which says to be S3, and is known by the `s3:` before the event's name, which S3 itself
 * leaves out. Decoded once, never twice.
 */
function keyOf(record: object, eventName: string): unknown {
  const key = field(record, "s3", "object", "key");
  const source = field(record, "eventSource");
  const isPlain = source === "ceph:s3" || (source === "aws:s3" && eventName.startsWith("s3:"));
  if (typeof key !== "string" || isPlain) return key;
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    // No encoding leaves a percent sign like this one: the key is as it is.
    return key;
  }
}

/** What lies at the end of these names, `undefined` where there is no such place. */
export function field(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) {
      return undefined;
    }
    found = Reflect.get(found, name);
  }
  return found;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
