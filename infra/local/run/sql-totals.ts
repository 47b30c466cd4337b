/** What SQL itself says about a period, by queries that share nothing with the builder's. */
import { createConnection, type RowDataPacket } from "mysql2/promise";
import type { Manifest } from "../../../functions/domain/manifest.ts";
import { parseAmount } from "../../../functions/domain/money.ts";

const TOTALS = `
  SELECT a.account_id, a.currency,
    COUNT(t.id) AS row_count,
    COALESCE(SUM(GREATEST(t.amount, 0)), 0) AS credits,
    COALESCE(SUM(-LEAST(t.amount, 0)), 0) AS debits,
    COALESCE((SELECT b.balance_after FROM statement_transactions AS b
              WHERE b.account_id = a.account_id AND b.status = 'BOOK' AND b.posted_at < ?
              ORDER BY b.posted_at DESC, b.id DESC LIMIT 1), 0) AS closing
  FROM statement_accounts AS a
  LEFT JOIN statement_transactions AS t
    ON t.account_id = a.account_id AND t.status = 'BOOK' AND t.posted_at >= ? AND t.posted_at < ?
  WHERE a.customer_id = ?
  GROUP BY a.account_id, a.currency`;

/** Differences between the manifest and SQL, one a line; none is what it should be. */
export async function differencesToSql(databaseUrl: string, manifest: Manifest): Promise<string[]> {
  const { from, to } = manifest.period;
  await using connection = await createConnection({
    uri: databaseUrl,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    timezone: "Z",
  });
  const [rows] = await connection.query<RowDataPacket[]>(TOTALS, [
    sqlTime(to),
    sqlTime(from),
    sqlTime(to),
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

/** `2025-01-01T00:00:00.000Z` as a DATETIME in UTC. */
function sqlTime(rfc3339: string): string {
  return new Date(rfc3339).toISOString().slice(0, 23).replace("T", " ");
}
