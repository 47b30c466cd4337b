/** The database alone: the builder's own rows, to a client that drops them. */
import { join } from "node:path";
import type { Candidate } from "../bench.ts";
import { startWorker } from "../ledger/worker.ts";
import type { Stage } from "../stage.ts";
import type { Discard } from "./discard.ts";
import { rowsSql } from "./statement-sql.ts";

const PROGRAM = join(import.meta.dirname, "discard.ts");

/**
 * Stricter than `mariadb -q > /dev/null`, which takes twice the CPU time to make lines of the rows,
 * and on two cores a fifth longer.
 */
export async function startFloor(
  stage: Stage,
  customerId: string,
): Promise<Candidate & AsyncDisposable> {
  const client = await startWorker<Discard>(PROGRAM, {
    PATH: process.env["PATH"],
    DATABASE_URL: stage.bank.databaseUrl,
  });
  return {
    name: "floor",
    servers: () => ({ client: client.pid, mariadbd: stage.bank.pid }),
    memoryOf: ["client"],
    async run() {
      await client.tell({ sql: rowsSql(customerId) });
      return {};
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
