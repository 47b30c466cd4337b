/** What the parts of the S3 contract work with. */
import { GetObjectCommand, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { Agent } from "node:http";

export interface S3UnderTest extends AsyncDisposable {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly traits: S3Traits;
  /** Every notification so far, as it came. */
  readonly events: readonly S3EventMessage[];
}

export interface S3EventMessage {
  readonly Records?: readonly {
    readonly eventName: string;
    readonly s3: {
      readonly bucket: { readonly name: string };
      readonly object: { readonly key: string; readonly size: number; readonly eTag: string };
    };
  }[];
}

/** Where servers differ. A consumer must be able to live with either. */
export interface S3Traits {
  /** versitygw keeps the coding of the journey with the object; S3 and the local server strip it. */
  readonly contentEncodingAfterChunkedUpload: string | undefined;
  /** versitygw encrypts nothing and says so by silence; S3 and the local server echo the header. */
  readonly encryptionEcho: string | undefined;
  /** versitygw answers with an error of its own administration. */
  readonly unknownKeyRefusal: string;
  /** versitygw overlooks headers that the link carries in its query. */
  readonly metadataFromLink: Readonly<Record<string, string>>;
  /** versitygw refuses the very marker it gave out with the page before. */
  readonly uploadIdMarker: string;
  /** The code is the same, the status is not. */
  readonly smallChunkRefusal: string;
}

/** What the suite's parts work with: a client, and buckets of their own. */
export interface S3Bench {
  readonly server: () => S3UnderTest;
  readonly client: () => S3Client;
  readonly newBucket: () => Promise<string>;
}

/**
 * One try and one connection a request: what is under test is the server's answer, not the client's
 * patience.
 */
export function s3Client(
  {
    endpoint,
    region,
    accessKeyId,
    secretAccessKey,
  }: Pick<S3UnderTest, "endpoint" | "region" | "accessKeyId" | "secretAccessKey">,
  config: S3ClientConfig = {},
): S3Client {
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: { httpAgent: new Agent({ keepAlive: false }) },
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    ...config,
  });
}

/** How a call was refused. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return `${$metadata?.httpStatusCode ?? "no answer"} ${name}`;
  }
  return "not refused";
}

export async function textOf(client: S3Client, Bucket: string, Key: string): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToString()) ?? "";
}

/** The first record about this object; waits for it, because notifications come later. */
export async function announcementOf(server: S3UnderTest, bucket: string, key: string) {
  for (let tries = 0; tries < 200; tries++) {
    const records = server.events.flatMap(({ Records = [] }) => Records);
    const found = records.find(({ s3 }) => s3.bucket.name === bucket && s3.object.key === key);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`no event came for ${bucket}/${key}`);
}
