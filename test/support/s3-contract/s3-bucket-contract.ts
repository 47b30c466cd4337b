import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { refusalOf, type S3Bench } from "./s3-bench.ts";

export function s3BucketContract({ client, newBucket }: S3Bench): void {
  test("a new bucket is there, and listed", async () => {
    const Bucket = await newBucket();
    const head = await client().send(new HeadBucketCommand({ Bucket }));
    expect(head.$metadata.httpStatusCode).toBe(200);
    const { Buckets = [] } = await client().send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name)).toContain(Bucket);
  });

  test("a bucket is made once, by a name that follows the rules", async () => {
    const Bucket = await newBucket();
    const make = (name: string) => client().send(new CreateBucketCommand({ Bucket: name }));
    expect(await refusalOf(make(Bucket))).toBe("409 BucketAlreadyOwnedByYou");
    for (const name of ["UPPER-case", "no", "192.168.0.1"]) {
      expect(await refusalOf(make(name))).toBe("400 InvalidBucketName");
    }
  });

  test("what is not there is not found", async () => {
    const Bucket = "never-made";
    const Key = "a";
    expect(await refusalOf(client().send(new HeadBucketCommand({ Bucket })))).toBe("404 NotFound");
    const put = client().send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
    expect(await refusalOf(put)).toBe("404 NoSuchBucket");
    const get = client().send(new GetObjectCommand({ Bucket: await newBucket(), Key }));
    expect(await refusalOf(get)).toBe("404 NoSuchKey");
    const head = client().send(new HeadObjectCommand({ Bucket: await newBucket(), Key }));
    expect(await refusalOf(head)).toBe("404 NotFound");
  });
}
