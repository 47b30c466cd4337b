import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { announcementOf, refusalOf, textOf, type S3Bench } from "./s3-bench.ts";

export function s3ObjectContract({ server, client, newBucket }: S3Bench): void {
  let Bucket: string;
  beforeAll(async () => {
    Bucket = await newBucket();
  });
  const put = (input: Omit<PutObjectCommandInput, "Bucket">) =>
    client().send(new PutObjectCommand({ Bucket, ...input }));

  test("an object comes back as it was put, with all that was said about it", async () => {
    const before = Date.now();
    const { ETag } = await put({
      Key: "told",
      Body: "the body",
      ContentType: "application/zip",
      ContentDisposition: 'attachment; filename="told.zip"',
      CacheControl: "private, no-store",
      Metadata: { "request-id": "transaction-request-a-1", attempt: "1" },
    });
    expect(ETag).toBe(`"${createHash("md5").update("the body").digest("hex")}"`);
    const expected = {
      ContentLength: 8,
      ContentType: "application/zip",
      ContentDisposition: 'attachment; filename="told.zip"',
      CacheControl: "private, no-store",
      Metadata: { "request-id": "transaction-request-a-1", attempt: "1" },
      ETag,
    };
    const head = await client().send(new HeadObjectCommand({ Bucket, Key: "told" }));
    expect(head).toMatchObject(expected);
    expect(Math.abs((head.LastModified?.getTime() ?? 0) - before)).toBeLessThan(10_000);
    const got = await client().send(new GetObjectCommand({ Bucket, Key: "told" }));
    expect(got).toMatchObject(expected);
    expect(await got.Body?.transformToString()).toBe("the body");
  });

  test.each([
    "plain",
    "a/deep/path.zip",
    "blank and +plus",
    "ümläut-日本-😀",
    "!'()*~._-",
    "100%&=?#",
  ])("the key %p names its object", async (Key) => {
    await put({ Key, Body: Key });
    expect(await textOf(client(), Bucket, Key)).toBe(Key);
  });

  test("an object may be empty", async () => {
    await put({ Key: "empty", Body: "" });
    expect(await textOf(client(), Bucket, "empty")).toBe("");
  });

  test("a later put takes the place of an earlier one", async () => {
    await put({ Key: "again", Body: "first" });
    await put({ Key: "again", Body: "second" });
    expect(await textOf(client(), Bucket, "again")).toBe("second");
  });

  test("If-None-Match: * creates, and never overwrites", async () => {
    await put({ Key: "once", Body: "first", IfNoneMatch: "*" });
    const second = put({ Key: "once", Body: "second", IfNoneMatch: "*" });
    expect(await refusalOf(second)).toBe("412 PreconditionFailed");
    expect(await textOf(client(), Bucket, "once")).toBe("first");
  });

  test("of many who create at once, one wins", async () => {
    const racers = Array.from({ length: 8 }, (_, i) => `racer ${i}`);
    const outcomes = await Promise.all(
      racers.map(async (Body) => await refusalOf(put({ Key: "race", Body, IfNoneMatch: "*" }))),
    );
    const winners = racers.filter((_, i) => outcomes[i] === "not refused");
    expect(winners).toHaveLength(1);
    expect([await textOf(client(), Bucket, "race")]).toEqual(winners);
  });

  test.each([
    ["bytes=2-5", "2345", "bytes 2-5/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=8-99", "89", "bytes 8-9/10"],
  ])("the range %s is %p", async (Range, text, ContentRange) => {
    await put({ Key: "digits", Body: "0123456789" });
    const part = await client().send(new GetObjectCommand({ Bucket, Key: "digits", Range }));
    expect(part).toMatchObject({ ContentRange, ContentLength: text.length });
    expect(part.$metadata.httpStatusCode).toBe(206);
    expect(await part.Body?.transformToString()).toBe(text);
  });

  test("a range behind the end is refused", async () => {
    await put({ Key: "digits", Body: "0123456789" });
    const get = new GetObjectCommand({ Bucket, Key: "digits", Range: "bytes=10-12" });
    expect(await refusalOf(client().send(get))).toBe("416 InvalidRange");
  });

  test("a read may name the version it expects", async () => {
    const { ETag } = await put({ Key: "version", Body: "v" });
    const get = (conditions: object) =>
      client().send(new GetObjectCommand({ Bucket, Key: "version", ...conditions }));
    expect(await refusalOf(get({ IfMatch: '"another"' }))).toBe("412 PreconditionFailed");
    expect(await refusalOf(get({ IfNoneMatch: ETag }))).toMatch(/^304 /);
    expect(await (await get({ IfMatch: ETag })).Body?.transformToString()).toBe("v");
    expect(await (await get({ IfNoneMatch: '"another"' })).Body?.transformToString()).toBe("v");
  });

  test("a wish for encryption is taken", async () => {
    const { encryptionEcho } = server().traits;
    const answer = await put({ Key: "sse", Body: "s", ServerSideEncryption: "AES256" });
    expect(answer.ServerSideEncryption).toBe(encryptionEcho);
    const head = await client().send(new HeadObjectCommand({ Bucket, Key: "sse" }));
    expect(head.ServerSideEncryption).toBe(encryptionEcho);
  });

  test("a put is announced with its bucket and key", async () => {
    const { ETag } = await put({ Key: "announced/a.zip", Body: "12345" });
    const record = await announcementOf(server(), Bucket, "announced/a.zip");
    expect(record.eventName.replace(/^s3:/, "")).toBe("ObjectCreated:Put");
    expect(record.s3.object).toMatchObject({ size: 5 });
    expect(record.s3.object.eTag.replaceAll('"', "")).toBe(ETag?.replaceAll('"', ""));
  });
}
