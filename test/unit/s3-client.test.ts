/** What the SDK does for each call: all that a store needs, and nothing that nobody reads. */
import { HeadBucketCommand } from "@aws-sdk/client-s3";
import { makeS3Client } from "../../functions/platform/store/s3-client.ts";

function clientWithoutStore() {
  return makeS3Client(
    {
      endpoint: "http://127.0.0.1:1",
      region: "eu-central-1",
      credentials: { accessKeyId: "id", secretAccessKey: "secret" },
      forcePathStyle: true,
    },
    1,
  );
}

test("neither lines for a log nor a long user agent are made", () => {
  const client = clientWithoutStore();
  const steps = client.middlewareStack.identify().map((step) => step.split(" ")[0]);
  expect(steps).toEqual([
    "validateBucketNameMiddleware",
    "regionRedirectMiddleware",
    "serializerMiddleware",
    "contentLengthMiddleware",
    "addExpectContinueMiddleware",
    "s3ExpressMiddleware",
    "nameOurselves",
    "hostHeaderMiddleware",
    "recursionDetectionMiddleware",
    "retryMiddleware",
    "httpSigningMiddleware",
    "deserializerMiddleware",
  ]);
});

test("a store's access log names us", async () => {
  const client = clientWithoutStore();
  let sent: unknown;
  client.middlewareStack.add(
    () => (args) => {
      sent = args.request;
      return Promise.reject(new Error("sent"));
    },
    { step: "finalizeRequest", priority: "low" },
  );
  await expect(client.send(new HeadBucketCommand({ Bucket: "b" }))).rejects.toThrow("sent");
  expect(sent).toMatchObject({ headers: { "user-agent": "transactions-collector" } });
});
