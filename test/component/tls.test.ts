/** The database and the store behind certificates of a CA that no system knows. */
import { randomBytes } from "node:crypto";
import { execFile } from "node:child_process";
import { PassThrough } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { promisify } from "node:util";
import { makeS3Client } from "../../functions/platform/store/s3-client.ts";
import { presign } from "../../functions/platform/store/presign.ts";
import { signingSettings, storeOfInstallation } from "../../infra/operator/session/store-access.ts";
import { makeScreen } from "../../infra/operator/words/terminal.ts";
import { makeTransactions } from "../../functions/statement-builder/source/transactions.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { makeAuthority, type Authority } from "../support/servers/certificates.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { insertAccount, openSnapshot, SILENT } from "../support/statements/statement.ts";
import { openTestBucket, uploadOf, type TestBucket } from "../support/servers/statement-bucket.ts";
import { startTlsFront } from "../support/wire/tls-front.ts";

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

/** As `kubectl port-forward` leads to a store inside the cluster whose certificate names its Service. */
describe("the store, through a port that the operator's tool forwards", () => {
  const HOST = "objects.storage.svc";
  const OBJECT = "customer-1-1735689600-1738368000-1740000000000.zip";
  const signal = new AbortController().signal;
  let store: TestBucket;
  let port: number;

  beforeAll(async () => {
    store = opened.use(await openTestBucket("the real store"));
    const certificate = await own.issue(`DNS:${HOST}`);
    const front = await startTlsFront(certificate, Number(new URL(store.endpoint).port));
    opened.use(front);
    port = front.port;
    await store.bucket.publish(uploadOf(OBJECT, Buffer.from("the statement")));
  });

  async function found(endpoint: string, env: Readonly<Record<string, string>>) {
    const said = new PassThrough();
    const { accessKeyId, secretAccessKey } = await store.client.config.credentials();
    const variables = {
      S3_ENDPOINT: endpoint,
      S3_CA_FILE: "/etc/store-ca/ca.pem",
      S3_BUCKET: "statements",
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
    const closed = new Promise<void>(() => undefined);
    const installation = {
      storeVariables: () => Promise.resolve(variables),
      wayTo: () => Promise.resolve({ port, closed }),
    };
    const screen = makeScreen({ stdout: new PassThrough(), stderr: said, signal });
    const access = await storeOfInstallation(installation, env, screen);
    return { access, said: String(said.read() ?? "") };
  }

  it("is known by the name of its Service, and by a copy of its CA", async () => {
    const env = { S3_CA_FILE: own.caFile };
    const { access, said } = await found(`https://${HOST}:9000`, env);
    expect(said).toBe("");
    using bucket = store.bucketWith(access.settings);
    expect(await text(bucket.read(OBJECT, signal))).toBe("the statement");
  });

  it("is not used without the CA, whose place in the pods is told", async () => {
    const { access, said } = await found(`https://${HOST}:9000`, {});
    expect(said).toContain(
      "the store's CA is /etc/store-ca/ca.pem in the builder's pods: set S3_CA_FILE",
    );
    using bucket = store.bucketWith(access.settings);
    await expect(bucket.look(OBJECT, signal)).rejects.toMatchObject({
      code: "storage_unavailable",
    });
  });

  it("is not used under the certificate of another Service", async () => {
    const env = { S3_CA_FILE: own.caFile };
    const { access } = await found("https://other.storage.svc:9000", env);
    using bucket = store.bucketWith(access.settings);
    await expect(bucket.look(OBJECT, signal)).rejects.toMatchObject({
      code: "storage_unavailable",
    });
  });

  it("gives an address that curl takes under the same certificate", async () => {
    const { access } = await found(`https://${HOST}:9000`, { S3_CA_FILE: own.caFile });
    const client = makeS3Client({ ...signingSettings(access), checksums: "when_required" }, 1);
    const object = { bucket: store.name, key: OBJECT };
    const { url } = await presign(client, object, { now: Date.now(), forMs: 60_000 });
    client.destroy();
    expect(new URL(url).host).toBe(`${HOST}:${port}`);
    const how = ["--resolve", `${HOST}:${port}:127.0.0.1`, "--cacert", own.caFile, "-sSf", url];
    const { stdout } = await promisify(execFile)("curl", how);
    expect(stdout).toBe("the statement");
  });
});
