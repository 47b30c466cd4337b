import { readText } from "./checked-body.ts";
import { xmlResponse, type Operation } from "./operation.ts";
import { S3Error } from "./s3-error.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET_NAME = /^(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const MAX_DOCUMENT_BYTES = 64 * 1024;

export const listBuckets: Operation = (_request, { store }) =>
  xmlResponse("ListAllMyBucketsResult", {
    Owner: { ID: "local" },
    Buckets: {
      Bucket: store.buckets().map(({ name, createdAt }) => ({
        Name: name,
        CreationDate: new Date(createdAt).toISOString(),
      })),
    },
  });

/** The region in the document is taken as this server's: it has only one. */
export const createBucket: Operation = async (request, { store }) => {
  if (!BUCKET_NAME.test(request.bucket)) {
    throw new S3Error("InvalidBucketName", "The specified bucket is not valid.");
  }
  if (request.headers["content-length"] !== undefined) await readText(request, MAX_DOCUMENT_BYTES);
  store.createBucket(request.bucket);
  return { status: 200, headers: { location: `/${request.bucket}` } };
};

export const headBucket: Operation = (request, { store }) => {
  store.requireBucket(request.bucket);
  return { status: 200 };
};
