/** Many small statements, made by a warm builder or by the shell line once for each. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { TRANSACTIONS_FILE } from "../../../functions/domain/manifest.ts";
import type { Candidate } from "../bench.ts";
import { startWorker } from "../ledger/worker.ts";
import type { Stage } from "../stage.ts";
import { csvSha256, referenceSha256, sendZips } from "./shell.ts";
import type { GoOpponent } from "./go-opponent.ts";
import type { SmallBuilds } from "./small-builds.ts";

const PROGRAM = join(import.meta.dirname, "small-builds.ts");

export interface SmallBuilder extends AsyncDisposable {
  readonly pid: number;
  make(builds: SmallBuilds): Promise<void>;
}

export async function startSmallBuilder(
  stage: Stage,
  env: NodeJS.ProcessEnv = {},
): Promise<SmallBuilder> {
  const worker = await startWorker<SmallBuilds>(PROGRAM, {
    PATH: process.env["PATH"],
    DATABASE_URL: stage.bank.databaseUrl,
    ...stage.shipped.env,
    ...stage.sink.env,
    K_SINK: `${stage.sink.url}/-/events`,
    IDENTITY: "none",
    ...env,
  });
  return {
    pid: worker.pid,
    make: async (builds) => await worker.tell(builds),
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
}

export function smallByBuilder(
  stage: Stage,
  builder: SmallBuilder,
  builds: SmallBuilds,
): Candidate {
  return {
    name: "builder",
    servers: () => ({
      builder: builder.pid,
      mariadbd: stage.bank.pid,
      sink: stage.sink.process.pid,
    }),
    memoryOf: ["builder"],
    ...checkedCsvs(stage, builds.customers, TRANSACTIONS_FILE),
    async run() {
      await builder.make(builds);
      return {};
    },
  };
}

export function smallByGo(
  stage: Stage,
  opponent: GoOpponent,
  { customers, concurrency }: SmallBuilds,
): Candidate {
  return {
    name: "go",
    servers: () => ({ go: opponent.pid, mariadbd: stage.bank.pid, sink: stage.sink.process.pid }),
    memoryOf: ["go"],
    ...checkedCsvs(stage, customers, ""),
    async run({ warmUp, number }) {
      const folder = `go-${warmUp ? 0 : number}`;
      const statements = customers.map((customerId) => ({
        customerId,
        key: `${folder}/${customerId}.zip`,
      }));
      await opponent.make(statements, concurrency);
      return {};
    },
  };
}

export function smallByShell(stage: Stage, { customers, concurrency }: SmallBuilds): Candidate {
  return {
    name: "shell",
    servers: () => ({ mariadbd: stage.bank.pid, sink: stage.sink.process.pid }),
    ...checkedCsvs(stage, customers, ""),
    async run({ warmUp, number }) {
      const { url, bucket } = stage.sink;
      const folder = `${url}/${bucket}/shell-${warmUp ? 0 : number}`;
      await sendZips(stage, customers, { atOnce: concurrency, url: folder });
      // A line that failed in the background would be fast.
      for (const customer of customers) await mustExist(`${folder}/${customer}.zip`);
      return {};
    },
  };
}

async function mustExist(url: string): Promise<void> {
  const { ok } = await fetch(url, { method: "HEAD" });
  if (!ok) throw new Error("the shell line has lost a statement");
}

/** In the warm-up the CSV of every statement is compared with SQL's own. */
function checkedCsvs(
  stage: Stage,
  customers: readonly string[],
  entry: string,
): Required<Pick<Candidate, "prepare" | "check">> {
  let keptIn: string | undefined;
  return {
    async prepare({ warmUp }) {
      keptIn = warmUp ? await mkdtemp(join(stage.folder, "kept-")) : undefined;
      await stage.sink.keepIn(keptIn);
    },
    async check() {
      if (keptIn === undefined) return {};
      await stage.sink.keepIn(undefined);
      const files = await readdir(keptIn);
      for (const customer of customers) {
        const mine = files.filter((name) => name.startsWith(customer));
        const [file = ""] = mine;
        const sha256 = await csvSha256(stage, join(keptIn, file), entry);
        if (mine.length !== 1 || sha256 !== (await referenceSha256(stage, customer))) {
          throw new Error("a small statement is not the one that SQL writes");
        }
      }
      await rm(keptIn, { recursive: true });
      return {};
    },
  };
}
