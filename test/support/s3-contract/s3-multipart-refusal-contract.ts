import {
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { createHash, randomBytes } from "node:crypto";
import { refusalOf, textOf, type S3Bench } from "./s3-bench.ts";
import { MIB, small, uploadSteps } from "./s3-uploads.ts";

export function s3MultipartRefusalContract({ client, newBucket }: S3Bench): void {
  let Bucket: string;
  beforeAll(async () => {
    Bucket = await newBucket();
  });
  const { begin, part, complete, abort, find, found } = uploadSteps(client, () => Bucket);

  test("an aborted upload is gone, and leaves nothing", async () => {
    const upload = await begin("aborted");
    const sent = await part(upload, 1, small("x"));
    await abort(upload);
    expect(await refusalOf(abort(upload))).toBe("404 NoSuchUpload");
    expect(await refusalOf(part(upload, 2, small("y")))).toBe("404 NoSuchUpload");
    expect(await refusalOf(complete(upload, [sent]))).toBe("404 NoSuchUpload");
    expect(found(await find("aborted"))).toEqual([]);
    expect(await refusalOf(textOf(client(), Bucket, "aborted"))).toBe("404 NoSuchKey");
  });

  test("If-None-Match: * on the completion never overwrites, and the upload can be aborted", async () => {
    await client().send(new PutObjectCommand({ Bucket, Key: "taken", Body: "first" }));
    const upload = await begin("taken");
    const sent = await part(upload, 1, small("second"));
    const late = complete(upload, [sent], { IfNoneMatch: "*" });
    expect(await refusalOf(late)).toBe("412 PreconditionFailed");
    expect(await textOf(client(), Bucket, "taken")).toBe("first");
    expect((await abort(upload)).$metadata.httpStatusCode).toBe(204);
  });

  test("of many completions at once, one wins", async () => {
    const uploads = await Promise.all(
      Array.from({ length: 4 }, async (_, i) => {
        const upload = await begin("race");
        return { upload, text: `racer ${i}`, sent: await part(upload, 1, small(`racer ${i}`)) };
      }),
    );
    const outcomes = await Promise.all(
      uploads.map(({ upload, sent }) => refusalOf(complete(upload, [sent], { IfNoneMatch: "*" }))),
    );
    const winners = uploads.filter((_, i) => outcomes[i] === "not refused");
    expect(winners).toHaveLength(1);
    expect(await textOf(client(), Bucket, "race")).toBe(winners[0]?.text);
  });

  test("a completion must name the parts as they were sent", async () => {
    const upload = await begin("strict");
    const one = await part(upload, 1, small("too small for a part that is not the last"));
    const two = await part(upload, 2, small("two"));
    const wrong = { ...two, ETag: one.ETag };
    expect(await refusalOf(complete(upload, [one, wrong]))).toMatch(
      /^400 (InvalidPart|EntityTooSmall)$/,
    );
    expect(await refusalOf(complete(upload, [wrong]))).toBe("400 InvalidPart");
    expect(await refusalOf(complete(upload, [{ ...two, PartNumber: 9 }]))).toBe("400 InvalidPart");
    const three = await part(upload, 3, randomBytes(5 * MIB));
    expect(await refusalOf(complete(upload, [three, two]))).toBe("400 InvalidPartOrder");
    expect(await refusalOf(complete(upload, [one, two]))).toBe("400 EntityTooSmall");
    expect(await refusalOf(complete(upload, []))).toMatch(/^400 /);
    expect(await refusalOf(complete(upload, [two], { MpuObjectSize: 4 }))).toMatch(/^400 /);
    await complete(upload, [two], { MpuObjectSize: 3 });
    expect(await textOf(client(), Bucket, "strict")).toBe("two");
  });

  test("a part with a wrong checksum is not kept", async () => {
    const upload = await begin("damaged");
    const sending = client().send(
      new UploadPartCommand({ ...upload, PartNumber: 1, Body: "x", ChecksumCRC32: "AAAAAA==" }),
    );
    expect(await refusalOf(sending)).toBe("400 BadDigest");
    const named = { PartNumber: 1, ETag: createHash("md5").update("x").digest("hex") };
    expect(await refusalOf(complete(upload, [named]))).toBe("400 InvalidPart");
    await abort(upload);
  });

  test("the checksums of parts must be those the upload was begun with", async () => {
    const withSha256 = await begin("algorithm", { ChecksumAlgorithm: "SHA256" });
    expect(await refusalOf(part(withSha256, 1, small("x")))).toBe("400 InvalidRequest");
    await abort(withSha256);
    const { UploadId } = await client().send(
      new CreateMultipartUploadCommand({ Bucket, Key: "algorithm" }),
    );
    const withNone = { Bucket, Key: "algorithm", UploadId: UploadId ?? "" };
    const { PartNumber, ETag } = await part(withNone, 1, small("checked on its way"));
    await complete(withNone, [{ PartNumber, ETag }]);
    expect(await textOf(client(), Bucket, "algorithm")).toBe("checked on its way");
  });

  test.each([0, 10_001])("there is no part number %d", async (PartNumber) => {
    const upload = await begin("numbers");
    expect(await refusalOf(part(upload, PartNumber, small("x")))).toBe("400 InvalidArgument");
    await abort(upload);
  });
}
