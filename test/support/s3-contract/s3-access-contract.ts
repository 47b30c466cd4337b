import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { refusalOf, s3Client, textOf, type S3Bench } from "./s3-bench.ts";

const MINUTE_MS = 60_000;

export function s3AccessContract({ server, client, newBucket }: S3Bench): void {
  let Bucket: string;
  beforeAll(async () => {
    Bucket = await newBucket();
    await client().send(new PutObjectCommand({ Bucket, Key: "secret", Body: "the secret" }));
  });
  const get = () => new GetObjectCommand({ Bucket, Key: "secret" });
  const presign = (options: { expiresIn?: number; signingDate?: Date } = {}) =>
    getSignedUrl(client(), get(), { expiresIn: 60, ...options });
  const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS);
  async function fetchCode(url: string, init?: RequestInit): Promise<string> {
    const answer = await fetch(url, init);
    const text = await answer.text();
    return `${answer.status} ${/<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? text}`;
  }

  test("nobody reads without a signature", async () => {
    const url = `${server().endpoint}/${Bucket}/secret`;
    expect(await fetchCode(url)).toBe("403 AccessDenied");
  });

  test("a wrong secret and an unknown key are told apart", async () => {
    const { accessKeyId, secretAccessKey, traits } = server();
    const using = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
      s3Client(server(), { credentials });
    const wrong = using({ accessKeyId, secretAccessKey: "not-the-secret" });
    const unknown = using({ accessKeyId: "nobody", secretAccessKey });
    expect(await refusalOf(wrong.send(get()))).toBe("403 SignatureDoesNotMatch");
    expect(await refusalOf(unknown.send(get()))).toBe(traits.unknownKeyRefusal);
    const head = new HeadObjectCommand({ Bucket, Key: "secret" });
    expect(await refusalOf(wrong.send(head))).toMatch(/^403 /);
    wrong.destroy();
    unknown.destroy();
  });

  test("a signature from another time is refused", async () => {
    const late = s3Client(server(), { systemClockOffset: -20 * MINUTE_MS });
    expect(await refusalOf(late.send(get()))).toBe("403 RequestTimeTooSkewed");
    late.destroy();
  });

  test("a presigned link reads this object until it expires", async () => {
    const answer = await fetch(await presign());
    expect([answer.status, await answer.text()]).toEqual([200, "the secret"]);
    const stillGood = await presign({ signingDate: ago(30), expiresIn: 3600 });
    expect(await fetchCode(stillGood)).toBe("200 the secret");
    const expired = await presign({ signingDate: ago(2), expiresIn: 60 });
    expect(await fetchCode(expired)).toBe("403 AccessDenied");
  });

  test("a presigned link cannot be changed", async () => {
    const url = await presign();
    const changed = [
      url.replace("/secret?", "/secret2?"),
      url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
      `${url}&response-content-type=text%2Fhtml`,
    ];
    for (const other of changed) expect(await fetchCode(other)).toBe("403 SignatureDoesNotMatch");
    expect(await fetchCode(url, { method: "DELETE" })).toBe("403 SignatureDoesNotMatch");
  });

  test("a presigned link may set the name of the download", async () => {
    const ResponseContentDisposition = 'attachment; filename="july.zip"';
    const input = { Bucket, Key: "secret", ResponseContentDisposition };
    const url = await getSignedUrl(client(), new GetObjectCommand(input), { expiresIn: 60 });
    const answer = await fetch(url);
    expect(answer.headers.get("content-disposition")).toBe(ResponseContentDisposition);
    expect(await answer.text()).toBe("the secret");
  });

  test("a presigned link may write", async () => {
    // The checksum of a body that is not known yet would be that of an empty one.
    const signer = s3Client(server(), { requestChecksumCalculation: "WHEN_REQUIRED" });
    const command = new PutObjectCommand({ Bucket, Key: "dropped", Metadata: { from: "link" } });
    const url = await getSignedUrl(signer, command, { expiresIn: 60 });
    signer.destroy();
    const answer = await fetch(url, { method: "PUT", body: "by link" });
    await answer.text();
    expect(answer.status).toBe(200);
    expect(await textOf(client(), Bucket, "dropped")).toBe("by link");
    const head = await client().send(new HeadObjectCommand({ Bucket, Key: "dropped" }));
    expect(head.Metadata).toEqual(server().traits.metadataFromLink);
  });
}
