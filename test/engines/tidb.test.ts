/** A real TiDB, which is refused by name before anything is read; `make test-engines` alone has one. */
import { createConnection } from "mysql2/promise";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { startTidb } from "../support/engines/tidb.ts";
import { insertAccount, openSnapshot, readTransactions } from "../support/statements/statement.ts";
import { makeTool } from "../support/operator/statements-tool.ts";

const JANUARY = { customerId: "c1", startDate: "2025-01-01", endDate: "2025-01-31" };

test("is refused by the builder at its start and for each request, and by doctor", async () => {
  await using server = await startTidb();
  await using connection = await createConnection({ uri: server.url, multipleStatements: true });
  await connection.query(`CREATE DATABASE bank; USE bank; ${BANK_SCHEMA}; ${insertAccount("a1")}`);
  const url = `${server.url}bank`;
  await using transactions = readTransactions(url);
  const refused = { name: "StatementFailure", code: "unsupported_database", detail: "TiDB" };
  await expect(transactions.ready(new AbortController().signal)).rejects.toMatchObject(refused);
  await expect(openSnapshot(transactions, JANUARY)).rejects.toMatchObject(refused);
  const { stdout } = await makeTool({ KUBECONFIG: "/none", DATABASE_URL: url })("doctor");
  expect(stdout).toMatch(/^no {2}the database refuses the builder's session: TiDB has no/m);
  // The day it has such a snapshot, this may end.
  await expect(
    connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"),
  ).rejects.toMatchObject({ errno: 1064 });
});
