/** How a snapshot opens, or fails to, at the simulated bank and at a real one: the same cases. */
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import { alone } from "../simulate/alone.ts";
import { makeBank } from "../simulate/bank.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { startTestMariaDb } from "../support/servers/mariadb.ts";
import {
  insertAccount,
  insertPostings,
  openSnapshot,
  readTransactions,
} from "../support/statements/statement.ts";

interface Bank extends AsyncDisposable {
  run<T>(work: (transactions: Transactions) => Promise<T>): Promise<T>;
  /** The same, at a server that cannot be reached. */
  runUnreachable<T>(work: (transactions: Transactions) => Promise<T>): Promise<T>;
}

async function startSimulated(): Promise<Bank> {
  const { run, happening, ...world } = alone();
  const bank = makeBank(world);
  return await Promise.resolve({
    run: (work) => run(() => work(bank)),
    runUnreachable(work) {
      happening.add("lost request");
      return run(() => work(bank));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

async function startReal(): Promise<Bank> {
  await using opened = new AsyncDisposableStack();
  const server = opened.use(await startTestMariaDb({ schema: BANK_SCHEMA }));
  const posting = { id: 1, at: "2025-01-02 10:00:00", amount: "1", balance: "1" };
  await server.execute(insertAccount("a1") + insertPostings(posting));
  const transactions = opened.use(readTransactions(server.databaseUrl));
  const gone = opened.use(readTransactions("mysql://nobody@127.0.0.1:1/bank"));
  const resources = opened.move();
  return {
    run: (work) => work(transactions),
    runUnreachable: (work) => work(gone),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const asked = (customerId: string) => ({
  customerId,
  startDate: "2025-01-01",
  endDate: "2025-01-31",
});

describe.each([
  ["the simulation", startSimulated],
  ["MariaDB", startReal],
])("a snapshot of %s", (_, start) => {
  let bank: Bank;
  beforeAll(async () => {
    bank = await start();
  });
  afterAll(async () => await bank[Symbol.asyncDispose]());

  it("knows how many rows there are before one has come", async () => {
    const seen = await bank.run(async (transactions) => {
      await using snapshot = await openSnapshot(transactions, asked("c1"));
      return [snapshot.rows, snapshot.received(), Number.isSafeInteger(snapshot.asOf)];
    });
    expect(seen).toEqual([1, 0, true]);
  });

  it("of nobody it knows is a failure that nothing cures", async () => {
    const opened = bank.run((transactions) => openSnapshot(transactions, asked("unknown-1")));
    await expect(opened).rejects.toMatchObject({
      name: "StatementFailure",
      code: "unknown_customer",
    });
  });

  it("that cannot be had is tried again later", async () => {
    const opened = bank.runUnreachable((gone) => openSnapshot(gone, asked("c1")));
    await expect(opened).rejects.toMatchObject({
      name: "RetryableError",
      code: "database_unavailable",
    });
  });

  it("that nobody wants any more ends with the reason", async () => {
    const reason = new Error("the lease is lost");
    const opened = bank.run((transactions) =>
      openSnapshot(transactions, asked("c1"), AbortSignal.abort(reason)),
    );
    await expect(opened).rejects.toBe(reason);
  });
});
