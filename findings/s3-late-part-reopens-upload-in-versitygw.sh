#!/usr/bin/env bash
# A part that ends behind the abort of its upload brings the upload back, and it is listed only later.
#
# Version: versitygw 1.8.0 (Go), @aws-sdk/client-s3 3.1169.0 (npm).
# Input: a multipart upload is begun, a part of it is half sent, the upload is aborted (204), and the other
#   half of the part follows; then an upload of the same key is begun and completed. By S3's reference such a
#   part may still be stored, and another abort frees it.
# Expected: the part is refused with 404 NoSuchUpload, or the upload is listed from then on, so that
#   whoever lists the open uploads of the key can abort it once more.
# Seen: the part is answered with 200. ListMultipartUploads has nothing, and ListParts finds the upload; once
#   the second upload of the key is begun both are listed, and the first is still there when that one is completed.
# So listing and aborting before an upload is not enough: list and abort once more behind it.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit @aws-sdk/client-s3@3.1169.0
GOBIN=$folder go install github.com/versity/versitygw/cmd/versitygw@v1.8.0 2>/dev/null
mkdir store
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
./versitygw --access key --secret secret --port "127.0.0.1:$port" posix store >log 2>&1 &
server=$!
cat > late.mjs <<'JS'
import { Readable } from "node:stream";
import * as s3 from "@aws-sdk/client-s3";

const client = new s3.S3Client({
  endpoint: `http://127.0.0.1:${process.argv[2]}`,
  region: "us-east-1",
  forcePathStyle: true,
  requestChecksumCalculation: "WHEN_REQUIRED",
  credentials: { accessKeyId: "key", secretAccessKey: "secret" },
});
const [Bucket, Key, MIB] = ["bucket", "key", 1024 * 1024];
const send = (Command, more) => client.send(new s3[`${Command}Command`]({ Bucket, Key, ...more }));
for (let left = 100; ; left--) {
  try {
    await send("CreateBucket");
    break;
  } catch (error) {
    if (left === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const first = (await send("CreateMultipartUpload")).UploadId;
let second;
async function list(when) {
  const { Uploads = [] } = await send("ListMultipartUploads");
  const names = Uploads.map(({ UploadId }) => (UploadId === first ? "the first" : "the second"));
  console.log(`${when}: ${names.sort().join(", ") || "nothing"}`);
}

const aborted = Promise.withResolvers();
const half = Promise.withResolvers();
async function* slowly() {
  yield Buffer.alloc(3 * MIB);
  half.resolve();
  await aborted.promise;
  yield Buffer.alloc(3 * MIB);
}
const part = send("UploadPart", {
  UploadId: first,
  PartNumber: 1,
  Body: Readable.from(slowly()),
  ContentLength: 6 * MIB,
});
await half.promise;
// Until the store has most of the half, so that it has looked for the upload.
await new Promise((resolve) => setTimeout(resolve, 1_000));
const abort = await send("AbortMultipartUpload", { UploadId: first });
await list(`abort ${abort.$metadata.httpStatusCode}`);
aborted.resolve();
const late = await part.catch((error) => error);
await list(`late part ${late.$metadata.httpStatusCode}`);
const { Parts = [] } = await send("ListParts", { UploadId: first }).catch(() => ({}));
console.log(`parts of the first: ${Parts.length}`);
second = (await send("CreateMultipartUpload")).UploadId;
await list("second begun");
const { ETag } = await send("UploadPart", { UploadId: second, PartNumber: 1, Body: "body" });
const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
await send("CompleteMultipartUpload", { UploadId: second, MultipartUpload });
await list("second completed");
client.destroy();
JS
node late.mjs "$port" | tee seen
diff seen - <<'SEEN'
abort 204: nothing
late part 200: nothing
parts of the first: 1
second begun: the first, the second
second completed: the first
SEEN
echo "as described: the aborted upload is back"
