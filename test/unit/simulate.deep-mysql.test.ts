/** The MySQL server of the deep simulation, to the shipped client. */
import { answersOf, isWholeOf } from "../simulate/deep/deep-bank.ts";
import { startMySqlServer, type MySqlFault } from "../simulate/deep/mysql-server.ts";
import { makeTransactions } from "../../functions/statement-builder/source/transactions.ts";
import { makeTestLog } from "../support/functions/event-server.ts";

const PERIOD = { from: Date.parse("2025-01-01"), to: Date.parse("2025-02-01") };

async function read(
  customerId: string,
  faultOf: () => MySqlFault | undefined = () => undefined,
  period = PERIOD,
) {
  const unknown: string[] = [];
  const onUnknown = (sql: string): void => void unknown.push(sql);
  await using server = await startMySqlServer({ answers: answersOf(false), faultOf, onUnknown });
  await using transactions = makeTransactions({
    databaseUrl: `mysql://builder:secret@127.0.0.1:${server.port}/bank`,
    transactionView: "statement_transactions",
    accountView: "statement_accounts",
    bookingOrderRows: 1,
    connections: 1,
    log: makeTestLog().log,
  });
  await using snapshot = await transactions.open(
    { customerId, ...period },
    AbortSignal.timeout(30_000),
  );
  const texts: string[] = [];
  for await (const batch of snapshot.batches()) {
    texts.push(Buffer.from(batch.bytes).toString());
    batch.release();
  }
  return { unknown, rows: snapshot.rows, balances: snapshot.balances, text: texts.join("") };
}

test.each([
  ["plain-1", 40, 15_000n],
  ["parted-0", 5_500, 697_500n],
  ["empty-0", 0, 10_000n],
])("%s has %d rows, all its own, that lead to its balance", async (customer, count, closing) => {
  const { rows, balances, text, unknown } = await read(customer);
  expect(rows).toBe(count);
  expect(balances).toMatchObject([{ opening: 10_000n, closing }]);
  expect(isWholeOf(customer, text)).toBe(true);
  expect(unknown).toEqual([]);
});

test("rows are another customer's to whoever asks for another", async () => {
  const { text } = await read("plain-1");
  expect(isWholeOf("plain-0", text)).toBe(false);
});

test("nobody knows a customer who is not there", async () => {
  await expect(read("unknown-0")).rejects.toMatchObject({ code: "unknown_customer" });
});

test("a period that is not the bank's own is no query it knows", async () => {
  const other = { ...PERIOD, to: PERIOD.to + 1 };
  const asked = read("plain-0", undefined, other);
  await expect(asked).rejects.toMatchObject({ code: "unsupported_database" });
});

test.each<[MySqlFault, string]>([
  [{ kind: "reset" }, "database_unavailable"],
  [{ kind: "cut", afterBytes: 900 }, "database_unavailable"],
  [{ kind: "error" }, "database_error"],
])("%j of the rows is %s to the client", async (fault, code) => {
  let asked = 0;
  // What sets the session up, the snapshot, the accounts and the balances come first.
  const faultOf = () => (++asked > 7 ? fault : undefined);
  await expect(read("plain-0", faultOf)).rejects.toMatchObject({ code });
});
