/**
 * The program most people would write first: objects from kysely's stream, csv-stringify, archiver
 * at level 9, lib-storage. It makes the same CSV and proves nothing. `node naive-node.ts CUSTOMER KEY`
 */

import { PassThrough, Readable } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { ZipArchive } from "archiver";
import { stringify } from "csv-stringify";
import { Kysely, MysqlDialect } from "kysely";
import { createPool } from "mysql2";

interface Row {
  customer_id: string;
  account_id: string;
  id: string;
  booking_date: string;
  posted_at: string;
  value_date: string;
  status: string;
  amount: string;
  currency: string;
  balance_after: string;
  type: string;
  description: string | null;
  counterparty_name: string | null;
  counterparty_account: string | null;
  reference: string | null;
  reversal_of: string | null;
}

const COLUMNS = [
  "account_id",
  "id",
  "booking_date",
  "posted_at",
  "value_date",
  "status",
  "amount",
  "currency",
  "balance_after",
  "type",
  "description",
  "counterparty_name",
  "counterparty_account",
  "reference",
  "reversal_of",
] as (keyof Row)[];

const [customerId = "", key = ""] = process.argv.slice(2);
const pool = createPool({
  uri: process.env["DATABASE_URL"] ?? "",
  supportBigNumbers: true,
  bigNumberStrings: true,
  dateStrings: true,
  timezone: "Z",
});
const db = new Kysely<{ statement_transactions: Row }>({ dialect: new MysqlDialect({ pool }) });
const rows = db
  .selectFrom("statement_transactions")
  .select(COLUMNS)
  .where("customer_id", "=", customerId)
  .where("posted_at", ">=", "2024-01-01 00:00:00")
  .where("posted_at", "<", "2026-01-01 00:00:00")
  .where("status", "=", "BOOK")
  .orderBy("posted_at")
  .orderBy("id")
  .stream();

const csv = Readable.from(lines()).pipe(
  stringify({ header: true, record_delimiter: "\r\n", quoted_match: /[\r\n]/ }),
);
const archive = new ZipArchive({ zlib: { level: 9 } });
const zip = archive.pipe(new PassThrough());
archive.append(csv, { name: "transactions.csv" });
await Promise.all([
  archive.finalize(),
  new Upload({
    client: new S3Client({
      endpoint: process.env["S3_ENDPOINT"] ?? "",
      forcePathStyle: true,
    }),
    params: { Bucket: process.env["S3_BUCKET"] ?? "", Key: key, Body: zip },
  }).done(),
]);
await db.destroy();

async function* lines() {
  let line = 0;
  for await (const row of rows) {
    line += 1;
    yield {
      line,
      account_id: row.account_id,
      transaction_id: row.id,
      booking_date: row.booking_date,
      posted_at: `${row.posted_at.replace(" ", "T")}Z`,
      value_date: row.value_date,
      status: row.status,
      credit_debit: row.amount.startsWith("-") ? "DBIT" : "CRDT",
      amount: Number(row.amount).toFixed(2),
      currency: row.currency,
      balance_after: Number(row.balance_after).toFixed(2),
      type: row.type,
      description: guarded(row.description),
      counterparty_name: guarded(row.counterparty_name),
      counterparty_account: row.counterparty_account?.replace(/.(?=.{4})/g, "*"),
      reference: guarded(row.reference),
      reversal_of: row.reversal_of,
    };
  }
}

function guarded(text: string | null): string | null {
  return text !== null && /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
}
