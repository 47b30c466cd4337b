/** Short-lived addresses of statements, each made at the moment it is asked for. */
import { HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { ObjectLocation } from "../domain/statement-request.ts";
import { presign } from "../platform/store/presign.ts";
import { DEFAULT_TIMEOUTS } from "../platform/store/s3-client.ts";
import { storageFault, storageUnavailable } from "../platform/store/storage-error.ts";
import { callStore } from "../platform/store/store-call.ts";

export type Link =
  | {
      readonly kind: "link";
      readonly url: string;
      /** When it really ends, milliseconds since the epoch: never later than the credentials that sign it. */
      readonly endsAt: number;
    }
  /** The object is not there any more. */
  | { readonly kind: "gone" };

export interface Links {
  /** @throws RetryableError when the store does not say whether the object is there; the signal's reason */
  make(object: ObjectLocation, signal: AbortSignal): Promise<Link>;
}

/** @param callMs a store that does not answer within it is away: whoever asks is told before his own time is over */
export function makeLinks(
  client: S3Client,
  forMs: number,
  now: () => number,
  callMs = DEFAULT_TIMEOUTS.call,
): Links {
  async function isThere({ bucket, key }: ObjectLocation, signal: AbortSignal): Promise<boolean> {
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
    const asked = { operation: "HeadObject", ms: callMs, signal };
    return await callStore(asked, async (options) => {
      try {
        await client.send(command, options);
        return true;
      } catch (error) {
        if (storageFault(error).status === 404) return false;
        throw error;
      }
    });
  }

  return {
    async make(object, signal) {
      if (!(await isThere(object, signal))) return { kind: "gone" };
      try {
        const { url, endsAt } = await presign(client, object, { now: now(), forMs });
        return { kind: "link", url, endsAt };
      } catch (error) {
        throw storageUnavailable("signing", error);
      }
    },
  };
}
