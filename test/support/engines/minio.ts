/** A third real store: MinIO (AGPL-3.0: it is only run). Built once, which takes long. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goProgram } from "../../../infra/local/programs/go-program.ts";
import { startProcess } from "../../../infra/local/programs/server-process.ts";
import type { S3Server } from "../s3-server.ts";
import { s3ServerOf } from "./s3-server-of.ts";

/** The last version under that licence, of 12 February 2026. */
const VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c";

export async function minio(): Promise<string> {
  return await goProgram({
    name: "minio",
    version: VERSION,
    takes: "15 minutes",
    build: () => ["install", "-ldflags", "-s -w", `github.com/minio/minio@${VERSION}`],
  });
}

export async function startMinio(): Promise<S3Server> {
  const command = await minio();
  const folder = await mkdtemp(join(tmpdir(), "minio-"));
  const credentials = {
    accessKeyId: `test-${randomBytes(6).toString("hex")}`,
    secretAccessKey: randomBytes(20).toString("hex"),
  };
  const launch = (port: number) =>
    startProcess({
      name: "minio",
      command,
      args: ["server", "--quiet", "--address", `127.0.0.1:${port}`, join(folder, "data")],
      env: {
        ...process.env,
        MINIO_ROOT_USER: credentials.accessKeyId,
        MINIO_ROOT_PASSWORD: credentials.secretAccessKey,
        MINIO_BROWSER: "off",
        MINIO_UPDATE: "off",
      },
      logFile: join(folder, "minio.log"),
    });
  return await s3ServerOf(credentials, launch, () => rm(folder, { recursive: true, force: true }));
}
