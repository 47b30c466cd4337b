/**
 * Makes a statement's object exist, once and whole.
 *
 *   stage ──▶ lease held? ──▶ create-only write ──▶ 200 ─────────────▶ check ──▶ published
 *   (parts, or all                                  └ anything else ─▶ look ─┬─ mine ▲
 *    in memory)                                                             ├─ other's ──▶ taken
 *                                                                           └─ absent ──▶ try again later
 *
 * Nothing can be seen before the one write that creates the object, PutObject or
 * CompleteMultipartUpload with `If-None-Match: *`, and that write is sent only after the body has
 * ended without an error, which is after the statement was proved. A write without a clear answer
 * is never guessed about: the object says in its metadata whose claim made it, and its own bytes
 * that it is whole, since a store may echo checksums that it never looked at. After a clear answer
 * the check is a look at the object, but where that answer has the checksum of what the store keeps.
 */
import { createHash } from "node:crypto";
import { startDeadline } from "../../platform/limits/deadline.ts";
import { RetryableError, StatementFailure, type RetryableCode } from "../../domain/failure.ts";
import type {
  PresentObject,
  PublishOutcome,
  PublishParts,
  PublishPhase,
  PublishStep,
  StagedObject,
  StatementUpload,
} from "./publication.ts";
import { stage } from "./staged-object.ts";
import {
  networkCause,
  storageFault,
  storageUnavailable,
} from "../../platform/store/storage-error.ts";

export function makePublish(parts: PublishParts) {
  return async (upload: StatementUpload): Promise<PublishOutcome> => {
    const { during = alone } = upload;
    const step = async (name: PublishStep): Promise<void> => await upload.onStep?.(name);
    // Beside the build; before the first write that creates, it is known.
    const proved = parts.proveCreateOnly();
    proved.catch(() => undefined);
    const staged = await during("build", () => stage(parts, upload, step));
    return await during("publish", () => publishStaged(parts, staged, upload, { step, proved }));
  };
}

async function alone<T>(_: PublishPhase, work: () => Promise<T>): Promise<T> {
  return await work();
}

interface Before {
  readonly step: (name: PublishStep) => Promise<void>;
  /** Settles when it is known whether the store overwrites. */
  readonly proved: Promise<unknown>;
}

async function publishStaged(
  parts: PublishParts,
  staged: StagedObject,
  upload: StatementUpload,
  { step, proved }: Before,
): Promise<PublishOutcome> {
  let created = false;
  try {
    await proved;
    await step("publishing");
    const answer = await create(staged, upload);
    created = answer.kind === "created" || answer.kind === "confirmed";
    await step("published");
    const { bytes, sha256 } = staged;
    if (answer.kind === "confirmed") return { kind: "published", bytes, sha256 };
    const found = await find(parts, staged, upload, answer);
    if (found.metadata.claim !== upload.metadata.claim) {
      if (!created) return { kind: "taken", by: found.metadata };
      throw damaged(parts, upload, "it was overwritten: does the store know If-None-Match?");
    }
    if (found.bytes !== bytes) {
      throw damaged(parts, upload, `it has ${found.bytes} bytes of ${bytes}`);
    }
    if (!staged.matches(found)) throw damaged(parts, upload, "its checksum differs");
    if (!created && (await sha256Stored(parts, upload)) !== sha256) {
      throw damaged(parts, upload, "its bytes differ");
    }
    return { kind: "published", bytes, sha256 };
  } finally {
    if (!created) await staged.discard();
  }
}

type Answer = { readonly kind: "confirmed" } | AnswerToCheck;
type AnswerToCheck =
  | { readonly kind: "created" }
  | { readonly kind: "exists" | "conflict" | "unknown"; readonly error: unknown };

/** Sent while the lease has time left, and given up before it ends. */
async function create(staged: StagedObject, upload: StatementUpload): Promise<Answer> {
  using deadline = startDeadline((await upload.lease()) * 0.9, upload.signal);
  try {
    return { kind: await staged.create(deadline.signal) };
  } catch (error) {
    upload.signal.throwIfAborted();
    const { status = 0, code } = storageFault(error);
    if (status === 412 || code === "PreconditionFailed") return { kind: "exists", error };
    if (status === 409 || code === "ConditionalRequestConflict") return { kind: "conflict", error };
    // 404 is not clear: it is also what a repeated completion of an upload finds.
    // 501 is as clear: the store does not know what it was asked, such as encryption with a KMS.
    const refused =
      status === 501 || (status >= 400 && status < 500 && ![404, 408, 429].includes(status));
    if (refused) throw storageUnavailable("the creating write", error);
    return { kind: "unknown", error };
  }
}

/** The object under the key, whosoever it is; without one the attempt is over. */
async function find(
  { look }: PublishParts,
  staged: StagedObject,
  { key, signal }: StatementUpload,
  answer: AnswerToCheck,
): Promise<PresentObject> {
  try {
    const first = await look(key, signal);
    if (first.kind === "present") return first;
    if (answer.kind !== "created") {
      // After this a completion that was still on its way fails, so the second look is the last.
      await staged.discard();
      const second = await look(key, signal);
      if (second.kind === "present") return second;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new RetryableError(
      "publish_unknown",
      "the store does not say whether the object exists",
      {
        cause: error,
      },
    );
  }
  throw absent(answer);
}

async function sha256Stored(
  { read }: PublishParts,
  { key, signal }: StatementUpload,
): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of read(key, signal)) hash.update(chunk);
  } catch (cause) {
    signal.throwIfAborted();
    throw new RetryableError("publish_unknown", "the object cannot be read back", { cause });
  }
  return hash.digest("hex");
}

function absent(answer: AnswerToCheck): RetryableError {
  if (answer.kind === "created") {
    return new RetryableError("publish_unknown", "the object was created and is not there");
  }
  const code: RetryableCode = answer.kind === "conflict" ? "publish_conflict" : "publish_unknown";
  const { description } = storageFault(answer.error);
  return new RetryableError(code, `no object after ${description}`, networkCause(answer.error));
}

function damaged(parts: PublishParts, upload: StatementUpload, what: string): StatementFailure {
  const object = `${parts.config.bucket}/${upload.key}`;
  return new StatementFailure(
    "object_damaged",
    `the object ${object} is not what was sent: ${what}`,
  );
}
