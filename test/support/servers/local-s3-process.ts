/** The local S3 server as a process of its own, to be killed: `node local-s3-process.ts DIR`. */
import { startLocalS3 } from "../../../infra/local/cluster/s3/server.ts";

export const KEYS = { accessKeyId: "local", secretAccessKey: "local-secret", region: "us-east-1" };

if (import.meta.main) {
  const server = await startLocalS3({ dir: process.argv[2] ?? "", ...KEYS });
  process.stdout.write(`${server.endpoint}\n`);
}
