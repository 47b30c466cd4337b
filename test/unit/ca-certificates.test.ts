/** Certificates that are named to be trusted; what is none of them is told with the setting that names it. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pendingScannerConfig } from "../../functions/pending-scanner/config.ts";
import { readConfig } from "../../functions/platform/settings/config.ts";
import { makeS3Client } from "../../functions/platform/store/s3-client.ts";
import { makeLog } from "../../functions/platform/telemetry/log.ts";
import { openTracer } from "../../functions/platform/telemetry/open-tracer.ts";
import { certificatesIn, readCaFile } from "../../functions/platform/tls/ca-certificates.ts";
import { makeTransactions } from "../../functions/statement-builder/source/transactions.ts";
import { makeAuthority, type Authority } from "../support/servers/certificates.ts";

const WANTED = "must hold certificates in PEM form";
const log = makeLog({ name: "statement-builder", level: "silent" });
let folder = "";
let authority: Authority;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ca-certificates-"));
  authority = await makeAuthority();
});
afterAll(async () => {
  await authority[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test("all of a file are read, whatever stands between them", async () => {
  const file = join(folder, "two.pem");
  const pem = `# one\n${authority.ca}\r\n# two\n${authority.ca}`;
  await writeFile(file, pem);
  expect(readCaFile("S3_CA_FILE", file)).toBe(pem);
  expect(certificatesIn(pem)).toHaveLength(2);
});

test("a file without any, and one with a broken one among them, is refused", async () => {
  const file = join(folder, "wrong.pem");
  const broken = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
  for (const text of ["", "none\n", `${authority.ca}${broken}`]) {
    await writeFile(file, text);
    expect(() => readCaFile("S3_CA_FILE", file)).toThrow(`S3_CA_FILE: ${file} ${WANTED}`);
  }
});

test("each setting that names a file is named where there is no such file", async () => {
  const caFile = join(folder, "absent.pem");
  expect(() => makeS3Client({ caFile, forcePathStyle: true }, 1)).toThrow(
    `S3_CA_FILE: ${caFile} ${WANTED}`,
  );
  expect(() =>
    makeTransactions({
      databaseUrl: "mysql://reader@database.example/bank",
      caFile,
      transactionView: "statement_transactions",
      accountView: "statement_accounts",
      bookingOrderRows: 1,
      connections: 1,
      maxStalenessMs: 0,
      clockSkewMs: 0,
      replicaWithoutWatermark: false,
      log,
    }),
  ).toThrow(`DATABASE_CA_FILE: ${caFile} ${WANTED}`);
  const config = readConfig(pendingScannerConfig, {
    K_SINK: "http://broker/",
    IDENTITY: "none",
    OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector.example:4318",
    OTEL_EXPORTER_OTLP_CERTIFICATE: caFile,
  });
  await expect(openTracer("pending-scanner", config, log)).rejects.toThrow(
    `OTEL_EXPORTER_OTLP_CERTIFICATE: ${caFile} ${WANTED}`,
  );
});
