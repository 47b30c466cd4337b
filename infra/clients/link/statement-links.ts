/**
 * `transactions-collector/link`: for a bank's own backend, which gives its customer a short-lived
 * address of a statement at the moment of the click. No event and no record holds one, because
 * whoever has the address has the file.
 */
import { parseStatementKey } from "../../../functions/domain/statement-key.ts";
import { makeS3Client } from "../../../functions/platform/store/s3-client.ts";
import { LONGEST_MS, presign } from "../../../functions/platform/store/presign.ts";

export interface StatementStore {
  /** Of an S3-compatible store, as the customer's browser reaches it; AWS's own when absent. */
  readonly endpoint?: string;
  /** From `AWS_REGION` when absent. */
  readonly region?: string;
  /** For most S3-compatible stores. */
  readonly forcePathStyle?: boolean;
  /** From where every AWS program takes them (environment, web identity, instance) when absent. */
  readonly credentials?: StoreCredentials | (() => Promise<StoreCredentials>);
}

export interface StoreCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they end; an address they have signed ends with them. */
  readonly expiration?: Date;
}

export interface LinkRequest {
  readonly bucket: string;
  /** With its prefix, as in the event `executed` and in S3's own events. */
  readonly key: string;
  /** Whose statement it must be: the customer who is logged in, never one the browser names. */
  readonly customerId: string;
  /** Seconds, from 1 to 604800; 300 when absent. */
  readonly expiresIn?: number;
}

export type StatementLink =
  | {
      readonly ok: true;
      readonly url: string;
      /** When the address really ends: with the time asked for, or with the credentials, if sooner. */
      readonly expiresAt: Date;
    }
  | { readonly ok: false; readonly reason: "not_a_statement" | "of_another_customer" };

export interface StatementLinks {
  /**
   * Signs; asks the store nothing, so an object that has expired answers its reader with 404.
   *
   * @throws RangeError for an `expiresIn` out of bounds; the SDK's error when there are no credentials; Error when they
   * have ended
   */
  link(request: LinkRequest): Promise<StatementLink>;
  /** Gives its connections back; a process that ends needs no such call. */
  close(): void;
}

const DEFAULT_SECONDS = 300;

/** Make it once, at the start: it keeps the credentials until they have to be renewed. */
export function makeStatementLinks(
  store: StatementStore = {},
  now: () => number = Date.now,
): StatementLinks {
  const { forcePathStyle = false, ...settings } = store;
  // A checksum of nothing would become part of the address.
  const client = makeS3Client({ ...settings, forcePathStyle, checksums: "when_required" }, 1);
  return {
    async link({ bucket, key, customerId, expiresIn = DEFAULT_SECONDS }) {
      if (!(Number.isInteger(expiresIn) && expiresIn >= 1 && expiresIn * 1000 <= LONGEST_MS))
        throw new RangeError("expiresIn must be whole seconds from 1 to 604800");
      const statement = parseStatementKey(key);
      if (!statement) return { ok: false, reason: "not_a_statement" };
      if (statement.customerId !== customerId) return { ok: false, reason: "of_another_customer" };
      const signed = await presign(
        client,
        { bucket, key },
        { now: now(), forMs: expiresIn * 1000 },
      );
      return { ok: true, url: signed.url, expiresAt: new Date(signed.endsAt) };
    },
    close: () => client.destroy(),
  };
}
