/** The database and the store behind certificates of a CA that no system knows. */
import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { makeTransactions } from "../../functions/statement-builder/source/transactions.ts";
import { BANK_SCHEMA } from "../support/bank-schema.ts";
import { makeAuthority, type Authority } from "../support/certificates.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/mariadb.ts";
import { insertAccount, openSnapshot, SILENT } from "../support/statement.ts";
import { openTestBucket, uploadOf, type TestBucket } from "../support/statement-bucket.ts";
import { startTlsFront } from "../support/tls-front.ts";

let opened: AsyncDisposableStack;
let own: Authority;
let foreign: Authority;

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  own = opened.use(await makeAuthority());
  foreign = opened.use(await makeAuthority());
});
afterAll(async () => await opened.disposeAsync());

describe("the database", () => {
  let server: TestMariaDb;

  beforeAll(async () => {
    const { certFile, keyFile } = await own.issue("DNS:localhost");
    server = opened.use(
      await startTestMariaDb({
        schema: BANK_SCHEMA,
        settings: [`--ssl-cert=${certFile}`, `--ssl-key=${keyFile}`],
      }),
    );
    await server.execute(`
      CREATE USER reader@'%' IDENTIFIED BY 'secret' REQUIRE SSL;
      GRANT SELECT ON bank.* TO reader@'%';
      ${insertAccount("a1")}`);
  });

  const read = async (caFile?: string, host = "localhost"): Promise<number> => {
    await using transactions = makeTransactions({
      databaseUrl: `mysql://reader:secret@${host}:${server.port}/bank`,
      caFile,
      transactionView: "statement_transactions",
      accountView: "statement_accounts",
      bookingOrderRows: 1_000_000,
      connections: 1,
      log: SILENT,
    });
    const asked = { customerId: "c1", startDate: "2025-01-01", endDate: "2025-12-31" };
    await using snapshot = await openSnapshot(transactions, asked);
    return snapshot.balances.length;
  };

  it("is read over TLS when its CA is the one that was named", async () => {
    expect(await read(own.caFile)).toBe(1);
  });

  it("is not read without TLS, which its user must have", async () => {
    await expect(read()).rejects.toMatchObject({
      code: "database_refused",
      detail: "1045 ER_ACCESS_DENIED_ERROR",
    });
  });

  it("is not read when another CA was named, and the cause says why", async () => {
    await expect(read(foreign.caFile)).rejects.toMatchObject({
      code: "database_unavailable",
      cause: { message: expect.stringMatching(/certificate/) as string },
    });
  });

  it("is not read when its CA made the certificate for another host", async () => {
    const { certFile, keyFile } = await own.issue("DNS:other.example");
    await using other = await startTestMariaDb({
      settings: [`--ssl-cert=${certFile}`, `--ssl-key=${keyFile}`],
    });
    await using transactions = makeTransactions({
      databaseUrl: `mysql://root@localhost:${other.port}/bank`,
      caFile: own.caFile,
      transactionView: "statement_transactions",
      accountView: "statement_accounts",
      bookingOrderRows: 1_000_000,
      connections: 1,
      log: SILENT,
    });
    await expect(transactions.ready(AbortSignal.timeout(10_000))).rejects.toMatchObject({
      code: "database_unavailable",
      cause: { message: expect.stringMatching(/altnames/) as string },
    });
  });
});

describe("the store", () => {
  const MIB = 1024 * 1024;
  const signal = new AbortController().signal;
  let store: TestBucket;
  let endpoint: string;

  beforeAll(async () => {
    store = opened.use(await openTestBucket("the real store"));
    const certificate = await own.issue("IP:127.0.0.1");
    const front = await startTlsFront(certificate, Number(new URL(store.endpoint).port));
    opened.use(front);
    endpoint = `https://127.0.0.1:${front.port}`;
  });

  it.each([
    ["in one request", 100_000],
    ["in parts", 11 * MIB],
  ])("takes and returns a statement over TLS %s", async (way, size) => {
    using bucket = store.bucketWith({ endpoint, caFile: own.caFile });
    const key = `${way.replaceAll(" ", "-")}.zip`;
    const bytes = randomBytes(size);
    expect(await bucket.publish(uploadOf(key, bytes))).toMatchObject({
      kind: "published",
      bytes: size,
    });
    const back = await buffer(bucket.read(key, signal));
    expect(back.equals(bytes)).toBe(true);
  });

  it.each([
    ["another CA was named", () => ({ caFile: foreign.caFile })],
    ["none was, and the system does not know it", () => ({})],
  ])("is not used when %s", async (_, settings) => {
    using bucket = store.bucketWith({ endpoint, ...settings() });
    await expect(bucket.look("any.zip", signal)).rejects.toMatchObject({
      code: "storage_unavailable",
    });
  });
});
