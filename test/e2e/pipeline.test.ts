/** The pipeline end to end, on the real servers, each function a process of its own. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { eventType } from "../../functions/domain/events/event-types.ts";
import { offerEvent } from "../../functions/domain/events/statement-event.ts";
import type { ExecutedRequest } from "../../functions/domain/statement-request.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { makeCloudEventSink } from "../../functions/platform/cloudevents/cloudevent-sink.ts";
import { makeLog } from "../../functions/platform/telemetry/log.ts";
import { startPipeline, type Pipeline } from "../support/functions/pipeline.ts";
import { requested } from "../support/functions/requested.ts";

const run = promisify(execFile);
const CUSTOMER = "customer-000001";
const PERIOD = { start_date: "2025-01-01", end_date: "2025-12-31", time_zone: "Europe/Berlin" };
const ASKED = { customer_id: CUSTOMER, ...PERIOD };

let pipeline: Pipeline;

beforeAll(async () => {
  pipeline = await startPipeline();
  await pipeline.start("statement-builder");
  await pipeline.start("pending-scanner");
  await pipeline.start("request-intake");
}, 180_000);
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
});

async function executed(name: string, seconds?: number): Promise<ExecutedRequest> {
  const { request } = await pipeline.until(name, "executed", seconds);
  return request as ExecutedRequest;
}

async function objectBytes(key: string): Promise<Uint8Array> {
  const client = pipeline.s3.client();
  const { Body } = await client.send(
    new GetObjectCommand({ Bucket: pipeline.s3.bucket, Key: key }),
  );
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
  client.destroy();
  return bytes;
}

/** Keys in the bucket that belong to the period of a request: its own, or a second one's. */
async function keysLike(key: string): Promise<readonly string[]> {
  const client = pipeline.s3.client();
  const Prefix = key.slice(0, key.lastIndexOf("-") + 1);
  const { Contents = [] } = await client.send(
    new ListObjectsV2Command({ Bucket: pipeline.s3.bucket, Prefix }),
  );
  client.destroy();
  return Contents.map(({ Key }) => Key ?? "");
}

