/** The object of an executed request, as it lies in the store. */
import { basename } from "node:path";
import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { ExecutedRequest } from "../../../functions/domain/statement-request.ts";
import { PAGE_HEADERS, sendWords } from "./answers.ts";

export type FoundObject =
  { readonly body: Readable } | { readonly status: 410 | 503; readonly words: string };

export async function openObject(
  client: S3Client,
  { object: { bucket: Bucket, key: Key } }: Pick<ExecutedRequest, "object">,
  signal: AbortSignal,
): Promise<FoundObject> {
  try {
    const found = await client.send(new GetObjectCommand({ Bucket, Key }), { abortSignal: signal });
    return { body: found.Body as Readable };
  } catch (error) {
    const { name } = error instanceof Error ? error : new Error();
    const isGone = name === "NoSuchKey";
    const why = isGone ? "is not there any more" : `cannot be read (${name})`;
    return { status: isGone ? 410 : 503, words: `s3://${Bucket}/${Key} ${why}.` };
  }
}

export async function sendObject(
  client: S3Client,
  request: ExecutedRequest,
  signal: AbortSignal,
  response: ServerResponse,
): Promise<void> {
  const found = await openObject(client, request, signal);
  if ("words" in found) {
    sendWords(response, found.status, found.words);
    return;
  }
  response.writeHead(200, {
    ...PAGE_HEADERS,
    "content-type": "application/zip",
    "content-length": request.bytes,
    "content-disposition": `attachment; filename="${basename(request.object.key)}"`,
  });
  await pipeline(found.body, response);
}
