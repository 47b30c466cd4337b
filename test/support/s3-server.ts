/** A real S3 server of a test file's own: versitygw over a fresh directory. */
import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort } from "../../infra/local/free-port.ts";
import {
  ServerExited,
  startProcess,
  type ServerProcess,
} from "../../infra/local/server-process.ts";
import { goProgram } from "./go-program.ts";

const VERSION = "v1.8.0";
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
}

/** Finds versitygw on the PATH, or builds it once. */
export function versitygw(): Promise<string> {
  return goProgram({
    name: "versitygw",
    version: VERSION,
    takes: "3 minutes",
    build: () => [
      ...["install", "-ldflags", "-s -w"],
      `github.com/versity/versitygw/cmd/versitygw@${VERSION}`,
    ],
  });
}

export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const command = await versitygw();
  const folder = await mkdtemp(join(tmpdir(), "s3-server-"));
  const credentials = {
    accessKeyId: `test-${randomBytes(6).toString("hex")}`,
    secretAccessKey: randomBytes(20).toString("hex"),
  };
  const launch = (port: number, storage: readonly string[]) =>
    startProcess({
      name: "versitygw",
      command,
      args: [
        ...["--access", credentials.accessKeyId, "--secret", credentials.secretAccessKey],
        ...["--region", REGION, "--port", `127.0.0.1:${port}`],
        ...["--health", "/health", "--quiet", "--keep-alive"],
        ...(options.eventWebhookUrl ? ["--event-webhook-url", options.eventWebhookUrl] : []),
        ...["posix", ...storage, join(folder, "objects")],
      ],
      logFile: join(folder, "versitygw.log"),
    });
  try {
    await mkdir(join(folder, "objects"));
    await mkdir(join(folder, "sidecar"));
    const started = await startSomehow(launch, join(folder, "sidecar"));
    const server = s3Server(started, credentials, folder);
    await server.createBucket(server.bucket).catch(async (error: unknown) => {
      await started.process.kill();
      throw error;
    });
    return server;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

export async function withS3Server<T>(
  use: (server: S3Server) => Promise<T>,
  options?: S3ServerOptions,
): Promise<T> {
  await using server = await startS3Server(options);
  return await use(server);
}

interface Started {
  readonly process: ServerProcess;
  readonly port: number;
  readonly again: () => ServerProcess;
}

const TRIES = 5;

/** On a free port; with metadata beside the objects where the file system has no xattrs. */
async function startSomehow(
  launch: (port: number, storage: readonly string[]) => ServerProcess,
  sidecar: string,
): Promise<Started> {
  let storage: readonly string[] = [];
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const again = () => launch(port, storage);
    const process = again();
    try {
      await process.ready(() => isHealthy(port));
      return { process, port, again };
    } catch (error) {
      await process.kill();
      if (!(error instanceof ServerExited) || tries === TRIES) throw error;
      if (/xattr/i.test(error.message)) storage = ["--sidecar", sidecar];
      else if (!error.portTaken) throw error;
    }
  }
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

function s3Server(
  { process: started, port, again }: Started,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
  folder: string,
): S3Server {
  let process = started;
  const endpoint = `http://127.0.0.1:${port}`;
  const client = () =>
    new S3Client({ endpoint, region: REGION, credentials, forcePathStyle: true });
  return {
    endpoint,
    port,
    region: REGION,
    ...credentials,
    bucket: "statements",
    env: {
      S3_ENDPOINT: endpoint,
      S3_BUCKET: "statements",
      S3_FORCE_PATH_STYLE: "true",
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    get pid() {
      return process.pid;
    },
    async createBucket(name = `bucket-${randomUUID()}`) {
      const s3 = client();
      try {
        await s3.send(new CreateBucketCommand({ Bucket: name }));
      } finally {
        s3.destroy();
      }
      return name;
    },
    client,
    async start() {
      await process.stop();
      process = again();
      await process.ready(() => isHealthy(port));
    },
    stop: () => process.stop(),
    kill: () => process.kill(),
    async [Symbol.asyncDispose]() {
      await process.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
