/** A real S3 server of a test file's own: versitygw over a fresh directory. */
import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import {
  ServerExited,
  startOnPort,
  startProcess,
} from "../../infra/local/programs/server-process.ts";
import { versitygw } from "../../infra/local/programs/versitygw.ts";

const run = promisify(execFile);
const REGION = "us-east-1";

export interface S3Server extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`; clients need `forcePathStyle: true`. The same after a restart. */
  readonly endpoint: string;
  readonly port: number;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** A bucket that is there from the start. */
  readonly bucket: string;
  /** The settings above as `AWS_*`, `S3_ENDPOINT`, `S3_BUCKET` and `S3_FORCE_PATH_STYLE`. */
  readonly env: Readonly<Record<string, string>>;
  readonly pid: number;
  /** Another empty bucket; its name is made up when none is given. */
  createBucket(name?: string): Promise<string>;
  /** A client of the test's own; whoever asks for one destroys it. */
  client(): S3Client;
  /** Starts it again after `stop` or `kill`, on the same objects and port. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface S3ServerOptions {
  /** Takes the bucket notifications; it must answer before the server starts. */
  readonly eventWebhookUrl?: string;
  /** Users besides the owner, `ACCESS KEY: SECRET`, with no right but what a bucket policy gives. */
  readonly users?: Readonly<Record<string, string>>;
}

export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const command = await versitygw();
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "s3-server-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "objects"));
  await mkdir(join(folder, "sidecar"));
  await mkdir(join(folder, "users"));
  const credentials = {
    accessKeyId: `test-${randomBytes(6).toString("hex")}`,
    secretAccessKey: randomBytes(20).toString("hex"),
  };
  const launchWith = (storage: readonly string[]) => (port: number) =>
    startProcess({
      name: "versitygw",
      command,
      args: [
        "--access",
        credentials.accessKeyId,
        "--secret",
        credentials.secretAccessKey,
        "--region",
        REGION,
        "--port",
        `127.0.0.1:${port}`,
        "--health",
        "/health",
        "--quiet",
        "--keep-alive",
        ...(options.eventWebhookUrl ? ["--event-webhook-url", options.eventWebhookUrl] : []),
        ...(options.users ? ["--iam-dir", join(folder, "users")] : []),
        "posix",
        ...storage,
        join(folder, "objects"),
      ],
      logFile: join(folder, "versitygw.log"),
    });
  let launch = launchWith([]);
  const started = await startOnPort(launch, isHealthy).catch(async (error: unknown) => {
    if (!(error instanceof ServerExited && /xattr/i.test(error.message))) throw error;
    // A file system without extended attributes: the objects' metadata go into files of their own.
    launch = launchWith(["--sidecar", join(folder, "sidecar")]);
    return await startOnPort(launch, isHealthy);
  });
  const { port } = started;
  let server = started.process;
  opened.defer(() => server.stop());

  const endpoint = `http://127.0.0.1:${port}`;
  for (const [access, secret] of Object.entries(options.users ?? {})) {
    const owner = ["--access", credentials.accessKeyId, "--secret", credentials.secretAccessKey];
    await run(command, [
      "admin",
      ...owner,
      "--endpoint-url",
      endpoint,
      "create-user",
      "--access",
      access,
      "--secret",
      secret,
      "--role",
      "user",
    ]);
  }
  const client = () =>
    new S3Client({ endpoint, region: REGION, credentials, forcePathStyle: true });
  const createBucket = async (name = `bucket-${randomUUID()}`) => {
    const s3 = client();
    try {
      await s3.send(new CreateBucketCommand({ Bucket: name }));
    } finally {
      s3.destroy();
    }
    return name;
  };
  const bucket = await createBucket("statements");
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
    client,
    async start() {
      await server.stop();
      server = launch(port);
      await server.ready(() => isHealthy(port));
    },
    stop: () => server.stop(),
    kill: () => server.kill(),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

export async function withS3Server<T>(
  use: (server: S3Server) => Promise<T>,
  options?: S3ServerOptions,
): Promise<T> {
  await using server = await startS3Server(options);
  return await use(server);
}

async function isHealthy(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/health`);
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
