/** What SQL itself says about a period, by queries that share nothing with the builder's. */
import type { RowDataPacket } from "mysql2/promise";
import type { Manifest } from "../../../functions/domain/manifest.ts";
import { parseAmount } from "../../../functions/domain/money/money.ts";
import { connectToBank } from "../cluster/sample-bank/bank-connection.ts";

const TOTALS = `
  SELECT a.account_id, a.currency,
    COUNT(t.id) AS row_count,
    COALESCE(SUM(GREATEST(t.amount, 0)), 0) AS credits,
    COALESCE(SUM(-LEAST(t.amount, 0)), 0) AS debits,
    COALESCE((SELECT SUM(b.amount) FROM statement_transactions AS b
              WHERE b.account_id = a.account_id AND b.status = 'BOOK' AND b.?? < ?), 0) AS closing
  FROM statement_accounts AS a
  LEFT JOIN statement_transactions AS t
    ON t.account_id = a.account_id AND t.status = 'BOOK' AND t.?? >= ? AND t.?? < ?
  WHERE a.customer_id = ?
  GROUP BY a.account_id, a.currency`;

/** Differences between the manifest and SQL, one a line; none is what it should be. */
export async function differencesToSql(databaseUrl: string, manifest: Manifest): Promise<string[]> {
  const { basis, start_date, end_date, ...instants } = manifest.period;
  const byDay = basis === "booking_date";
  const column = byDay ? "booking_date" : "posted_at";
  const from = byDay ? start_date : sqlTime(instants.from);
  const to = byDay ? dayAfter(end_date) : sqlTime(instants.to);
  await using connection = await connectToBank(databaseUrl);
  const [rows] = await connection.query<RowDataPacket[]>(TOTALS, [
    ...[column, to],
    ...[column, from],
    ...[column, to],
    manifest.customer_id,
  ]);
  const bySql = rows.map((row) => JSON.stringify(Object.values(row).map(String).map(plain)));
  const byManifest = manifest.totals.map((one) =>
    JSON.stringify(
      [
        one.account_id,
        one.currency,
        String(one.credits.count + one.debits.count),
        one.credits.sum,
        one.debits.sum,
        one.closing,
      ].map(plain),
    ),
  );
  const onlySql = bySql.filter((one) => !byManifest.includes(one));
  const onlyManifest = byManifest.filter((one) => !bySql.includes(one));
  return [...onlySql.map((one) => `SQL: ${one}`), ...onlyManifest.map((one) => `manifest: ${one}`)];
}

/** An amount without the zeros at its end, so that scales do not matter; other texts as they are. */
function plain(text: string): string {
  const minor = parseAmount(text, 4);
  return minor === undefined ? text : String(minor);
}

function dayAfter(date: string): string {
  return new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
}

/** `2025-01-01T00:00:00.000Z` as a DATETIME in UTC. */
function sqlTime(rfc3339: string): string {
  return new Date(rfc3339).toISOString().slice(0, 23).replace("T", " ");
}
