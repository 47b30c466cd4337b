/** The one place where addresses of statements are signed: for the operator's tool and for `./link`. */
import { basename } from "node:path";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { RetryableError } from "../../domain/failure.ts";

/** What Signature Version 4 allows. */
export const LONGEST_MS = 7 * 86_400_000;

export interface Presigned {
  readonly url: string;
  /** When it really ends, milliseconds since the epoch. */
  readonly endsAt: number;
  /** Whether that is when the credentials end that signed it, sooner than was asked for. */
  readonly endsWithCredentials: boolean;
}

/**
 * Asks the store nothing: an address of an object that is gone answers 404.
 *
 * @throws RetryableError when the credentials have ended, and what finding them throws
 */
export async function presign(
  client: S3Client,
  object: { readonly bucket: string; readonly key: string },
  { now, forMs }: { readonly now: number; readonly forMs: number },
): Promise<Presigned> {
  const command = new GetObjectCommand({
    Bucket: object.bucket,
    Key: object.key,
    ResponseContentDisposition: `attachment; filename="${basename(object.key)}"`,
    ResponseCacheControl: "private, no-store",
  });
  // Before it signs: should they be renewed in between, the end that is told is too early, never too late.
  const { expiration } = await client.config.credentials();
  const seconds = Math.round(forMs / 1000);
  if (expiration && expiration.getTime() <= now) {
    const ended = `the credentials of the store have ended, at ${expiration.toISOString()}`;
    throw new RetryableError("storage_unavailable", ended);
  }
  const url = await getSignedUrl(client, command, {
    expiresIn: seconds,
    signingDate: new Date(now),
  });
  // The time in an address has whole seconds, and it holds from then.
  const asked = (Math.floor(now / 1000) + seconds) * 1000;
  // An address dies with the session that signed it, whatever it says itself.
  const endsAt = Math.min(asked, expiration?.getTime() ?? Infinity);
  return { url, endsAt, endsWithCredentials: endsAt < asked };
}
