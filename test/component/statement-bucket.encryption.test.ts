import { randomBytes } from "node:crypto";
import { startHttpFaultProxy } from "../support/wire/http-fault-proxy.ts";
import { openTestBucket, uploadOf } from "../support/servers/statement-bucket.ts";

const ENCRYPTION = { keyId: "alias/private-bank", context: { tenant: "/private-bank" } };

test.each([
  ["one PutObject", 1_000, "PUT"],
  ["a multipart upload", 6 * 1024 * 1024, "POST"],
])("key and context go with %s, which creates the object", async (_, size, method) => {
  await using store = await openTestBucket("the real store");
  await using proxy = await startHttpFaultProxy({ url: store.endpoint });
  using bucket = store.bucketWith({ endpoint: proxy.url });
  const upload = uploadOf("acme-1-2-3.zip", randomBytes(size));
  const outcome = await bucket.publish({ ...upload, encryption: ENCRYPTION });
  expect(outcome).toMatchObject({ kind: "published", bytes: size });
  const created = proxy.requests.findIndex(
    (request) => request.startsWith(method) && request.includes("acme"),
  );
  expect(proxy.headers[created]).toMatchObject({
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "alias/private-bank",
    // printf '{"tenant":"/private-bank"}' | base64
    "x-amz-server-side-encryption-context": "eyJ0ZW5hbnQiOiIvcHJpdmF0ZS1iYW5rIn0=",
  });
});

test("without a key nothing is asked for", async () => {
  await using store = await openTestBucket("the real store");
  await using proxy = await startHttpFaultProxy({ url: store.endpoint });
  using bucket = store.bucketWith({ endpoint: proxy.url });
  await bucket.publish(uploadOf("acme-1-2-3.zip", randomBytes(1_000)));
  const asked = proxy.headers.flatMap((headers) => Object.keys(headers));
  expect(asked).toContain("x-amz-meta-claim");
  expect(asked.filter((name) => name.includes("encryption"))).toEqual([]);
});
