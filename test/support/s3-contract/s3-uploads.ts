/** Multipart uploads, step by step. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
  type CompletedPart,
  type CompleteMultipartUploadCommandInput,
  type CreateMultipartUploadCommandInput,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
} from "@aws-sdk/client-s3";

export const MIB = 1024 * 1024;
export const small = (text: string): Buffer => Buffer.from(text);

export interface Begun {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

/** `Bucket` is asked for at each step, because a suite makes its bucket late. */
export function uploadSteps(client: () => S3Client, bucket: () => string) {
  async function begin(
    Key: string,
    more: Partial<CreateMultipartUploadCommandInput> = {},
  ): Promise<Begun> {
    const input = { Bucket: bucket(), Key, ChecksumAlgorithm: "CRC32", ...more } as const;
    const { UploadId = "" } = await client().send(new CreateMultipartUploadCommand(input));
    return { Bucket: bucket(), Key, UploadId };
  }
  async function part(upload: Begun, PartNumber: number, Body: Buffer): Promise<CompletedPart> {
    const { ETag, ChecksumCRC32 } = await client().send(
      new UploadPartCommand({ ...upload, PartNumber, Body }),
    );
    return { PartNumber, ETag, ChecksumCRC32 };
  }
  return {
    begin,
    part,
    complete: (
      upload: Begun,
      Parts: CompletedPart[],
      more: Partial<CompleteMultipartUploadCommandInput> = {},
    ) =>
      client().send(
        new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more }),
      ),
    abort: (upload: Begun) => client().send(new AbortMultipartUploadCommand(upload)),
    find: (Prefix: string, more: Partial<ListMultipartUploadsCommandInput> = {}) =>
      client().send(new ListMultipartUploadsCommand({ Bucket: bucket(), Prefix, ...more })),
    found: ({ Uploads = [] }: ListMultipartUploadsCommandOutput): Begun[] =>
      Uploads.map(({ Key = "", UploadId = "" }) => ({ Bucket: bucket(), Key, UploadId })),
  };
}
