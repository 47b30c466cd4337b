import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { announcementOf, refusalOf, textOf, type S3Bench } from "./s3-bench.ts";
import { MIB, small, uploadSteps } from "./s3-uploads.ts";

export function s3MultipartContract({ server, client, newBucket }: S3Bench): void {
  let Bucket: string;
  beforeAll(async () => {
    Bucket = await newBucket();
  });
  const { begin, part, complete, abort, find, found } = uploadSteps(client, () => Bucket);

  test("parts become one object, seen only when it is complete", async () => {
    const first = randomBytes(5 * MIB);
    const upload = await begin("joined", {
      ContentType: "application/zip",
      Metadata: { "request-id": "r1" },
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

  test("a completed upload is gone", async () => {
    const upload = await begin("completed");
    const sent = await part(upload, 1, small("x"));
    await complete(upload, [sent]);
    expect(await refusalOf(abort(upload))).toBe("404 NoSuchUpload");
    expect(found(await find("completed"))).toEqual([]);
    expect(await textOf(client(), Bucket, "completed")).toBe("x");
  });
}
