/** The store of the statements: the local S3 server, or the one of `S3_ENDPOINT` / `S3_BUCKET`. */
import { join } from "node:path";
import {
  CreateBucketCommand,
  HeadBucketCommand,
  S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { LOCAL_BUCKET, LOCAL_CREDENTIALS, type LocalSettings } from "../settings.ts";
import { startLocalS3, type LocalS3, type LocalS3Options } from "./s3/server.ts";

export interface ObjectStore extends AsyncDisposable {
  /** Variables of statement-builder, and of `aws` on the command line. */
  readonly env: Readonly<Record<string, string>>;
  readonly bucket: string;
  readonly client: S3Client;
}

/** Its objects are in a folder of `stateDir` and are there again after a restart. */
export async function startObjectStore(
  stateDir: string,
  port: number,
  onEvent?: LocalS3Options["onEvent"],
): Promise<ObjectStore & Pick<LocalS3, "endpoint">> {
  const folder = { dir: join(stateDir, "s3"), port, ...(onEvent && { onEvent }) };
  const server = await startLocalS3({ ...folder, ...LOCAL_CREDENTIALS });
  const client = new S3Client({
    endpoint: server.endpoint,
    region: "us-east-1",
    credentials: LOCAL_CREDENTIALS,
    forcePathStyle: true,
  });
  await ensureBucket(client, LOCAL_BUCKET);
  return {
    client,
    bucket: LOCAL_BUCKET,
    endpoint: server.endpoint,
    env: {
      S3_ENDPOINT: server.endpoint,
      S3_BUCKET: LOCAL_BUCKET,
      S3_FORCE_PATH_STYLE: "true",
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
      // A session of the user's own would be sent along with the keys above.
      AWS_SESSION_TOKEN: "",
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Region and credentials are found as in every AWS program. */
export async function useObjectStore(
  { bucket, endpoint }: NonNullable<LocalSettings["objectStore"]>,
  forcePathStyle: boolean,
): Promise<ObjectStore> {
  const client = new S3Client({ ...(endpoint && { endpoint }), forcePathStyle });
  await ensureBucket(client, bucket);
  return {
    client,
    bucket,
    env: {
      S3_BUCKET: bucket,
      S3_FORCE_PATH_STYLE: String(forcePathStyle),
      ...(endpoint && { S3_ENDPOINT: endpoint }),
    },
    [Symbol.asyncDispose]() {
      client.destroy();
      return Promise.resolve();
    },
  };
}

async function ensureBucket(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket })).catch(async (error: unknown) => {
      if (!(error instanceof Error && error.name === "NotFound")) throw error;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
    });
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new Error(
      `the bucket ${bucket} cannot be used (${reason}): check S3_ENDPOINT, S3_BUCKET, AWS_REGION, ` +
        `AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
      { cause },
    );
  }
}

/** A HEAD has no body that would name the error: the status is all there is. */
function reasonOf(error: unknown): string {
  if (error instanceof S3ServiceException && error.$metadata.httpStatusCode !== undefined) {
    return `status ${error.$metadata.httpStatusCode}`;
  }
  return error instanceof Error ? error.message : String(error);
}
