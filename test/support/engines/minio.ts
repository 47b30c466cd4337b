/** A third real store: MinIO (AGPL-3.0: it is only run). Built once, which takes long. */
import { join } from "node:path";
import { goProgram } from "../../../infra/local/programs/go-program.ts";
import { startStoreProgram, type S3Server } from "../servers/s3-server.ts";

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
  return await startStoreProgram((folder, keys) => (port) => ({
    name: "minio",
    command,
    args: ["server", "--quiet", "--address", `127.0.0.1:${port}`, join(folder, "data")],
    env: {
      ...process.env,
      MINIO_ROOT_USER: keys.accessKeyId,
      MINIO_ROOT_PASSWORD: keys.secretAccessKey,
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
    },
  }));
}
