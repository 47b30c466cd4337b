/**
 * What the promise is measured by: every object of the bucket read and verified, held against the
 * records of the ledger and against the rows SQL itself counts.
 */
import type { Readable } from "node:stream";
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import type {
  ExecutedRequest,
  StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import { PROBE_NAME } from "../../../functions/statement-builder/store/create-only-probe.ts";
import {
  verifyStatement,
  type Verification,
} from "../../../functions/verification/verify-statement.ts";
import type { Ledger } from "../../../functions/platform/ledger/configmap-ledger.ts";
import type { TestMariaDb } from "../servers/mariadb.ts";
import type { S3Server } from "../servers/s3-server.ts";

export interface StoredStatement {
  readonly key: string;
  /** As its metadata say. */
  readonly requestId: string;
  readonly attempt: number;
  readonly checked: Verification;
}

export interface StatementAudit {
  readonly records: ReadonlyMap<string, StatementRequest>;
  /** By request id; whatever has none is under the empty string. */
  readonly objects: ReadonlyMap<string, readonly StoredStatement[]>;
  /** Keys of multipart uploads that are neither completed nor aborted. */
  readonly openUploads: readonly string[];
  /** What keeps this request from being one proved file that was announced; nothing when it is. */
  problemsOf(name: string): readonly string[];
}

/** As far as they are looked at: real servers of a test, or of a cluster. */
export interface AuditedServers {
  readonly ledger: Ledger;
  readonly s3: Pick<S3Server, "bucket" | "client">;
  readonly mariaDb: Pick<TestMariaDb, "databaseUrl">;
}

/** The dates of the audited requests are days of UTC. */
export async function auditStatements(servers: AuditedServers): Promise<StatementAudit> {
  const records = await readRecords(servers.ledger);
  const objects = await readObjects(servers.s3);
  const openUploads = await listOpenUploads(servers.s3);
  const rows = await countRows(servers.mariaDb, records.values());
  return {
    records,
    objects,
    openUploads,
    problemsOf(name) {
      const request = records.get(name);
      if (!request) return ["no record"];
      if (request.status !== "executed") return [describe(request)];
      return [
        ...(request.announced ? [] : ["not announced"]),
        ...objectProblems(request, objects.get(name) ?? [], rows.get(name) ?? NaN),
        ...(openUploads.includes(request.object.key) ? ["an upload was left open"] : []),
      ];
    },
  };
}

function describe(request: StatementRequest): string {
  const why = request.status === "failed" ? request.errorCode : (request.lastError ?? "");
  return `${request.status} ${why} attempt ${request.attempt} failures ${request.failures}`;
}

function objectProblems(
  request: ExecutedRequest,
  [object, ...others]: readonly StoredStatement[],
  sqlRows: number,
): readonly string[] {
  if (!object) return ["no object"];
  if (others.length > 0) return [`${others.length + 1} objects`];
  const { checked } = object;
  if (!checked.ok) return checked.problems;
  const said = [object.key, checked.bytes, checked.sha256, checked.manifest.rows];
  const recorded = [request.object.key, request.bytes, request.sha256, request.rows];
  return [
    ...(checked.manifest.request_id === request.facts.name
      ? []
      : ["a manifest of another request"]),
    ...(said.join() === recorded.join() ? [] : [`record ${recorded.join()}, file ${said.join()}`]),
    ...(request.rows === sqlRows ? [] : [`${request.rows} rows, SQL counts ${sqlRows}`]),
  ];
}

async function readRecords(ledger: Ledger): Promise<Map<string, StatementRequest>> {
  const records = new Map<string, StatementRequest>();
  for await (const page of ledger.list({})) {
    if (page.unreadable.length > 0) throw new Error(`unreadable: ${page.unreadable.join()}`);
    for (const { name, request } of page.records) records.set(name, request);
  }
  return records;
}

async function readObjects(s3: AuditedServers["s3"]): Promise<Map<string, StoredStatement[]>> {
  const client = s3.client();
  const objects = new Map<string, StoredStatement[]>();
  try {
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client },
      { Bucket: s3.bucket },
    )) {
      for (const { Key: key = "" } of Contents) {
        if (key.endsWith(PROBE_NAME)) continue;
        const found = await client.send(new GetObjectCommand({ Bucket: s3.bucket, Key: key }));
        const requestId = found.Metadata?.["request-id"] ?? "";
        const attempt = Number(found.Metadata?.["attempt"]);
        const checked = await verifyStatement(found.Body as Readable);
        const same = objects.get(requestId) ?? [];
        objects.set(requestId, [...same, { key, requestId, attempt, checked }]);
      }
    }
  } finally {
    client.destroy();
  }
  return objects;
}

/** One page is enough to see that there are some. */
export async function listOpenUploads(s3: AuditedServers["s3"]): Promise<readonly string[]> {
  const client = s3.client();
  try {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: s3.bucket }));
    return (page.Uploads ?? []).map(({ Key }) => Key ?? "");
  } finally {
    client.destroy();
  }
}

async function countRows(
  mariaDb: AuditedServers["mariaDb"],
  requests: Iterable<StatementRequest>,
): Promise<Map<string, number>> {
  const connection = await createConnection(mariaDb.databaseUrl);
  const rows = new Map<string, number>();
  try {
    for (const request of requests)
      rows.set(request.facts.name, await countOf(connection, request));
  } finally {
    await connection.end();
  }
  return rows;
}

async function countOf(
  connection: Connection,
  { facts: { customerId, startDate, endDate, basis } }: StatementRequest,
): Promise<number> {
  const column = basis ?? "posted_at";
  const [[row]] = await connection.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS n FROM transactions WHERE customer_id = ? AND status = 'BOOK'
     AND ?? >= ? AND ?? < DATE_ADD(?, INTERVAL 1 DAY)`,
    [customerId, column, startDate, column, endDate],
  );
  return Number(row?.["n"]);
}
