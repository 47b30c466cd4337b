/** A real S3 server of a test file's own: a process over a fresh folder, whichever store it is. */
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import {
  startServer,
  type Server,
  type ServerCommand,
} from "../../../infra/local/programs/server-process.ts";

export const REGION = "us-east-1";

export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3Server extends Server, S3Keys {
  /** `http://127.0.0.1:PORT`; clients need `forcePathStyle: true`. The same after a restart. */
  readonly endpoint: string;
  readonly region: string;
  /** A bucket that is there from the start. */
  readonly bucket: string;
  /** The settings above as `AWS_*`, `S3_ENDPOINT`, `S3_BUCKET` and `S3_FORCE_PATH_STYLE`. */
  readonly env: Readonly<Record<string, string>>;
  /** Another empty bucket; its name is made up when none is given. */
  createBucket(name?: string): Promise<string>;
  /** A client of the test's own; whoever asks for one destroys it. */
  client(): S3Client;
}

/**
 * The command of a store, all of whose files are below `folder`, and which lets the owner of `keys` in.
 * What it needs beside itself goes with `opened`.
 */
export type StoreProgram = (
  folder: string,
  keys: S3Keys,
  opened: AsyncDisposableStack,
) => CommandOnPort | Promise<CommandOnPort>;
type CommandOnPort = (port: number) => Omit<ServerCommand, "logFile">;

/** Resolves when it takes signed requests, and has a bucket. */
export async function startStoreProgram(program: StoreProgram): Promise<S3Server> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "s3-server-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const credentials = {
    accessKeyId: `test${randomBytes(6).toString("hex")}`,
    secretAccessKey: randomBytes(20).toString("hex"),
  };
  const clientOn = (port: number) =>
    new S3Client({
      endpoint: `http://127.0.0.1:${port}`,
      region: REGION,
      credentials,
      forcePathStyle: true,
    });
  const commandOn = await program(folder, credentials, opened);
  const server = await startServer(
    (port) => ({ ...commandOn(port), logFile: join(folder, "server.log") }),
    (port) => takesRequests(clientOn(port)),
  );
  // Nobody wants its data any more, and some take ten seconds to say good-bye.
  opened.defer(() => server.kill());
  const { port } = server;
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
  return Object.assign(server, {
    endpoint,
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
    createBucket,
    client: () => clientOn(port),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  });
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
