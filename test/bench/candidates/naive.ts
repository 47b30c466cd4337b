import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Candidate } from "../bench.ts";
import type { Stage } from "../stage.ts";
import { csvSha256, shell } from "./shell.ts";

const PROGRAM = join(import.meta.dirname, "naive-node.ts");

/** The plain Node program. It is slow enough to be run once: that once is checked. */
export function naiveNode(
  stage: Stage,
  customerId: string,
  sha256: string,
  name: string,
): Candidate {
  const key = `naive-${customerId}.zip`;
  let keptIn = "";
  return {
    name,
    servers: () => ({ mariadbd: stage.bank.pid, sink: stage.sink.process.pid }),
    async prepare() {
      keptIn = await mkdtemp(join(stage.folder, "kept-"));
      await stage.sink.keepIn(keptIn);
    },
    async run() {
      await shell(stage, 'exec "$NODE" "$PROGRAM" "$CUSTOMER" "$KEY"', {
        ...stage.sink.env,
        NODE: process.execPath,
        PROGRAM,
        CUSTOMER: customerId,
        KEY: key,
        DATABASE_URL: stage.bank.databaseUrl,
      });
      return {};
    },
    async check() {
      await stage.sink.keepIn(undefined);
      if ((await csvSha256(stage, join(keptIn, key))) !== sha256) {
        throw new Error("its CSV is not the one that SQL writes");
      }
      await rm(keptIn, { recursive: true });
      return {};
    },
  };
}
