/**
 * What the Deployment `sample-bank` of the `local` overlay runs: keeps the sample bank's database with its
 * transactions, the builder's user in it, and the bucket there. Both servers lose what they hold with their
 * pods, so it looks again and again, and fills what is empty. Ready, at PORT, while both are there.
 */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { BucketAlreadyOwnedByYou, CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import * as z from "zod";
import {
  createDatabase,
  grantStatementReader,
  STATEMENT_READER,
} from "../../local/cluster/sample-bank/create-schema.ts";
import { seedBank } from "../../local/cluster/sample-bank/seed.ts";

const number = z.string().regex(/^\d+$/).transform(Number);
const settings = z
  .object({
    DATABASE_URL: z.string(),
    CUSTOMERS: number,
    ROWS: number,
    SEED: number,
    S3_ENDPOINT: z.string(),
    S3_BUCKET: z.string(),
    S3_FORCE_PATH_STYLE: z.string().default("false"),
    PORT: number.default(8080),
  })
  .parse(process.env);

const LOOK_EVERY_MS = 2_000;
const url = new URL(settings.DATABASE_URL);
const database = url.pathname.slice(1);
const bank = { customers: settings.CUSTOMERS, rows: settings.ROWS, seed: settings.SEED };
const s3 = new S3Client({
  endpoint: settings.S3_ENDPOINT,
  forcePathStyle: settings.S3_FORCE_PATH_STYLE === "true",
});

/** The reader's rights come last, so where they are all rows are. */
async function keepBank(): Promise<void> {
  const server = await createConnection(Object.assign(new URL(url), { pathname: "/" }).href);
  try {
    const [rights] = await server.query<RowDataPacket[]>(
      "SELECT 1 FROM mysql.tables_priv WHERE Db = ? AND User = ? AND Table_name = ?",
      [database, STATEMENT_READER.user, "statement_transactions"],
    );
    if (rights.length > 0) return;
  } finally {
    await server.end();
  }
  await createDatabase(url.href);
  await seedBank(url.href, bank);
  await grantStatementReader(url.href);
  console.log(`${bank.customers} customers, ${bank.rows} transactions in ${database}`);
}

async function keepBucket(): Promise<void> {
  try {
    await s3.send(new CreateBucketCommand({ Bucket: settings.S3_BUCKET }));
    console.log(`bucket ${settings.S3_BUCKET}`);
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  }
}

let missing: string | undefined = "not looked at yet";
const health = createServer((_, answer) => {
  answer.writeHead(missing === undefined ? 200 : 503).end(missing);
}).listen(settings.PORT);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

while (!stop.signal.aborted) {
  const results = await Promise.allSettled([keepBank(), keepBucket()]);
  const errors = results.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
  const seen = errors.length > 0 ? errors.join("; ") : undefined;
  if (seen !== missing && seen !== undefined) console.error(seen);
  missing = seen;
  await sleep(LOOK_EVERY_MS, undefined, stop).catch(() => undefined);
}
s3.destroy();
health.close();
