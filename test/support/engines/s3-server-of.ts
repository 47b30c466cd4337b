/** The handle of a store's process that tests work with, whichever store it is. */
import { randomUUID } from "node:crypto";
import { CreateBucketCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { startOnPort, type ServerProcess } from "../../../infra/local/programs/server-process.ts";
import type { S3Server } from "../s3-server.ts";

const REGION = "us-east-1";

/** Resolves when it takes signed requests, and has a bucket. `onClose` runs when it is gone. */
export async function s3ServerOf(
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
  launch: (port: number) => ServerProcess,
  onClose: () => Promise<void>,
): Promise<S3Server> {
  await using opened = new AsyncDisposableStack();
  opened.defer(onClose);
  const clientOn = (port: number) =>
    new S3Client({
      endpoint: `http://127.0.0.1:${port}`,
      region: REGION,
      credentials,
      forcePathStyle: true,
    });
  const answers = (port: number) => takesRequests(clientOn(port));
  const started = await startOnPort(launch, answers);
  const { port } = started;
  let server = started.process;
  // Nobody wants its data any more, and some take ten seconds to say good-bye.
  opened.defer(() => server.kill());
  const createBucket = async (name = `bucket-${randomUUID()}`) => {
    const s3 = clientOn(port);
    try {
      await s3.send(new CreateBucketCommand({ Bucket: name }));
    } finally {
      s3.destroy();
    }
    return name;
  };
  const bucket = await createBucket("statements");
  const endpoint = `http://127.0.0.1:${port}`;
  const closing = opened.move();
  return {
    endpoint,
    port,
    region: REGION,
    ...credentials,
    bucket,
    env: {
      S3_ENDPOINT: endpoint,
      S3_BUCKET: bucket,
      S3_FORCE_PATH_STYLE: "true",
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    get pid() {
      return server.pid;
    },
    createBucket,
    client: () => clientOn(port),
    async start() {
      await server.stop();
      server = launch(port);
      await server.ready(() => answers(port));
    },
    stop: () => server.stop(),
    kill: () => server.kill(),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

async function takesRequests(client: S3Client): Promise<boolean> {
  try {
    await client.send(new ListBucketsCommand({}), { abortSignal: AbortSignal.timeout(2_000) });
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}
