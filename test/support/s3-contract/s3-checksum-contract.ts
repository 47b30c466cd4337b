import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { refusalOf, type S3Bench } from "./s3-bench.ts";

export function s3ChecksumContract({ server, client, newBucket }: S3Bench): void {
  let Bucket: string;
  beforeAll(async () => {
    Bucket = await newBucket();
  });
  const put = (input: Omit<PutObjectCommandInput, "Bucket">) =>
    client().send(new PutObjectCommand({ Bucket, ...input }));
  // `printf hello | crc32`, `sha256sum` and `md5sum`, in base64.
  const CRC32 = "NhCmhg==";
  const SHA256 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
  const WRONG_CRC32 = "AAAAAA==";

  test.each([
    ["CRC32", { ChecksumCRC32: CRC32 }],
    ["SHA256", { ChecksumSHA256: SHA256 }],
  ] as const)("%s is computed, kept and told", async (ChecksumAlgorithm, expected) => {
    const answer = await put({ Key: ChecksumAlgorithm, Body: "hello", ChecksumAlgorithm });
    expect(answer).toMatchObject(expected);
    const ask = { Bucket, Key: ChecksumAlgorithm, ChecksumMode: "ENABLED" } as const;
    expect(await client().send(new HeadObjectCommand(ask))).toMatchObject(expected);
  });

  test.each([
    ["CRC32", { ChecksumCRC32: WRONG_CRC32 }, "400 BadDigest"],
    ["SHA256", { ChecksumSHA256: `A${SHA256.slice(1)}` }, "400 BadDigest"],
    ["Content-MD5", { ContentMD5: "AAAAAAAAAAAAAAAAAAAAAA==" }, "400 BadDigest"],
  ])("with a wrong %s nothing is kept", async (name, checksum, refusal) => {
    expect(await refusalOf(put({ Key: `wrong ${name}`, Body: "hello", ...checksum }))).toBe(
      refusal,
    );
    const get = client().send(new GetObjectCommand({ Bucket, Key: `wrong ${name}` }));
    expect(await refusalOf(get)).toBe("404 NoSuchKey");
  });

  test("a stream carries its checksum behind it, and is kept without that", async () => {
    const bytes = Buffer.alloc(3 * 8192 - 1, "statement");
    const pieces = [0, 8192, 2 * 8192].map((at) => bytes.subarray(at, at + 8192));
    const Body = Readable.from(pieces);
    const answer = await put({ Key: "stream", Body, ContentLength: bytes.length });
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32(bytes));
    expect(answer.ChecksumCRC32).toBe(crc.toString("base64"));
    const got = await client().send(new GetObjectCommand({ Bucket, Key: "stream" }));
    expect(bytes.equals((await got.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
    expect(got.ContentEncoding).toBe(server().traits.contentEncodingAfterChunkedUpload);
  });

  test("a stream comes in chunks of 8 KiB or more, but for the last", async () => {
    const pieces = ["hel", "lo"].map((piece) => Buffer.from(piece));
    const call = put({ Key: "crumbs", Body: Readable.from(pieces), ContentLength: 5 });
    expect(await refusalOf(call)).toBe(server().traits.smallChunkRefusal);
  });

  test.each([
    ["wrong checksum", `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${WRONG_CRC32}\r\n\r\n`],
    ["missing byte", `4\r\nhell\r\n0\r\nx-amz-checksum-crc32:${CRC32}\r\n\r\n`],
    ["broken frame", `5\r\nhellooo\r\n0\r\nx-amz-checksum-crc32:${CRC32}\r\n\r\n`],
  ])("a stream with a %s is not kept", async (name, framed) => {
    const command = new PutObjectCommand({
      Bucket,
      Key: name,
      Body: Readable.from([Buffer.from("hello")]),
      ContentLength: 5,
    });
    command.middlewareStack.add(
      (next) => (args) => {
        (args.request as { body: unknown }).body = Readable.from([Buffer.from(framed)]);
        return next(args);
      },
      { step: "finalizeRequest", priority: "low" },
    );
    expect(await refusalOf(client().send(command))).toMatch(/^400 /);
    const get = client().send(new GetObjectCommand({ Bucket, Key: name }));
    expect(await refusalOf(get)).toBe("404 NoSuchKey");
  });
}
