/** The store that most tests run on: versitygw. */
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ServerExited } from "../../../infra/local/programs/server-process.ts";
import { versitygw } from "../../../infra/local/programs/versitygw.ts";
import { REGION, startStoreProgram, type S3Server, type StoreProgram } from "./s3-server.ts";

const run = promisify(execFile);

export interface S3ServerOptions {
  /** Takes the bucket notifications; it must answer before the server starts. */
  readonly eventWebhookUrl?: string;
  /** Users besides the owner, `ACCESS KEY: SECRET`, with no right but what a bucket policy gives. */
  readonly users?: Readonly<Record<string, string>>;
}

export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const command = await versitygw();
  const program =
    (sidecar: boolean): StoreProgram =>
    async (folder, { accessKeyId, secretAccessKey }) => {
      for (const name of ["objects", "sidecar", "users"]) await mkdir(join(folder, name));
      return (port) => ({
        name: "versitygw",
        command,
        args: [
          ...["--access", accessKeyId, "--secret", secretAccessKey, "--region", REGION],
          ...["--port", `127.0.0.1:${port}`, "--quiet", "--keep-alive"],
          ...(options.eventWebhookUrl ? ["--event-webhook-url", options.eventWebhookUrl] : []),
          ...(options.users ? ["--iam-dir", join(folder, "users")] : []),
          "posix",
          ...(sidecar ? ["--sidecar", join(folder, "sidecar")] : []),
          join(folder, "objects"),
        ],
      });
    };
  const server = await startStoreProgram(program(false)).catch(async (error: unknown) => {
    if (!(error instanceof ServerExited && /xattr/i.test(error.message))) throw error;
    // A file system without extended attributes: the objects' metadata go into files of their own.
    return await startStoreProgram(program(true));
  });
  for (const user of Object.entries(options.users ?? {})) await createUser(command, server, user);
  return server;
}

async function createUser(
  command: string,
  { endpoint, accessKeyId, secretAccessKey }: S3Server,
  [access, secret]: readonly [string, string],
): Promise<void> {
  await run(command, [
    ...["admin", "--access", accessKeyId, "--secret", secretAccessKey, "--endpoint-url", endpoint],
    ...["create-user", "--access", access, "--secret", secret, "--role", "user"],
  ]);
}

export async function withS3Server<T>(
  use: (server: S3Server) => Promise<T>,
  options?: S3ServerOptions,
): Promise<T> {
  await using server = await startS3Server(options);
  return await use(server);
}
