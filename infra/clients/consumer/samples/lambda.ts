/**
 * A Lambda on an SQS queue of S3's events, itself or behind SNS or EventBridge, with partial batch
 * responses (`ReportBatchItemFailures`): what fails is delivered again, and in the end lies in the
 * queue's dead-letter queue. The AWS SDK is Lambda's own.
 */
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import {
  parseS3Event,
  verifyStatement,
  type Manifest,
  type StatementCreated,
} from "transactions-collector/consumer";

export interface Statements {
  /** Does nothing for a `dedupeKey` it has taken before: every event may come twice. */
  take(dedupeKey: string, manifest: Manifest): Promise<void>;
}

export function makeHandler(s3: S3Client, statements: Statements) {
  async function read(event: StatementCreated): Promise<void> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: event.bucket, Key: event.key }));
    if (!Body) throw new Error("an object without a body");
    const statement = await verifyStatement(Body.transformToWebStream(), event.key);
    // Its `problems` name files, and so account numbers.
    if (!statement.ok) throw new Error(statement.details.map(({ kind }) => kind).join("; "));
    await statements.take(event.dedupeKey, statement.manifest);
  }

  return async (message: unknown) => {
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const event of parseS3Event(message)) {
      try {
        if (event.kind === "unreadable") throw new Error(event.problem);
        if (event.kind === "statement") await read(event);
      } catch (error) {
        console.error(event.messageId, error);
        // Without an id of its own the whole batch comes again, as Lambda has it.
        batchItemFailures.push({ itemIdentifier: event.messageId ?? "" });
      }
    }
    return { batchItemFailures };
  };
}