/** What SQL itself says of the same period, summed by the database. */
async function sqlTotals(customerId: string) {
  const connection = await createConnection({
    uri: pipeline.mariaDb.databaseUrl,
    timezone: "Z",
    dateStrings: true,
  });
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT account_id, currency, COUNT(*) AS n,
            CAST(SUM(IF(amount >= 0, amount, 0)) AS CHAR) AS credits,
            CAST(-SUM(IF(amount < 0, amount, 0)) AS CHAR) AS debits
     FROM statement_transactions
     WHERE customer_id = ? AND status = 'BOOK'
       AND booking_date >= '2025-01-01' AND booking_date <= '2025-12-31'
     GROUP BY account_id, currency ORDER BY account_id, currency`,
    [customerId],
  );
  await connection.end();
  return rows;
}

test("a request becomes a zip whose totals are those of the database", async () => {
  const request = await executed(await pipeline.request(ASKED));
  const bytes = await objectBytes(request.object.key);
  const checked = await verifyStatement(chunksOf(bytes));
  if (!checked.ok) throw new Error(checked.problems.join("; "));
  expect(checked).toMatchObject({ bytes: request.bytes, sha256: request.sha256 });
  const totals = await sqlTotals(CUSTOMER);
  expect(request.rows).toBe(totals.reduce((sum, row) => sum + Number(row["n"]), 0));
  expect(request.rows).toBeGreaterThan(50);
  const withRows = checked.manifest.totals.filter((t) => t.credits.count + t.debits.count > 0);
  expect(
    withRows.map((t) => [t.account_id, t.currency, Number(t.credits.sum), Number(t.debits.sum)]),
  ).toEqual(
    totals.map((row) => [
      String(row["account_id"]),
      String(row["currency"]),
      Number(row["credits"]),
      Number(row["debits"]),
    ]),
  );
  await acceptedByTools(bytes);
});

/** Info-ZIP and coreutils, as a customer would. */
async function acceptedByTools(bytes: Uint8Array): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "statement-"));
  try {
    await writeFile(join(folder, "statement.zip"), bytes);
    await run("unzip", ["-q", "statement.zip"], { cwd: folder });
    const { stdout } = await run("sha256sum", ["-c", "SHA256SUMS"], { cwd: folder });
    expect(stdout).toContain("transactions.csv: OK");
  } finally {
    await rm(folder, { recursive: true });
  }
}

function chunksOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  return Readable.from([bytes]) as AsyncIterable<Uint8Array>;
}

test("kubectl shows the record as the first design says", async () => {
  const name = await pipeline.request({ ...ASKED, start_date: "2025-03-01" });
  await executed(name);
  const { stdout } = await run("kubectl", [
    "--kubeconfig",
    pipeline.kube.kubeconfig,
    "-n",
    pipeline.namespace,
    "get",
    "configmap",
    name,
    "-o",
    "json",
  ]);
  const configMap = JSON.parse(stdout) as { immutable: boolean; data: Record<string, string> };
  expect(name).toMatch(/^transaction-request-customer-000001-\d{13}$/);
  expect(configMap.immutable).toBe(true);
  expect(configMap.data).toMatchObject({
    customer_id: CUSTOMER,
    start_date: "2025-03-01",
    end_date: "2025-12-31",
    status: "executed",
  });
});

test("the same event twice is one record and one file", async () => {
  const event = requested({ ...ASKED, start_date: "2025-04-01" }, { id: "twice" });
  const post = async () => {
    const answer = await fetch(pipeline.urlOf("request-intake"), event);
    return [answer.status, answer.headers.get("ce-id"), await answer.text()] as const;
  };
  const first = await post();
  const name = first[1]?.replace(/\.recorded$/, "") ?? "";
  const { object } = await executed(name);
  // Once it has ended, the answer is its outcome, and stays that.
  const again = await post();
  expect(again.slice(0, 2)).toEqual([200, `${name}.executed`]);
  expect(JSON.parse(again[2])).toMatchObject({ request_id: name, status: "executed", ...object });
  expect(await post()).toEqual(again);
  expect(await keysLike(object.key)).toEqual([object.key]);
});

test("a statement that was delivered stays as it is: the same range again is another file", async () => {
  const asked = { ...ASKED, start_date: "2025-02-01" };
  const first = await executed(await pipeline.request(asked));
  const bytes = await objectBytes(first.object.key);
  const second = await executed(await pipeline.request(asked));
  expect(second.object.key).not.toBe(first.object.key);
  expect(await keysLike(first.object.key)).toEqual([first.object.key, second.object.key].sort());
  expect(Buffer.compare(await objectBytes(first.object.key), bytes)).toBe(0);
});

test("a batch is recorded item by item", async () => {
  const event = (id: string, data: object) => ({
    specversion: "1.0",
    id,
    source: "/tests",
    type: eventType("requested"),
    time: new Date().toISOString(),
    datacontenttype: "application/json",
    data,
  });
  const answer = await fetch(pipeline.urlOf("request-intake"), {
    method: "POST",
    headers: { "content-type": "application/cloudevents-batch+json" },
    body: JSON.stringify([
      event("batch-1", { ...ASKED, customer_id: "customer-000002" }),
      event("batch-2", { ...ASKED, end_date: "2025-02-30" }),
      event("batch-3", { ...ASKED, customer_id: "customer-000003" }),
    ]),
  });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ problems: [{ index: 1, field: "end_date" }] });
  for (const customer of ["customer-000002", "customer-000003"]) {
    const name = await nameOf(customer);
    expect((await executed(name)).facts.customerId).toBe(customer);
  }
});

async function nameOf(customerId: string): Promise<string> {
  for await (const { records } of pipeline.ledger.list({})) {
    const found = records.find(({ request }) => request.facts.customerId === customerId);
    if (found) return found.name;
  }
  throw new Error(`no record of ${customerId}`);
}

test("an unknown customer is failed with its reason", async () => {
  const name = await pipeline.request({ ...ASKED, customer_id: "nobody" });
  const { request } = await pipeline.until(name, "failed");
  expect(request).toMatchObject({ errorCode: "unknown_customer", attempt: 1 });
});

test("a customer's odd id is whole in record, key and statement, and a hash of it in the record's name", async () => {
  // No Kubernetes name holds capitals, underscores, or a dot beside another sign; two differ by case alone.
  const odd = ["Acme_042", "aCME_042", "a.-b", "7", `X${"-.".repeat(30)}9`];
  const accounts = odd.map(
    (id, i) => `('odd-${i}', '${id}', 'EUR', 'current account', '2020-01-01')`,
  );
  await pipeline.mariaDb.execute(
    `INSERT INTO accounts (account_id, customer_id, currency, product, opened_on) VALUES ${accounts.join(", ")}`,
  );
  const names = await Promise.all(odd.map((id) => pipeline.request({ ...ASKED, customer_id: id })));
  const readable = ["acme-042", "acme-042", "a--b", "7", `x${"-".repeat(60)}9`];
  for (const [i, name] of names.entries()) {
    const hash = odd[i] === "7" ? "" : "-[0-9a-f]{8}";
    expect(name).toMatch(new RegExp(`^transaction-request-${readable[i]}${hash}-\\d{13}$`));
    const { request, configMap } = await pipeline.until(name, "executed");
    expect(request.facts.customerId).toBe(odd[i]);
    expect(configMap.metadata?.labels?.["transactions-collector.io/customer"]).toBe(odd[i]);
    const { key } = (request as ExecutedRequest).object;
    expect(key).toMatch(
      new RegExp(`(^|/)${odd[i]?.replaceAll(".", "[.]")}-\\d+-\\d+-\\d{13}[.]zip$`),
    );
    const checked = await verifyStatement(chunksOf(await objectBytes(key)));
    expect(checked).toMatchObject({ ok: true, manifest: { customer_id: odd[i] } });
  }
  expect(new Set(names).size).toBe(odd.length);
});

test("an empty range is a statement without rows", async () => {
  const asked = { ...ASKED, start_date: "1999-01-01", end_date: "1999-01-31" };
  const request = await executed(await pipeline.request(asked));
  expect(request.rows).toBe(0);
  const checked = await verifyStatement(chunksOf(await objectBytes(request.object.key)));
  expect(checked.ok).toBe(true);
});

test("builders that race for one request make one file", async () => {
  const other = await pipeline.start("statement-builder", { port: await otherPort() });
  const name = await pipeline.request({ ...ASKED, start_date: "2025-05-01" });
  const stored = await pipeline.ledger.read(name);
  if (!stored) throw new Error("not recorded");
  const log = makeLog({ name: "statement-builder", level: "silent" });
  const urls = [pipeline.urlOf("statement-builder"), other.url];
  const offers = Array.from({ length: 10 }, (_, i) =>
    makeCloudEventSink({ url: urls[i % 2] ?? "", log }).send(
      offerEvent(stored.request, "pending-scanner", Date.now()),
    ),
  );
  for (const sent of await Promise.all(offers)) expect(sent.kind).toBe("accepted");
  const { object, attempt } = await executed(name);
  expect(attempt).toBe(1);
  expect(await keysLike(object.key)).toEqual([object.key]);
  await other.stop();
});

async function otherPort(): Promise<number> {
  const { freePort } = await import("../../infra/local/programs/free-port.ts");
  return await freePort();
}

test("a database that goes away in mid-stream costs an attempt, not a row", async () => {
  const name = await pipeline.request({ ...ASKED, start_date: "2024-01-01" });
  await pipeline.mariaDb.kill();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await pipeline.mariaDb.start();
  const { object, rows } = await executed(name, 60);
  expect(rows).toBeGreaterThan(0);
  expect(await keysLike(object.key)).toEqual([object.key]);
});

test("a store that goes away leaves nothing behind and is tried again", async () => {
  await pipeline.s3.stop();
  const name = await pipeline.request({ ...ASKED, start_date: "2025-06-01" });
  await pipeline.until(name, "pending");
  await pipeline.s3.start();
  const { object } = await executed(name, 60);
  expect(await keysLike(object.key)).toEqual([object.key]);
});
