/**
 * A process that answers as an S3 store does and throws the bytes away, so that what is measured is
 * not a store: `node sink.ts` prints its address. Every candidate sends here. It knows what the
 * builder, lib-storage and `curl -T` ask for, and refuses the rest.
 *
 * Under `/-/` the bench itself speaks: `POST /-/keep` with a folder keeps objects as files there
 * from now on, with nothing stops that; `POST /-/events` accepts an event.
 */
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { finished } from "node:stream/promises";
import { text } from "node:stream/consumers";

interface SunkObject {
  readonly bytes: number;
  /** `x-amz-meta-…` as they came. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface SunkUpload {
  readonly metadata: SunkObject["metadata"];
  readonly parts: Map<number, { readonly bytes: number; readonly file: string | undefined }>;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string;
}

const objects = new Map<string, SunkObject>();
const uploads = new Map<string, SunkUpload>();
let keepIn: string | undefined;

const server = createServer((request, response) => {
  respond(request, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://sink");
  const { status, headers = {}, body = "" } = await answer(request, url.pathname, url.searchParams);
  response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers });
  response.end(body);
}

async function answer(
  request: IncomingMessage,
  path: string,
  query: URLSearchParams,
): Promise<Answer> {
  const { method } = request;
  const upload = query.get("uploadId") ?? "";
  if (path === "/-/events") return await drained(request, { status: 202 });
  if (path === "/-/keep") {
    keepIn = (await text(request)) || undefined;
    return { status: 204 };
  }
  if (method === "PUT" && query.has("partNumber")) {
    return await putPart(request, path, upload, Number(query.get("partNumber")));
  }
  if (method === "PUT") return await putObject(request, path);
  if (method === "HEAD" && isBucket(path)) return { status: 200 };
  if (method === "HEAD") return head(path);
  if (method === "POST" && query.has("uploads")) return await begin(request);
  if (method === "POST" && query.has("uploadId")) return await complete(request, path, upload);
  if (method === "DELETE" && query.has("uploadId")) {
    uploads.delete(upload);
    return { status: 204 };
  }
  if (method === "GET" && query.has("uploads")) return xml("ListMultipartUploadsResult", "");
  if (method === "GET" && query.has("list-type")) return xml("ListBucketResult", "");
  return await drained(request, { status: 501 });
}

async function putObject(request: IncomingMessage, path: string): Promise<Answer> {
  if (exists(request, path)) return await drained(request, { status: 412 });
  const checksum = request.headers["x-amz-checksum-sha256"];
  const hash = checksum === undefined ? undefined : createHash("sha256");
  const { bytes } = await sink(request, basename(path), (chunk) => hash?.update(chunk));
  // S3 checks it and says so.
  const echo = hash && { "x-amz-checksum-sha256": hash.digest("base64") };
  if (echo && echo["x-amz-checksum-sha256"] !== checksum) return { status: 400 };
  objects.set(path, { bytes, metadata: metadataOf(request) });
  return { status: 200, headers: { etag: tag(), ...echo } };
}

async function putPart(
  request: IncomingMessage,
  path: string,
  uploadId: string,
  number: number,
): Promise<Answer> {
  const upload = uploads.get(uploadId);
  if (!upload) return await drained(request, { status: 404 });
  upload.parts.set(number, await sink(request, `${basename(path)}.part-${number}`));
  return { status: 200, headers: { etag: tag() } };
}

async function begin(request: IncomingMessage): Promise<Answer> {
  const id = randomUUID();
  uploads.set(id, { metadata: metadataOf(request), parts: new Map() });
  return await drained(request, xml("InitiateMultipartUploadResult", `<UploadId>${id}</UploadId>`));
}

async function complete(request: IncomingMessage, path: string, id: string): Promise<Answer> {
  const upload = uploads.get(id);
  if (!upload) return await drained(request, { status: 404 });
  if (exists(request, path)) return await drained(request, { status: 412 });
  const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part);
  if (keepIn !== undefined) await joinFiles(parts, join(keepIn, basename(path)));
  uploads.delete(id);
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  objects.set(path, { bytes, metadata: upload.metadata });
  return await drained(request, xml("CompleteMultipartUploadResult", `<ETag>${tag()}</ETag>`));
}

/** Every bucket is there. */
function isBucket(path: string): boolean {
  return /^\/[^/]+\/?$/.test(path);
}

function head(path: string): Answer {
  const object = objects.get(path);
  if (!object) return { status: 404 };
  return {
    status: 200,
    headers: { ...object.metadata, "content-length": object.bytes, etag: tag() },
  };
}

/** Create-only writes are what the builder's promise stands on. */
function exists(request: IncomingMessage, path: string): boolean {
  return request.headers["if-none-match"] === "*" && objects.has(path);
}

/** Counts a body, and keeps it where that was asked for. */
async function sink(
  request: IncomingMessage,
  name: string,
  onChunk: (chunk: Buffer) => void = () => undefined,
) {
  const encoded = (request.headers["content-encoding"] ?? "").includes("aws-chunked");
  if (encoded) throw new Error("the sink does not decode aws-chunked bodies");
  const file = keepIn === undefined ? undefined : join(keepIn, name);
  const out = file === undefined ? undefined : createWriteStream(file);
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    onChunk(chunk);
    if (out && !out.write(chunk)) await once(out, "drain");
  }
  if (out) {
    out.end();
    await finished(out);
  }
  return { bytes, file };
}

async function joinFiles(
  parts: readonly { readonly file: string | undefined }[],
  name: string,
): Promise<void> {
  const out = createWriteStream(name);
  for (const { file = "" } of parts) {
    for await (const chunk of createReadStream(file)) {
      if (!out.write(chunk)) await once(out, "drain");
    }
    await rm(file);
  }
  out.end();
  await finished(out);
}

function metadataOf({ headers }: IncomingMessage): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-"));
  return Object.fromEntries(own.map(([name, value]) => [name, String(value)]));
}

async function drained(request: IncomingMessage, answered: Answer): Promise<Answer> {
  await finished(request.resume());
  return answered;
}

function xml(name: string, content: string): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><${name}>${content}</${name}>`;
  return { status: 200, headers: { "content-type": "application/xml" }, body };
}

function tag(): string {
  return `"${randomUUID()}"`;
}
