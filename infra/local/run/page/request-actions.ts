/** What can be done with one request: explain it, fetch its file, verify that, cancel it, try it again. */
import { basename } from "node:path";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import * as z from "zod";
import type { StatementRequest } from "../../../../functions/domain/statement-request.ts";
import type { Ledger, Stored } from "../../../../functions/platform/ledger/configmap-ledger.ts";
import { readConfig } from "../../../../functions/platform/settings/config.ts";
import { builderConfig } from "../../../../functions/statement-builder/config.ts";
import { explain } from "../../../operator/explanation.ts";
import { cancelRequest, retryRequest, type Moved } from "../../../operator/operator-moves.ts";
import { actsOf } from "../../../operator/acts.ts";
import { accountHere } from "../../../operator/who.ts";
import { PAGE_HEADERS, readObject, sendJson, sendWords } from "./answers.ts";
import { verifyObject } from "./verification.ts";

export interface Counter {
  readonly ledger: Pick<Ledger, "read" | "replace">;
  readonly client: S3Client;
  readonly signal: AbortSignal;
}

type Action = (
  counter: Counter,
  stored: Stored,
  response: ServerResponse,
  request: IncomingMessage,
) => Promise<void>;

/** By the method and the last part of the address. */
export const ACTIONS: Readonly<Record<string, Action>> = {
  "GET explanation": async (_counter, stored, response) => {
    sendJson(response, 200, explain(stored.request, { ...explainTerms(), acts: actsOf(stored) }));
    await Promise.resolve();
  },
  "GET statement": sendStatement,
  "POST verification": verify,
  "POST cancel": async (counter, stored, response) => {
    answerMove(await cancelRequest(deskOf(counter, stored)), response);
  },
  "POST retry": async (counter, stored, response) => {
    answerMove(await retryRequest(deskOf(counter, stored)), response);
  },
};

const { LEASE_SECONDS, CLOCK_SKEW_SECONDS, MAX_FAILURES } = builderConfig.shape;
const termsConfig = z.object({ LEASE_SECONDS, CLOCK_SKEW_SECONDS, MAX_FAILURES });

/** The functions have the environment of this process. */
function explainTerms() {
  const config = readConfig(termsConfig, process.env);
  return {
    now: Date.now(),
    leaseMs: config.LEASE_SECONDS * 1000,
    clockSkewMs: config.CLOCK_SKEW_SECONDS * 1000,
    maxFailures: config.MAX_FAILURES,
  };
}

async function sendStatement(
  { client, signal }: Counter,
  { request }: Stored,
  response: ServerResponse,
): Promise<void> {
  if (request.status !== "executed") {
    sendWords(response, 409, withoutFile(request));
    return;
  }
  const { bucket: Bucket, key: Key } = request.object;
  const found = await client
    .send(new GetObjectCommand({ Bucket, Key }), { abortSignal: signal })
    .catch((error: unknown) => (error instanceof Error ? error.name : "unknown"));
  if (typeof found === "string") {
    const isGone = found === "NoSuchKey";
    const why = isGone ? "is not there any more" : `cannot be read (${found})`;
    sendWords(response, isGone ? 410 : 503, `s3://${Bucket}/${Key} ${why}.`);
    return;
  }
  response.writeHead(200, {
    ...PAGE_HEADERS,
    "content-type": "application/zip",
    "content-length": found.ContentLength ?? request.bytes,
    "content-disposition": `attachment; filename="${basename(Key)}"`,
  });
  await pipeline(found.Body as Readable, response);
}

async function verify(
  { client, signal }: Counter,
  { request }: Stored,
  response: ServerResponse,
  message: IncomingMessage,
): Promise<void> {
  if (request.status !== "executed") {
    sendWords(response, 409, withoutFile(request));
    return;
  }
  const form = await readObject(message, signal);
  const keys = form?.["keys"];
  if (typeof keys !== "string") {
    sendWords(response, 400, "That is no form of this page, or the keys are longer than 16 KiB.");
    return;
  }
  const verified = await verifyObject(client, request, keys, signal);
  if ("trouble" in verified) sendWords(response, verified.status, verified.trouble);
  else sendJson(response, 200, verified);
}

function withoutFile({ status }: StatementRequest): string {
  return `The request is ${status}, so it has no file.`;
}

function deskOf({ ledger, signal }: Counter, stored: Stored) {
  const find = async (): Promise<Stored> => {
    const now = await ledger.read(stored.name, signal);
    if (!now) throw new Error(`${stored.name} is gone`);
    return now;
  };
  return { ledger, find, now: Date.now, by: `the page of make run (${accountHere()})`, signal };
}

function answerMove({ kind, before }: Moved, response: ServerResponse): void {
  if (kind === "moved") sendJson(response, 200, {});
  else sendWords(response, 409, `The request is ${before.status} already.`);
}
