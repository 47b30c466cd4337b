/** What a database or a store is, and what it cannot do, asked of a running one. */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { createConnection, type Connection } from "mysql2/promise";
import { StatementFailure } from "../../../functions/domain/failure.ts";
import {
  prepareSession,
  type ServerSession,
} from "../../../functions/statement-builder/source/session/server-session.ts";
import { makeStatementBucket } from "../../../functions/statement-builder/store/statement-bucket.ts";
import type { DatabaseServer } from "../../../infra/local/cluster/database-server.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { SILENT } from "../statements/statement.ts";

export interface Abilities {
  readonly version: string;
  /** In words, each the end of "it cannot …". */
  readonly cannot: readonly string[];
}

export async function abilitiesOfDatabase(server: DatabaseServer): Promise<Abilities> {
  await using connection = await createConnection({ uri: server.url, charset: "utf8mb4" });
  let session: ServerSession;
  try {
    session = await sessionOn(connection);
  } catch (error) {
    if (!(error instanceof StatementFailure)) throw error;
    const [[version]] = (await connection.query("SELECT VERSION() AS version")) as unknown as [
      [{ readonly version: string }],
    ];
    return { version: version.version, cannot: [`be read, and is refused: ${error.message}`] };
  }
  const cannot: string[] = [];
  if (session.server.includes(":")) {
    cannot.push("tell itself from another server by an id of its own: host and port do");
  }
  const [[plan]] = (await connection.query("EXPLAIN SELECT 1")) as unknown as [
    Readonly<Record<string, unknown>>[],
  ];
  if (plan && !("type" in plan)) cannot.push("explain in a table unless it is asked to");
  if (!(await comparesComputedIds(connection))) {
    cannot.push("compare an id that a view computes, unless the view has a COLLATE for it");
  }
  // Without the server's comment on itself.
  return { version: session.version.split(" ")[0] ?? "", cannot };
}

async function sessionOn(connection: Connection): Promise<ServerSession> {
  const run = async (sql: string) =>
    (await connection.query({ sql, rowsAsArray: true }))[0] as unknown as string[][];
  return await prepareSession(run, connection);
}

/** As a bank's own tool makes the view, whose collation is the server's default. */
async function comparesComputedIds(connection: Connection): Promise<boolean> {
  await connection.query("CREATE DATABASE computed");
  await connection.query("SET NAMES latin1");
  await connection.query("CREATE VIEW computed.ids AS SELECT CONCAT('c', 1) AS id");
  await sessionOn(connection);
  return await connection.query("SELECT id FROM computed.ids WHERE id = 'c1'").then(
    () => true,
    () => false,
  );
}

export async function abilitiesOfStore(server: S3Server, version: string): Promise<Abilities> {
  const { endpoint, region, bucket } = server;
  using statements = makeStatementBucket({
    ...{ bucket, endpoint, region, credentials: server, forcePathStyle: true },
    ...{ partBytes: 5 * 1024 * 1024, queue: 1, log: SILENT },
  });
  const client = server.client();
  const cannot: string[] = [];
  try {
    const habits = await statements.proveCreateOnly(true);
    if (!habits.refusesWrongChecksums) cannot.push("refuse a wrong checksum");
    if (!habits.confirmsRightChecksums) cannot.push("confirm a right checksum");
    if (!(await keepsRule(client, bucket, { Expiration: { Days: 90 } }))) {
      cannot.push("let objects expire by a lifecycle rule");
    }
    if (!(await keepsRule(client, bucket, CLEARS_PARTS))) {
      cannot.push("clear parts of abandoned uploads by a lifecycle rule");
    }
    if (!(await letsOneWin(client, bucket))) {
      cannot.push(
        "let one alone of two completions win that come in the same moment: the one whose object is " +
          "overwritten notices it, and fails; a lease keeps builders from getting there",
      );
    }
    if (await makesBuckets(client)) {
      cannot.push("refuse to write into a bucket that is not there: the builder asks first");
    }
  } catch (error) {
    const { detail, message } = error as Error & { readonly detail?: string };
    cannot.push(`refuse a second ${detail ?? message}: the builder refuses it at its start`);
  } finally {
    client.destroy();
  }
  return { version, cannot };
}

/** Races of two completions with `If-None-Match: *`; one that overwrites does so in a fifth of them. */
const RACES = 40;

async function letsOneWin(client: S3Client, Bucket: string): Promise<boolean> {
  for (let race = 0; race < RACES; race++) {
    const Key = `race-${race}`;
    const complete = async (): Promise<void> => {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const part = { Bucket, Key, UploadId, PartNumber: 1, Body: Buffer.alloc(1_000) };
      const { ETag } = await client.send(new UploadPartCommand(part));
      const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
      await client.send(
        new CompleteMultipartUploadCommand({
          ...{ Bucket, Key, UploadId, MultipartUpload },
          IfNoneMatch: "*",
        }),
      );
    };
    const ends = await Promise.allSettled([complete(), complete(), complete()]);
    if (ends.filter(({ status }) => status === "fulfilled").length > 1) return false;
  }
  return true;
}

const CLEARS_PARTS = { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } };

async function keepsRule(client: S3Client, Bucket: string, what: object): Promise<boolean> {
  const rule = { ID: "rule", Status: "Enabled", Filter: { Prefix: "" }, ...what } as const;
  const LifecycleConfiguration = { Rules: [rule] };
  try {
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }),
    );
    const kept = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    return Object.keys(what).every((name) => name in (kept.Rules?.[0] ?? {}));
  } catch {
    return false;
  }
}

async function makesBuckets(client: S3Client): Promise<boolean> {
  const command = new PutObjectCommand({ Bucket: "misspelt", Key: "a", Body: "a" });
  return await client.send(command).then(
    () => true,
    () => false,
  );
}
