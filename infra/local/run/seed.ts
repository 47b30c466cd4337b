/** `make seed`: fills the bank of `make run`, whether that is up or not, or of `DATABASE_URL`. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import { bankDatabase, ensureDatabase, startBankServer } from "../cluster/bank.ts";
import { customerId } from "../cluster/sample-bank/customers.ts";
import { seedBank } from "../cluster/sample-bank/seed.ts";
import { END_DAY, FIRST_DAY, type SampleBank } from "../cluster/sample-bank/transactions.ts";
import { freePort } from "../programs/free-port.ts";
import { claimFolder, runningIn } from "../running.ts";
import { readLocalSettings, type LocalSettings } from "../settings.ts";

const PROGRESS_EVERY_MS = 1_000;

async function main(bank: SampleBank): Promise<void> {
  const settings = readLocalSettings(process.env);
  await using opened = new AsyncDisposableStack();
  if (settings.databaseUrl) await ensureDatabase(settings.databaseUrl);
  const url = settings.databaseUrl ?? (await bankOfRun(settings, opened));
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  let shownAt = 0;
  await seedBank(url, bank, (rows) => {
    if (performance.now() - shownAt < PROGRESS_EVERY_MS) return;
    shownAt = performance.now();
    const percent = Math.floor((100 * rows) / bank.rows);
    console.log(`${String(percent).padStart(3)} %  ${rows.toLocaleString("en")} transactions`);
  });
  console.log(
    `${bank.customers.toLocaleString("en")} customers (${customerId(1)} …), ` +
      `${bank.rows.toLocaleString("en")} transactions from ${FIRST_DAY} until before ${END_DAY}, ` +
      `in ${seconds().toFixed(1)} s`,
  );
}

/**
 * The running server, or one started on the same data for as long as this takes: nobody else starts meanwhile.
 *
 * @throws Error that says who has the folder
 */
async function bankOfRun(settings: LocalSettings, opened: AsyncDisposableStack): Promise<string> {
  const { outDir } = settings;
  const running = runningIn(outDir);
  // A demo's bank is not kept.
  const url = running?.mode === "run" ? running.bankOwnerUrl : undefined;
  if (url !== undefined && (await answers(url))) return url;
  opened.use(await claimFolder(outDir, "seed", join(outDir, "logs")));
  const port = await freePort();
  const stateDir = join(outDir, "state", "run");
  await mkdir(stateDir, { recursive: true });
  const server = opened.use(await startBankServer({ stateDir, port, log: console.log }));
  return await bankDatabase(server.url);
}

async function answers(url: string): Promise<boolean> {
  try {
    await using connection = await createConnection(url);
    await connection.ping();
    return true;
  } catch {
    return false;
  }
}

function wholeNumber(name: string, text: string | undefined, min: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new Error(`${name} is not valid: a whole number from ${min}`);
}

try {
  const [customers, rows, seed] = process.argv.slice(2);
  await main({
    customers: wholeNumber("CUSTOMERS", customers, 1),
    rows: wholeNumber("ROWS", rows, 0),
    seed: wholeNumber("SEED", seed, 0),
  });
} catch (error) {
  console.error(`✗ ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
