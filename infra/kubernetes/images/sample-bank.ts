/**
 * What the Job `sample-bank` of the `local` overlay runs: makes the sample bank's database with its
 * transactions, the builder's user in it, and the bucket. May be repeated.
 */
import { BucketAlreadyOwnedByYou, CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { createConnection } from "mysql2/promise";
import * as z from "zod";
import { grantStatementReader } from "../../local/cluster/sample-bank/create-schema.ts";
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
  })
  .parse(process.env);

const url = new URL(settings.DATABASE_URL);
const database = url.pathname.slice(1);
const server = await createConnection(Object.assign(new URL(url), { pathname: "/" }).href);
await server.query("CREATE DATABASE IF NOT EXISTS ?? CHARACTER SET utf8mb4", [database]);
await server.end();
await seedBank(url.href, {
  customers: settings.CUSTOMERS,
  rows: settings.ROWS,
  seed: settings.SEED,
});
await grantStatementReader(url.href);
console.log(`${settings.CUSTOMERS} customers, ${settings.ROWS} transactions in ${database}`);

const s3 = new S3Client({
  endpoint: settings.S3_ENDPOINT,
  forcePathStyle: settings.S3_FORCE_PATH_STYLE === "true",
});
try {
  await s3.send(new CreateBucketCommand({ Bucket: settings.S3_BUCKET }));
} catch (error) {
  if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
}
console.log(`bucket ${settings.S3_BUCKET}`);
