import { compareUtf8, keyEncoding } from "./list-objects.ts";
import { xmlResponse, type Operation } from "./operation.ts";
import { numberParameter } from "./s3-request.ts";
import type { Upload } from "./upload-store.ts";

const MAX_ENTRIES = 1000;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export const listMultipartUploads: Operation = (request, { store, uploads }) => {
  store.requireBucket(request.bucket);
  const { query } = request;
  const prefix = query.get("prefix") ?? "";
  const keyMarker = query.get("key-marker") ?? "";
  const uploadIdMarker = query.get("upload-id-marker") ?? "";
  const maxUploads = Math.min(numberParameter(request, "max-uploads", MAX_ENTRIES), MAX_ENTRIES);
  const encode = keyEncoding(request);
  const matching = [...uploads.ofBucket(request.bucket)]
    .filter(({ key }) => key.startsWith(prefix))
    .filter((upload) => isAfter(upload, keyMarker, uploadIdMarker))
    .sort((a, b) => compareUtf8(a.key, b.key) || compareUtf8(a.uploadId, b.uploadId));
  const page = matching.slice(0, maxUploads);
  const truncated = matching.length > page.length;
  const last = truncated ? page.at(-1) : undefined;
  return xmlResponse("ListMultipartUploadsResult", {
    Bucket: request.bucket,
    Prefix: encode(prefix),
    KeyMarker: encode(keyMarker),
    UploadIdMarker: uploadIdMarker,
    NextKeyMarker: last && encode(last.key),
    NextUploadIdMarker: last?.uploadId,
    EncodingType: query.get("encoding-type") ?? undefined,
    MaxUploads: maxUploads,
    IsTruncated: truncated,
    Upload: page.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.uploadId,
      StorageClass: "STANDARD",
      Initiated: new Date(upload.initiated).toISOString(),
      ChecksumAlgorithm: upload.checksumAlgorithm,
    })),
  });
};

/** Without an upload-id-marker the whole key of the marker was on the page before. */
function isAfter(upload: Upload, keyMarker: string, uploadIdMarker: string): boolean {
  if (keyMarker === "") return true;
  const order = compareUtf8(upload.key, keyMarker);
  return order > 0 || (order === 0 && uploadIdMarker !== "" && upload.uploadId > uploadIdMarker);
}
