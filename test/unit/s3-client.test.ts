/** Where an S3 client sends its requests when S3_ENDPOINT says nothing. */
import { HeadBucketCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { makeS3Client } from "../../functions/platform/store/s3-client.ts";

const REFUSED = "AWS_ENDPOINT_URL or a profile names a store without https";

const client = () =>
  makeS3Client(
    {
      region: "eu-central-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      forcePathStyle: true,
    },
    1,
  );

afterEach(() => {
  delete process.env["AWS_ENDPOINT_URL"];
  delete process.env["AWS_ENDPOINT_URL_S3"];
});

test.each(["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])(
  "%s of another machine in plain text: nothing is sent, and no address signed",
  async (name) => {
    process.env[name] = "http://store.example:9000";
    const asked = client().send(new HeadBucketCommand({ Bucket: "b" }));
    await expect(asked).rejects.toThrow(REFUSED);
    const signed = getSignedUrl(client(), new GetObjectCommand({ Bucket: "b", Key: "k" }));
    await expect(signed).rejects.toThrow(REFUSED);
  },
);

test.each([
  ["https://store.example:9000", /^https:\/\/store\.example:9000\/b\/k\?/],
  ["http://127.0.0.1:9000", /^http:\/\/127\.0\.0\.1:9000\/b\/k\?/],
  [undefined, /^https:\/\/s3\.eu-central-1\.amazonaws\.com\/b\/k\?/],
])("AWS_ENDPOINT_URL=%s is taken", async (endpoint, address) => {
  if (endpoint !== undefined) process.env["AWS_ENDPOINT_URL"] = endpoint;
  const signed = getSignedUrl(client(), new GetObjectCommand({ Bucket: "b", Key: "k" }));
  expect(await signed).toMatch(address);
});
