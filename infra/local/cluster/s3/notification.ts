import type { StoredObject } from "./object-store.ts";

/** A message as S3 sends it to a queue: `{ Records: [...] }`. */
export interface S3Notification {
  readonly Records: readonly S3EventRecord[];
}

export type S3EventName = "ObjectCreated:Put" | "ObjectCreated:CompleteMultipartUpload";

export interface S3EventRecord {
  readonly eventVersion: "2.1";
  readonly eventSource: "aws:s3";
  readonly awsRegion: string;
  readonly eventTime: string;
  readonly eventName: S3EventName;
  readonly userIdentity: { readonly principalId: string };
  readonly requestParameters: { readonly sourceIPAddress: string };
  readonly responseElements: { readonly "x-amz-request-id": string };
  readonly s3: {
    readonly s3SchemaVersion: "1.0";
    readonly configurationId: string;
    readonly bucket: {
      readonly name: string;
      readonly ownerIdentity: { readonly principalId: string };
      readonly arn: string;
    };
    readonly object: {
      /** URL-encoded as in a form: a space is a plus sign. */
      readonly key: string;
      readonly size: number;
      readonly eTag: string;
      /** Grows with every event of a key. */
      readonly sequencer: string;
    };
  };
}

export interface CreatedObject {
  readonly eventName: S3EventName;
  readonly region: string;
  readonly bucket: string;
  readonly object: StoredObject;
  readonly requestId: string;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
export function notification(created: CreatedObject): S3Notification {
  const { eventName, region, bucket, object, requestId } = created;
  const identity = { principalId: "local" };
  return {
    Records: [
      {
        eventVersion: "2.1",
        eventSource: "aws:s3",
        awsRegion: region,
        eventTime: new Date(object.lastModified).toISOString(),
        eventName,
        userIdentity: identity,
        requestParameters: { sourceIPAddress: "127.0.0.1" },
        responseElements: { "x-amz-request-id": requestId },
        s3: {
          s3SchemaVersion: "1.0",
          configurationId: "local",
          bucket: { name: bucket, ownerIdentity: identity, arn: `arn:aws:s3:::${bucket}` },
          object: {
            key: encodeURIComponent(object.key).replaceAll("%20", "+").replaceAll("%2F", "/"),
            size: object.size,
            eTag: object.etag,
            sequencer: nextSequencer(object.lastModified),
          },
        },
      },
    ],
  };
}

let sequence = 0;

/** Hexadecimal, of one length; the counter tells the events of one millisecond apart. */
function nextSequencer(time: number): string {
  sequence = (sequence + 1) % 0x1000000;
  const digits = time.toString(16).padStart(12, "0") + sequence.toString(16).padStart(6, "0");
  return digits.toUpperCase();
}
