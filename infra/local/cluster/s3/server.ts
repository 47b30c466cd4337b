/**
 * A small S3 server for one machine: what this product, its operators and its consumers use of the
 * S3 API, kept in files. Everything else is refused with 501 NotImplemented (see routes.ts).
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { boundConnections } from "../../../../functions/platform/http/bound-connections.ts";
import { letGo } from "../../../../functions/platform/http/let-go.ts";
import { namesThisMachine } from "../../../../functions/platform/http/local-requests.ts";
import { notification, type S3Notification } from "./notification.ts";
import { openObjectStore, type ObjectStore } from "./object-store.ts";
import type { S3Context } from "./operation.ts";
import { findOperation } from "./routes.ts";
import { S3Error } from "./s3-error.ts";
import { readS3Request, type S3Request, type S3Response } from "./s3-request.ts";
import { verifySignature, type S3Credentials } from "./signature.ts";
import { openUploadStore, type UploadStore } from "./upload-store.ts";
import { xmlDocument } from "./xml.ts";

export interface LocalS3Options {
  /** Everything is kept here; a later start on the same folder has it all again. */
  readonly dir: string;
  /** A free one unless given. */
  readonly port?: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** `us-east-1` unless given. */
  readonly region?: string;
  /** Called once for every object created, after it can be read; must not throw. */
  readonly onEvent?: (event: S3Notification) => void;
}

export interface LocalS3 extends AsyncDisposable {
  /** For path-style requests, such as `http://127.0.0.1:9000`. */
  readonly endpoint: string;
}

/** A part of an upload comes within minutes; whoever neither sends nor reads for half of one is let go. */
const BOUNDS = { requestMs: 300_000, idleMs: 30_000, connections: 1_024 };

/** @throws Error when the port is taken or a file of the folder is damaged */
export async function startLocalS3(options: LocalS3Options): Promise<LocalS3> {
  const { dir, port = 0, accessKeyId, secretAccessKey, region = "us-east-1", onEvent } = options;
  const store = await openObjectStore(dir);
  const uploads = openUploadStore(join(dir, "uploads"), store.blobs);
  await clearLeftovers(store, uploads);
  const context: S3Context = {
    store,
    uploads,
    announce: (eventName, { bucket, requestId }, object) =>
      onEvent?.(notification({ eventName, region, bucket, object, requestId })),
  };
  const credentials = { accessKeyId, secretAccessKey, region };
  const running = new Set<Promise<void>>();
  const server = createServer({ connectionsCheckingInterval: 1_000 }, (message, response) => {
    const answered = answer(message, response, context, credentials);
    running.add(answered);
    void answered.finally(() => running.delete(answered));
  });
  boundConnections(server, BOUNDS);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      await Promise.all(running);
    },
  };
}

/** Ends what a kill interrupted: completed uploads not yet forgotten, bytes that belong to nothing. */
async function clearLeftovers(store: ObjectStore, uploads: UploadStore): Promise<void> {
  const objects = store.buckets().flatMap(({ name }) => store.objects(name));
  const completed = new Set(objects.map((object) => object.uploadId));
  for (const { uploadId } of uploads.all()) {
    if (completed.has(uploadId)) uploads.forget(uploadId);
  }
  const used = [
    ...objects.flatMap((object) => object.blobs.map(({ id }) => id)),
    ...uploads.all().flatMap((upload) => uploads.parts(upload).map((part) => part.blob)),
  ];
  await store.blobs.sweep(new Set(used));
}

/** Never rejects. */
async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  context: S3Context,
  credentials: S3Credentials,
): Promise<void> {
  const requestId = randomBytes(8).toString("hex").toUpperCase();
  try {
    if (!namesThisMachine(message.headers)) {
      throw new S3Error("AccessDenied", "This store answers to names of this machine only.");
    }
    const request = readS3Request(message, requestId);
    verifySignature(request, credentials, Date.now());
    const result = await findOperation(request)(request, context);
    await send(request, response, result);
  } catch (error) {
    // The client has gone, or the answer has begun: a broken connection is all that can be said.
    if (response.headersSent || message.errored) response.destroy();
    else sendError(message, response, requestId, error);
  }
}

async function send(
  request: S3Request,
  response: ServerResponse,
  { status, headers, body }: S3Response,
): Promise<void> {
  const length =
    typeof body === "object" ? {} : { "content-length": Buffer.byteLength(body ?? "") };
  const hasLength = status === 204 || status === 304 || headers?.["content-length"] !== undefined;
  response.writeHead(status, {
    "x-amz-request-id": request.requestId,
    ...(!hasLength && length),
    ...headers,
  });
  if (typeof body === "object") await pipeline(body, response);
  else response.end(body);
}

function sendError(
  message: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  error: unknown,
): void {
  if (!(error instanceof S3Error)) console.error("the local S3 server failed:", error);
  const {
    code,
    status,
    message: text,
  } = error instanceof S3Error
    ? error
    : new S3Error("InternalError", "We encountered an internal error.");
  const Resource = (message.url ?? "/").split("?", 1)[0];
  const body = xmlDocument("Error", { Code: code, Message: text, Resource, RequestId: requestId });
  response.writeHead(status, {
    "x-amz-request-id": requestId,
    "content-type": "application/xml",
    "content-length": Buffer.byteLength(body),
  });
  response.end(message.method === "HEAD" ? undefined : body);
  letGo(message, response);
}
