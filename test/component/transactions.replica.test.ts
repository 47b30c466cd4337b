/** A read-only server: what instant its data is of is not for its clock to say. */
import {
  buildObject,
  type BuildDependencies,
  type Claim,
} from "../../functions/statement-builder/reach-object.ts";
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
const DEFAULTS = { formats: ["csv"], language: "en", csvByLanguage: false };
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

function reading(config: Parameters<typeof readTransactions>[1] = {}) {
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

test("what a server is, it is for one statement: it may be demoted, and promoted, under a pool", async () => {
  await using transactions = reading({ connections: 1 });
  const basisNow = async () => {
    const { manifest } = await readStatement(transactions, JANUARY);
    return manifest.as_of_basis;
  };
  expect(await basisNow()).toBeUndefined();
  await server.execute("SET GLOBAL read_only = 1");
  try {
    await expect(basisNow()).rejects.toMatchObject({ code: "database_refused" });
    await using allowed = reading({ connections: 1, replicaWithoutWatermark: true });
    const { manifest } = await readStatement(allowed, JANUARY);
    expect(manifest.as_of_basis).toBe("replica_clock");
    await server.execute("SET GLOBAL read_only = 0");
    const promoted = await readStatement(allowed, JANUARY);
    expect(promoted.manifest.as_of_basis).toBeUndefined();
  } finally {
    await server.execute("SET GLOBAL read_only = 0");
  }
  expect(await basisNow()).toBeUndefined();
});

describe("a watermark in the future", () => {
  test("is believed as far as clocks may differ, and else refused by the setting's name", async () => {
    const skewed = { watermarkView: "watermark", clockSkewMs: 60_000 };
    await setWatermark("-20 SECOND");
    expect(await errorOf(skewed)).toBe("opened");
    await setWatermark("-1 HOUR");
    expect(await errorOf(skewed)).toMatchObject({
      name: "RetryableError",
      code: "database_refused",
      detail: expect.stringMatching(/^STATEMENT_WATERMARK_VIEW is 3[56]\d\d s ahead/) as string,
    });
  });
});

describe("a builder is ready", () => {
  const problemOf = async (config: Parameters<typeof reading>[0]): Promise<unknown> => {
    await using transactions = reading(config);
    return await transactions.ready(AbortSignal.timeout(10_000)).then(
      () => "ready",
      (error: unknown) => error,
    );
  };

  test("where a snapshot opens, and costs no look at the rows of anybody", async () => {
    expect(await problemOf({})).toBe("ready");
    await server.execute(`CREATE OR REPLACE VIEW slow AS
      SELECT * FROM statement_transactions WHERE SLEEP(20) = 0`);
    expect(await problemOf({ transactionView: "slow" })).toBe("ready");
  });

  test.each([
    ["a view that is gone", { transactionView: "gone" }, "1146 ER_NO_SUCH_TABLE"],
    [
      "a view that may not be read",
      { accountView: "mysql.user" },
      "1142 ER_TABLEACCESS_DENIED_ERROR",
    ],
    [
      "a watermark that is none",
      { watermarkView: "two" },
      expect.stringContaining("WATERMARK") as string,
    ],
  ])("not with %s", async (_, config, detail) => {
    expect(await problemOf(config)).toMatchObject({ code: "database_refused", detail });
  });

  test("not while the data is too old, nor on a replica without a watermark", async () => {
    await setWatermark("1 HOUR");
    const watermarkView = "watermark";
    expect(await problemOf({ watermarkView })).toMatchObject({ code: "database_behind" });
    await server.execute("SET GLOBAL read_only = 1");
    try {
      expect(await problemOf({})).toMatchObject({ code: "database_refused" });
      expect(await problemOf({ replicaWithoutWatermark: true })).toBe("ready");
    } finally {
      await server.execute("SET GLOBAL read_only = 0");
    }
  });
});

describe("a period that ends behind the data", () => {
  /** All that is asked before a file is begun. */
  async function build(config: DataTimeConfig, asked: Readonly<Record<string, unknown>> = {}) {
    await using transactions = reading({ maxStalenessMs: Infinity, ...config });
    const facts = {
      ...{ customerId: "c1", startDate: "2025-01-01", endDate: "2025-01-31", timeZone: "UTC" },
      ...{ name: "r", recordedAt: 0, event: { source: "/test" }, options: {}, ...asked },
    };
    const request = { facts, attempt: 1, object: { bucket: "b", key: "k" } };
    const begun = new Error("a file was begun");
    const claim = {
      ...{ lease: { request }, signal: new AbortController().signal },
      meter: { begin: () => undefined, readFrom: () => undefined },
    };
    const deps = {
      transactions,
      story: {
        during: (_: string, work: () => unknown) => work(),
        onStep: () => Promise.reject(begun),
      },
      settings: { defaults: DEFAULTS },
    };
    return await buildObject(claim as unknown as Claim, deps as unknown as BuildDependencies).catch(
      (error: unknown) => error,
    );
  }

  const at = async (instant: string) =>
    await server.execute(`UPDATE applied SET upto = '${instant}'`);
  const watermarkView = "watermark";

  test.each(["booking_date", "posted_at"])("waits until it is over there, by %s", async (basis) => {
    await at("2025-01-31 23:55:00");
    expect(await build({ watermarkView }, { basis })).toMatchObject({
      name: "RetryableError",
      code: "database_behind",
      detail:
        "the data is of 2025-01-31T23:55:00.000Z, and is waited for until 2025-02-01T00:00:00.000Z",
      waitMs: 300_000,
    });
    await at("2025-02-01 00:00:00");
    expect(await build({ watermarkView }, { basis })).toMatchObject({
      message: "a file was begun",
    });
    // Not over in New York.
    const timeZone = "America/New_York";
    expect(await build({ watermarkView }, { basis, timeZone })).toMatchObject({
      waitMs: 5 * 3_600_000,
    });
  });

  test("is no matter to a request that takes a part of it, nor to a server's own clock", async () => {
    await at("2025-01-31 23:55:00");
    const begun = { message: "a file was begun" };
    expect(await build({ watermarkView }, { options: { partial: true } })).toMatchObject(begun);
    expect(await build({})).toMatchObject(begun);
  });
});

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
