#!/usr/bin/env bash
# The AWS SDK for JavaScript names the algorithm of a checksum only when it reckons the checksum itself.
#
# Version: @aws-sdk/client-s3 3.1169.0 (npm); what a store makes of it was seen on Ceph RGW 20.2.4.
# Input: a PutObject with its right SHA-256 given as `ChecksumSHA256`, once alone and once beside
#   `ChecksumAlgorithm: "SHA256"`; a server on loopback writes down the headers.
# Expected: both requests carry `x-amz-sdk-checksum-algorithm`, or no store needs it.
# Seen: only the second does. Amazon S3 and MinIO check the digest all the same; Ceph RGW reads it only
#   beside that header, and answers 200 without having looked.
# So whoever reckons the digest beforehand says the algorithm, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit @aws-sdk/client-s3@3.1169.0
cat > put.mjs <<'JS'
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";

const server = createServer((request, response) => {
  const given = request.headers["x-amz-checksum-sha256"] !== undefined;
  const named = request.headers["x-amz-sdk-checksum-algorithm"] ?? "not named";
  console.log(`checksum ${given ? "given" : "missing"}, algorithm ${named}`);
  request.resume().on("end", () => response.end());
}).listen(0, "127.0.0.1", async () => {
  const s3 = new S3Client({
    endpoint: `http://127.0.0.1:${server.address().port}`,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "key", secretAccessKey: "secret" },
  });
  const Body = "body";
  const ChecksumSHA256 = createHash("sha256").update(Body).digest("base64");
  for (const more of [{}, { ChecksumAlgorithm: "SHA256" }]) {
    await s3.send(new PutObjectCommand({ Bucket: "b", Key: "k", Body, ChecksumSHA256, ...more }));
  }
  server.close();
  s3.destroy();
});
JS
node put.mjs | tee seen
diff seen - <<'SEEN'
checksum given, algorithm not named
checksum given, algorithm SHA256
SEEN
echo "as described: a digest given by hand travels without its algorithm"
