/**
 * A consumer's whole way on a real S3 server: the event of its web hook leads to the object, and the
 * object proves itself.
 */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { jest } from "@jest/globals";
import { parseS3Event, verifyStatement, type S3Event } from "../../infra/clients/consumer/index.ts";
import { makeHandler } from "../../infra/clients/consumer/samples/lambda.ts";
import { answer, startEventSink, type EventSink } from "../support/functions/event-sink.ts";
import type { S3Server } from "../support/servers/s3-server.ts";
import { startS3Server } from "../support/servers/versitygw-server.ts";
import { JANUARY, ROWS, sampleZip } from "../support/statements/sample-statement.ts";

const NAME = "acme-42-1767222000-1769814000-1767312000000.zip";

let hook: EventSink;
let s3: S3Server;

beforeAll(async () => {
  hook = await startEventSink(answer(200));
  s3 = await startS3Server({ eventWebhookUrl: hook.url });
});
afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  await hook[Symbol.asyncDispose]();
});

/** The event of this key, once it has come. */
async function eventOf(key: string): Promise<S3Event & { kind: "statement" }> {
  for (;;) {
    const events = hook.events.flatMap(({ body }) => parseS3Event(body));
    const found = events.find((event) => event.kind === "statement" && event.key === key);
    if (found?.kind === "statement") return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function uploadInParts(
  client: S3Client,
  place: { readonly Bucket: string; readonly Key: string },
  zip: Uint8Array,
): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(place));
  const part = { PartNumber: 1, UploadId };
  const { ETag } = await client.send(new UploadPartCommand({ ...place, ...part, Body: zip }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await client.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload }));
}

/** As SQS hands a batch to a Lambda. */
function sqsBatch(bodies: Readonly<Record<string, string>>): object {
  const records = Object.entries(bodies).map(([messageId, body]) => ({ messageId, body }));
  return { Records: records.map((one) => ({ ...one, eventSource: "aws:sqs" })) };
}

test("the server tries the web hook first, which is no statement", () => {
  expect(hook.events.slice(0, 1).flatMap(({ body }) => parseS3Event(body))).toEqual([
    { kind: "ignored", reason: "test_event", messageId: undefined },
  ]);
});

test.each([
  ["uploaded whole", `statements/${NAME}`, "put"],
  ["uploaded in parts", `large/${NAME}`, "parts"],
  ["under a prefix that is encoded on its way", `Köln 50% a+b/${NAME}`, "put"],
] as const)("event, download, proof: %s", async (_, Key, way) => {
  const client = s3.client();
  try {
    const zip = await sampleZip();
    const place = { Bucket: s3.bucket, Key };
    if (way === "put") await client.send(new PutObjectCommand({ ...place, Body: zip }));
    else await uploadInParts(client, place, zip);

    const event = await eventOf(Key);
    expect(event.bucket).toBe(s3.bucket);
    expect(event.statement).toMatchObject({ customerId: JANUARY.customerId });
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket: event.bucket, Key: event.key }),
    );
    if (!Body) throw new Error("no body");
    const statement = await verifyStatement(Body.transformToWebStream(), event.key);
    expect(statement).toMatchObject({
      ok: true,
      bytes: zip.length,
      manifest: { customer_id: JANUARY.customerId, rows: ROWS.length },
    });
  } finally {
    client.destroy();
  }
});

test("the sample Lambda takes each statement, and sends back only what failed", async () => {
  const client = s3.client();
  const log = jest.spyOn(console, "error").mockReturnValue(undefined);
  try {
    const zip = await sampleZip();
    const [right, short] = [`lambda/${NAME}`, `short/${NAME}`];
    await client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: right, Body: zip }));
    const half = zip.subarray(0, zip.length / 2);
    await client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: short, Body: half }));
    const [{ dedupeKey }] = [await eventOf(right), await eventOf(short)];
    const bodyOf = (key: string): string =>
      hook.events.find(({ body }) => body.includes(`"key":"${key}"`))?.body ?? "";

    const taken = new Map<string, string>();
    const handle = makeHandler(client, {
      take(id, manifest) {
        taken.set(id, manifest.statement_id);
        return Promise.resolve();
      },
    });
    const gone = bodyOf(right).replaceAll("lambda/", "gone/");
    const bodies = { a: bodyOf(right), b: bodyOf(short), c: "{", d: gone, e: bodyOf(right) };
    expect(await handle(sqsBatch(bodies))).toEqual({
      batchItemFailures: ["b", "c", "d"].map((itemIdentifier) => ({ itemIdentifier })),
    });
    expect([...taken]).toEqual([[dedupeKey, NAME.replace(".zip", "")]]);
    // In words it would name files, and so account numbers.
    expect(log.mock.calls.map((words: readonly unknown[]) => words.map(String))).toContainEqual([
      "b",
      "Error: damaged",
    ]);
  } finally {
    log.mockRestore();
    client.destroy();
  }
});
