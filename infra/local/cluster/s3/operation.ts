import type { S3EventName } from "./notification.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";
import type { S3Request, S3Response } from "./s3-request.ts";
import type { UploadStore } from "./upload-store.ts";
import { xmlDocument, type XmlElement } from "./xml.ts";

export interface S3Context {
  readonly store: ObjectStore;
  readonly uploads: UploadStore;
  /** After the object can be read. */
  readonly announce: (eventName: S3EventName, request: S3Request, object: StoredObject) => void;
}

/** One operation of the API; refusals are thrown as S3Error. */
export type Operation = (
  request: S3Request,
  context: S3Context,
) => S3Response | Promise<S3Response>;

export function xmlResponse(
  root: string,
  content: XmlElement,
  headers: Readonly<Record<string, string>> = {},
): S3Response {
  return {
    status: 200,
    headers: { ...headers, "content-type": "application/xml" },
    body: xmlDocument(root, content),
  };
}
