/** A private MariaDB with the bench's bank, loaded once and kept in the cache folder. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { cacheFolder, onceInCache } from "../../../infra/local/programs/cache-folder.ts";
import { bankDatabase } from "../../../infra/local/cluster/bank.ts";
import { startMariaDb } from "../../../infra/local/cluster/mariadb.ts";
import { STATEMENT_READER } from "../../../infra/local/cluster/sample-bank/create-schema.ts";
import { type BankSize, FULL_BANK, QUICK_BANK, QUICK_TEXT_BANK, TEXT_BANK } from "./customers.ts";
import { loadBank } from "./load.ts";

const SAMPLE_BANK = join(import.meta.dirname, "../../../infra/local/cluster/sample-bank");

export interface BenchBank extends AsyncDisposable {
  readonly size: BankSize;
  /** As the builder's own reader, who sees the two views. */
  readonly databaseUrl: string;
  readonly port: number;
  readonly pid: number;
}

export async function openBank(quick: boolean): Promise<BenchBank> {
  return await openBankOf(quick ? QUICK_BANK : FULL_BANK);
}

/** One customer, whose transactions say much. */
export async function openTextBank(quick: boolean): Promise<BenchBank> {
  return await openBankOf(quick ? QUICK_TEXT_BANK : TEXT_BANK);
}

async function openBankOf(size: BankSize): Promise<BenchBank> {
  const folder = await bankFolder(size);
  const server = await startMariaDb({
    dataDir: join(folder, "data"),
    settings: [`--innodb-buffer-pool-size=${poolBytes()}`],
  });
  const { username, password } = { ...STATEMENT_READER, username: STATEMENT_READER.user };
  const url = Object.assign(new URL("bank", server.url), { username, password });
  return {
    size,
    databaseUrl: url.href,
    port: server.port,
    pid: server.pid,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Room for the whole bank: what is measured is not the disk. */
function poolBytes(): number {
  return Math.floor(Math.min(5e9, totalmem() / 3));
}

async function bankFolder(size: BankSize): Promise<string> {
  const name = `bench-bank-${size.name}-${await fingerprint()}`;
  if (!existsSync(join(cacheFolder(), name))) console.log(`loading the ${size.name} bank (once) …`);
  return await onceInCache(name, async (folder) => {
    const began = performance.now();
    await using server = await startMariaDb({
      dataDir: join(folder, "data"),
      settings: [`--innodb-buffer-pool-size=${poolBytes()}`, "--innodb-log-file-size=1G"],
      log: console.log,
    });
    await loadBank(await bankDatabase(server.url), size);
    console.log(`  loaded in ${Math.round((performance.now() - began) / 1000)} s`);
  });
}

/** Of everything the data follows from: what is changed there is loaded anew. */
async function fingerprint(): Promise<string> {
  const own = ["customers.ts", "texts.ts", "rows.ts", "load.ts"].map((name) =>
    join(import.meta.dirname, name),
  );
  const shipped = ["schema.sql", "grants.sql", "random.ts"].map((name) => join(SAMPLE_BANK, name));
  const hash = createHash("sha256");
  for (const file of [...own, ...shipped]) hash.update(await readFile(file));
  return hash.digest("hex").slice(0, 12);
}
