/**
 * Which statements a message speaks of, in whatever wrapping it comes: as S3 sends it, through SQS,
 * SNS or both, through EventBridge, to a Lambda, or from the web hook of MinIO, Ceph or versitygw. Sources:
 * "Event message structure" and "EventBridge event message structure" of the Amazon S3 User Guide,
 * the message formats of SNS, SQS and Lambda, and the servers' own code.
 */
import { parseStatementKey, type StatementKey } from "../../../functions/domain/statement-key.ts";
import { field, readCreatedObject, type CreatedObject } from "./created-object.ts";

/** A statement lies on S3. */
export interface StatementCreated extends CreatedObject {
  readonly kind: "statement";
  /** What the key says. */
  readonly statement: StatementKey;
  /**
   * The same for every repetition of the event, whichever way it came, and another for any other
   * object: S3 and every queue deliver at least once.
   */
  readonly dedupeKey: string;
  /** Of the SQS message, for `batchItemFailures` or its deletion. */
  readonly messageId: string | undefined;
}

export type S3Event =
  | StatementCreated
  | {
      readonly kind: "ignored";
      /**
       * `test_event`: S3 tries a new configuration; `subscription`: SNS asks for or confirms one;
       * `not_created`: an object was removed, tagged or restored; `not_a_statement`: another
       * object was created.
       */
      readonly reason: "test_event" | "subscription" | "not_created" | "not_a_statement";
      readonly messageId: string | undefined;
    }
  | {
      readonly kind: "unreadable";
      /** For a log: holds nothing of the message. */
      readonly problem: string;
      readonly messageId: string | undefined;
    };

/** Text, list and object each count: SNS in SQS in a Lambda's batch is nine deep. */
const MAX_DEPTH = 16;

interface Wrapping {
  readonly depth: number;
  readonly messageId: string | undefined;
}

/**
 * @param message JSON text, or what was parsed from it: one message or a batch of them
 * @returns one entry for each record, in their order. Never throws: what it cannot read is
 * `unreadable`, beside the others of its batch.
 */
export function parseS3Event(message: unknown): readonly S3Event[] {
  return read(message, { depth: 0, messageId: undefined });
}

function read(message: unknown, wrapping: Wrapping): readonly S3Event[] {
  if (wrapping.depth > MAX_DEPTH) return [unreadable("wrapped too deeply", wrapping)];
  const inner = { ...wrapping, depth: wrapping.depth + 1 };
  if (typeof message === "string") return readText(message, inner);
  if (Array.isArray(message)) return message.flatMap((one) => read(one, inner));
  if (typeof message !== "object" || message === null) {
    return [unreadable("neither an object nor a list", wrapping)];
  }
  return unwrap(message, inner);
}

function readText(text: string, wrapping: Wrapping): readonly S3Event[] {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return [unreadable("not JSON", wrapping)];
  }
  // A text in a text is no message, and would be read again and again.
  if (typeof message === "string") return [unreadable("a text, not an object", wrapping)];
  return read(message, wrapping);
}

function unwrap(message: object, wrapping: Wrapping): readonly S3Event[] {
  const { messageId } = wrapping;
  if (field(message, "Event") === "s3:TestEvent") {
    return [{ kind: "ignored", reason: "test_event", messageId }];
  }
  // S3, MinIO, Ceph and versitygw; SQS and SNS to a Lambda; SQS's ReceiveMessage.
  const batch = field(message, "Records") ?? field(message, "Messages");
  if (Array.isArray(batch)) return read(batch, wrapping);

  const body = field(message, "body") ?? field(message, "Body");
  if (body !== undefined) {
    const id = field(message, "messageId") ?? field(message, "MessageId");
    return read(body, { ...wrapping, messageId: typeof id === "string" ? id : messageId });
  }
  const sns = field(message, "Sns");
  if (sns !== undefined) return read(sns, wrapping);
  if (typeof field(message, "TopicArn") === "string") {
    if (field(message, "Type") === "Notification") return read(field(message, "Message"), wrapping);
    return [{ kind: "ignored", reason: "subscription", messageId }];
  }
  return [readObject(message, wrapping)];
}

function readObject(record: object, wrapping: Wrapping): S3Event {
  const { messageId } = wrapping;
  const object = readCreatedObject(record);
  if (object === "unreadable") return unreadable("an event of no known form", wrapping);
  if (object === "not_created") return { kind: "ignored", reason: "not_created", messageId };
  const statement = parseStatementKey(object.key);
  if (!statement) return { kind: "ignored", reason: "not_a_statement", messageId };
  return { kind: "statement", ...object, statement, dedupeKey: dedupeKey(object), messageId };
}

/** Both of what tells two writes of a key apart: some servers have one version for all of them. */
function dedupeKey({ bucket, key, versionId, sequencer }: CreatedObject): string {
  return JSON.stringify([bucket, key, versionId ?? "", sequencer ?? ""]);
}

function unreadable(problem: string, { messageId }: Wrapping): S3Event {
  return { kind: "unreadable", problem, messageId };
}
