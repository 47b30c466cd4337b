import type { RowDataPacket } from "mysql2/promise";
import { connectToBank } from "../../cluster/sample-bank/bank-connection.ts";

const SHOWN = 50;

/** Ids to choose from, where the database shows any; nothing depends on them. */
export async function someCustomers(databaseUrl: string, view: string): Promise<readonly string[]> {
  try {
    await using connection = await connectToBank(databaseUrl);
    const [rows] = await connection.query<RowDataPacket[]>(
      "SELECT DISTINCT customer_id FROM ?? ORDER BY customer_id LIMIT ?",
      [view, SHOWN],
    );
    return rows.map((row) => String(row["customer_id"]));
  } catch {
    return [];
  }
}
