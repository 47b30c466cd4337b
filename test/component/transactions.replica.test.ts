/** A read-only server: what instant its data is of is not for its clock to say. */
import type { DataTimeConfig } from "../../functions/statement-builder/source/data-time.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { readStatement } from "../support/statements/read-statement.ts";
import {
  insertAccount,
  insertPostings,
  openSnapshot,
  readTransactions,
} from "../support/statements/statement.ts";

const JANUARY = { customerId: "c1", startDate: "2025-01-01", endDate: "2025-01-31" };
const NOBODY = { ...JANUARY, customerId: "nobody" };

let server: TestMariaDb;

beforeAll(async () => {
  server = await startTestMariaDb({ schema: BANK_SCHEMA });
  await server.execute(`
    CREATE USER reader@'%' IDENTIFIED BY 'secret';
    GRANT SELECT ON bank.* TO reader@'%';
    CREATE TABLE applied (upto DATETIME(6) NOT NULL);
    INSERT INTO applied VALUES (UTC_TIMESTAMP(6));
    CREATE VIEW watermark AS SELECT upto FROM applied;
    CREATE VIEW two AS SELECT upto, 1 AS one FROM applied;
    ${insertAccount("a1")}
    ${insertPostings({ id: 1, at: "2025-01-02 10:00:00", amount: "1", balance: "1" })}`);
});
afterAll(() => server[Symbol.asyncDispose]());

function reading(config: DataTimeConfig = {}) {
  const url = Object.assign(new URL(server.databaseUrl), {
    username: "reader",
    password: "secret",
  });
  return readTransactions(url.href, config);
}

async function errorOf(config: DataTimeConfig, asked = JANUARY): Promise<unknown> {
  await using transactions = reading(config);
  return await openSnapshot(transactions, asked).then(
    () => "opened",
    (error: unknown) => error,
  );
}

const setWatermark = async (age: string) =>
  await server.execute(`UPDATE applied SET upto = UTC_TIMESTAMP(6) - INTERVAL ${age}`);

describe("a server that takes the writes", () => {
  test("is read at its clock, and knows its customers", async () => {
    await using transactions = reading();
    const { manifest } = await readStatement(transactions, JANUARY);
    expect(Math.abs(Date.parse(manifest.as_of) - Date.now())).toBeLessThan(60_000);
    expect(manifest).not.toHaveProperty("as_of_basis");
    expect(await errorOf({}, NOBODY)).toMatchObject({
      name: "StatementFailure",
      code: "unknown_customer",
    });
  });
});

describe("a read-only server", () => {
  beforeAll(async () => await server.execute("SET GLOBAL read_only = 1"));
  afterAll(async () => await server.execute("SET GLOBAL read_only = 0"));

  test("is refused without a watermark", async () => {
    expect(await errorOf({})).toMatchObject({
      code: "database_refused",
      detail: expect.stringContaining("STATEMENT_WATERMARK_VIEW") as string,
    });
  });

  test("may do without where the installation says so, and the manifest does too", async () => {
    await using transactions = reading({ replicaWithoutWatermark: true });
    const { manifest } = await readStatement(transactions, JANUARY);
    expect(manifest.as_of_basis).toBe("replica_clock");
  });

  test("is as old as its watermark says", async () => {
    await setWatermark("2 MINUTE");
    await using transactions = reading({ watermarkView: "watermark" });
    const { manifest } = await readStatement(transactions, JANUARY);
    expect(manifest.as_of_basis).toBe("watermark");
    const age = Date.now() - Date.parse(manifest.as_of);
    expect(age).toBeGreaterThan(100_000);
    expect(age).toBeLessThan(180_000);
  });

  test("that lags too far is asked again later", async () => {
    await setWatermark("1 HOUR");
    expect(await errorOf({ watermarkView: "watermark" })).toMatchObject({
      name: "RetryableError",
      code: "database_behind",
      detail: expect.stringMatching(/^360\d s$/) as string,
    });
    expect(await errorOf({ watermarkView: "watermark", maxStalenessMs: 7_200_000 })).toBe("opened");
  });

  test.each(["two", "statement_accounts"])("has no watermark in %s", async (watermarkView) => {
    expect(await errorOf({ watermarkView })).toMatchObject({ code: "database_refused" });
  });

  test("is asked again for a customer whom it does not know", async () => {
    expect(await errorOf({ replicaWithoutWatermark: true }, NOBODY)).toMatchObject({
      name: "RetryableError",
      code: "unknown_on_replica",
    });
  });
});
