/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
import { xmlResponse, type Operation } from "./operation.ts";
import type { StoredObject } from "./object-store.ts";
import { S3Error } from "./s3-error.ts";
import { numberParameter, type S3Request } from "./s3-request.ts";

const MAX_KEYS = 1000;

export const listObjects: Operation = (request, { store }) => {
  const query = readQuery(request);
  const page = listPage(store.objects(request.bucket), query);
  const encode = keyEncoding(request);
  return xmlResponse("ListBucketResult", {
    Name: request.bucket,
    Prefix: encode(query.prefix),
    Delimiter: query.delimiter === "" ? undefined : encode(query.delimiter),
    MaxKeys: query.maxKeys,
    KeyCount: page.objects.length + page.commonPrefixes.length,
    IsTruncated: page.last !== undefined,
    EncodingType: request.query.get("encoding-type") ?? undefined,
    ContinuationToken: request.query.get("continuation-token") ?? undefined,
    NextContinuationToken: page.last === undefined ? undefined : writeToken(page.last),
    StartAfter: request.query.get("start-after") ?? undefined,
    Contents: page.objects.map((object) => ({
      Key: encode(object.key),
      LastModified: new Date(object.lastModified).toISOString(),
      ETag: `"${object.etag}"`,
      ChecksumAlgorithm: object.checksum?.algorithm,
      Size: object.size,
      StorageClass: "STANDARD",
    })),
    CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  });
};

interface ListQuery {
  readonly prefix: string;
  /** Empty when keys are not grouped. */
  readonly delimiter: string;
  readonly maxKeys: number;
  /** Only what comes after this. */
  readonly after: string;
}

interface ListPage {
  readonly objects: readonly StoredObject[];
  readonly commonPrefixes: readonly string[];
  /** The last key or common prefix of the page, when more follows. */
  readonly last: string | undefined;
}

function readQuery(request: S3Request): ListQuery {
  const { query } = request;
  if (query.get("list-type") !== "2") {
    throw new S3Error("InvalidArgument", "Invalid List Type specified in Request");
  }
  const token = query.get("continuation-token");
  return {
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    maxKeys: Math.min(numberParameter(request, "max-keys", MAX_KEYS), MAX_KEYS),
    after: token === null ? (query.get("start-after") ?? "") : readToken(token),
  };
}

/** Keys in the order of their UTF-8 bytes; keys with the delimiter behind the prefix as one entry. */
function listPage(all: readonly StoredObject[], query: ListQuery): ListPage {
  const matching = all.filter(({ key }) => key.startsWith(query.prefix));
  const objects: StoredObject[] = [];
  const commonPrefixes: string[] = [];
  let last: string | undefined;
  for (const object of matching.sort((a, b) => compareUtf8(a.key, b.key))) {
    const group = commonPrefix(object.key, query);
    const entry = group ?? object.key;
    if (compareUtf8(entry, query.after) <= 0 || entry === last) continue;
    if (objects.length + commonPrefixes.length >= query.maxKeys) {
      return { objects, commonPrefixes, last };
    }
    if (group === undefined) objects.push(object);
    else commonPrefixes.push(group);
    last = entry;
  }
  return { objects, commonPrefixes, last: undefined };
}

function commonPrefix(key: string, { prefix, delimiter }: ListQuery): string | undefined {
  if (delimiter === "") return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** With `encoding-type=url` keys can hold what XML cannot. */
export function keyEncoding(request: S3Request): (key: string) => string {
  const type = request.query.get("encoding-type");
  if (type === null) return (key) => key;
  if (type !== "url") throw new S3Error("InvalidArgument", "Invalid Encoding Method specified");
  return (key) => encodeURIComponent(key).replaceAll("%2F", "/");
}

export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Opaque to the client: the last entry of the page before. */
function writeToken(last: string): string {
  return Buffer.from(last).toString("base64url");
}

function readToken(token: string): string {
  const last = Buffer.from(token, "base64url").toString();
  if (last === "" || writeToken(last) !== token) {
    throw new S3Error("InvalidArgument", "The continuation token provided is incorrect");
  }
  return last;
}
