/** The one state a file comes from, and the file. */
import type { ExecutedRequest } from "../../../functions/domain/statement-request.ts";
import type { StatementBucket } from "../../../functions/statement-builder/store/statement-bucket.ts";
import { unmet } from "../words/exit.ts";
import type { Session } from "../session/session.ts";

/** @throws CommandError when there is no file to be had, with the reason */
export async function findExecuted(session: Session, name: string): Promise<ExecutedRequest> {
  const { request } = await session.find(name);
  if (request.status === "executed") return request;
  throw unmet(
    `${request.facts.name} is ${request.status}, so it has no file; \`statements explain\` says why`,
  );
}

/** How many bytes the store says that it has. @throws CommandError when it is gone; RetryableError */
export async function findObject(
  bucket: StatementBucket,
  { object }: ExecutedRequest,
  signal: AbortSignal,
): Promise<number> {
  const found = await bucket.look(object.key, signal);
  if (found.kind === "present") return found.bytes;
  throw unmet(
    `there is no s3://${object.bucket}/${object.key} any more: the bucket's expiry may have taken it`,
  );
}
