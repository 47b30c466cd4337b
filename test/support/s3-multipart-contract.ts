import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type CompleteMultipartUploadCommandInput,
  type CreateMultipartUploadCommandInput,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { announcementOf, refusalOf, textOf, type S3Bench } from "./s3-bench.ts";

const MIB = 1024 * 1024;

export function s3MultipartContract({ server, client, newBucket }: S3Bench): void {
  let Bucket: string;
  beforeAll(async () => {
    Bucket = await newBucket();
  });

  async function begin(Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}) {
    const input = { Bucket, Key, ChecksumAlgorithm: "CRC32", ...more } as const;
    const { UploadId } = await client().send(new CreateMultipartUploadCommand(input));
    return { Bucket, Key, UploadId: UploadId ?? "" };
  }
  type Begun = Awaited<ReturnType<typeof begin>>;
  async function part(upload: Begun, PartNumber: number, Body: Buffer): Promise<CompletedPart> {
    const { ETag, ChecksumCRC32 } = await client().send(
      new UploadPartCommand({ ...upload, PartNumber, Body }),
    );
    return { PartNumber, ETag, ChecksumCRC32 };
  }
  const complete = (
    upload: Begun,
    Parts: CompletedPart[],
    more: Partial<CompleteMultipartUploadCommandInput> = {},
  ) =>
    client().send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more }),
    );
  const abort = (upload: Begun) => client().send(new AbortMultipartUploadCommand(upload));
  const small = (text: string) => Buffer.from(text);

  test("parts become one object, seen only when it is complete", async () => {
    const first = randomBytes(5 * MIB);
    const upload = await begin("joined", {
      ContentType: "application/zip",
      Metadata: { "request-id": "r1" },
      Tagging: "class=statement",
    });
    const parts = [await part(upload, 1, first), await part(upload, 2, small("the end"))];
    const head = new HeadObjectCommand({ Bucket, Key: "joined", ChecksumMode: "ENABLED" });
    expect(await refusalOf(client().send(head))).toBe("404 NotFound");

    const answer = await complete(upload, parts);
    const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest();
    const joined = md5(Buffer.concat([md5(first), md5(small("the end"))])).toString("hex");
    expect(answer.ETag).toBe(`"${joined}-2"`);
    expect(answer.ChecksumCRC32).toMatch(/^[A-Za-z0-9+/]{6}==-2$/);
    expect(await client().send(head)).toMatchObject({
      ContentLength: 5 * MIB + 7,
      ContentType: "application/zip",
      Metadata: { "request-id": "r1" },
      ETag: answer.ETag,
      ChecksumCRC32: answer.ChecksumCRC32,
      ChecksumType: "COMPOSITE",
    });
    const got = await client().send(new GetObjectCommand({ Bucket, Key: "joined" }));
    const bytes = Buffer.from((await got.Body?.transformToByteArray()) ?? []);
    expect(bytes.equals(Buffer.concat([first, small("the end")]))).toBe(true);
    const over = new GetObjectCommand({
      Bucket,
      Key: "joined",
      Range: `bytes=${5 * MIB - 1}-${5 * MIB + 2}`,
    });
    const middle = Buffer.from(
      (await (await client().send(over)).Body?.transformToByteArray()) ?? [],
    );
    expect(middle.equals(Buffer.concat([first.subarray(-1), small("the")]))).toBe(true);
    const tags = await client().send(new GetObjectTaggingCommand({ Bucket, Key: "joined" }));
    expect(tags.TagSet).toEqual([{ Key: "class", Value: "statement" }]);
  });

  test("a stream of unknown length goes up through lib-storage", async () => {
    const bytes = randomBytes(12 * MIB + 5);
    const pieces = function* () {
      for (let at = 0; at < bytes.length; at += 300_000) yield bytes.subarray(at, at + 300_000);
    };
    const params = { Bucket, Key: "streamed", Body: Readable.from(pieces()), IfNoneMatch: "*" };
    await new Upload({ client: client(), params, partSize: 5 * MIB }).done();
    const got = await client().send(new GetObjectCommand({ Bucket, Key: "streamed" }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
    const record = await announcementOf(server(), Bucket, "streamed");
    expect(record.eventName.replace(/^s3:/, "")).toBe("ObjectCreated:CompleteMultipartUpload");
  });

  test("a part may be sent again: the last one counts, the others may be left out", async () => {
    const upload = await begin("replaced");
    await part(upload, 2, small("left out"));
    await part(upload, 7, small("old"));
    const last = await part(upload, 7, small("new"));
    await complete(upload, [last]);
    expect(await textOf(client(), Bucket, "replaced")).toBe("new");
  });

  test("the parts of an upload are listed, page by page", async () => {
    const upload = await begin("listed");
    for (const number of [3, 1, 2]) await part(upload, number, small(`part ${number}`));
    const first = await client().send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
    expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: "2" });
    const PartNumberMarker = first.NextPartNumberMarker;
    const second = await client().send(new ListPartsCommand({ ...upload, PartNumberMarker }));
    expect(second.IsTruncated).toBe(false);
    const all = [...(first.Parts ?? []), ...(second.Parts ?? [])];
    expect(all.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 6],
      [2, 6],
      [3, 6],
    ]);
    await abort(upload);
  });

  const find = (Prefix: string, more: Partial<ListMultipartUploadsCommandInput> = {}) =>
    client().send(new ListMultipartUploadsCommand({ Bucket, Prefix, ...more }));
  const found = ({ Uploads = [] }: ListMultipartUploadsCommandOutput) =>
    Uploads.map(({ Key = "", UploadId = "" }) => ({ Bucket, Key, UploadId }));
  test("uploads are found by the prefix of their key", async () => {
    const begun = [await begin("find/a"), await begin("find/a"), await begin("find/b")];
    await begin("other");
    const page = await find("find/");
    expect(page.IsTruncated).toBe(false);
    expect(found(page)).toHaveLength(3);
    expect(found(page)).toEqual(expect.arrayContaining(begun));
    expect(found(await find("find/b"))).toEqual([begun[2]]);
    expect(found(await find("nothing/"))).toEqual([]);
  });

  test("uploads are listed page by page, by their keys", async () => {
    const begun = [await begin("page/a"), await begin("page/b"), await begin("page/c")];
    const first = await find("page/", { MaxUploads: 2 });
    expect(first).toMatchObject({ IsTruncated: true, NextKeyMarker: "page/b" });
    const rest = await find("page/", { KeyMarker: first.NextKeyMarker });
    expect(rest.IsTruncated).toBe(false);
    expect([...found(first), ...found(rest)]).toEqual(begun);
  });

  test("a page may end between two uploads of one key", async () => {
    const begun = [await begin("twice"), await begin("twice")];
    const { NextKeyMarker, NextUploadIdMarker, ...first } = await find("twice", { MaxUploads: 1 });
    const next = find("twice", { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker });
    const { uploadIdMarker } = server().traits;
    expect(await refusalOf(next)).toBe(uploadIdMarker);
    if (uploadIdMarker === "not refused") {
      expect([...found(first), ...found(await next)]).toEqual(begun);
    }
  });

  test("an aborted upload is gone, and leaves nothing", async () => {
    const upload = await begin("aborted");
    const sent = await part(upload, 1, small("x"));
    await abort(upload);
    expect(await refusalOf(abort(upload))).toBe("404 NoSuchUpload");
    expect(await refusalOf(part(upload, 2, small("y")))).toBe("404 NoSuchUpload");
    expect(await refusalOf(complete(upload, [sent]))).toBe("404 NoSuchUpload");
    expect(await refusalOf(client().send(new ListPartsCommand(upload)))).toBe("404 NoSuchUpload");
    expect(found(await find("aborted"))).toEqual([]);
    expect(await refusalOf(textOf(client(), Bucket, "aborted"))).toBe("404 NoSuchKey");
  });

  test("a completed upload is gone", async () => {
    const upload = await begin("completed");
    const sent = await part(upload, 1, small("x"));
    await complete(upload, [sent]);
    expect(await refusalOf(abort(upload))).toBe("404 NoSuchUpload");
    expect(found(await find("completed"))).toEqual([]);
    expect(await textOf(client(), Bucket, "completed")).toBe("x");
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
    const { Parts } = await client().send(new ListPartsCommand(upload));
    expect(Parts ?? []).toEqual([]);
    await abort(upload);
  });

  test.each([0, 10_001])("there is no part number %d", async (PartNumber) => {
    const upload = await begin("numbers");
    expect(await refusalOf(part(upload, PartNumber, small("x")))).toBe("400 InvalidArgument");
    await abort(upload);
  });
}
