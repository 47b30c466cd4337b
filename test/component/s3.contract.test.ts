import { createServer } from "node:http";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { startLocalS3 } from "../../infra/local/cluster/s3/server.ts";
import type { S3EventMessage } from "../support/s3-contract/s3-bench.ts";
import { s3Contract } from "../support/s3-contract/s3-contract.ts";
import { startS3Server } from "../support/servers/versitygw-server.ts";

s3Contract("local server", async () => {
  const dir = await mkdtemp(join(tmpdir(), "local-s3-"));
  const events: S3EventMessage[] = [];
  const keys = { region: "us-east-1", accessKeyId: "local", secretAccessKey: "local-secret" };
  const server = await startLocalS3({ dir, ...keys, onEvent: (event) => void events.push(event) });
  return {
    endpoint: server.endpoint,
    ...keys,
    events,
    traits: {
      contentEncodingAfterChunkedUpload: undefined,
      encryptionEcho: "AES256",
      unknownKeyRefusal: "403 InvalidAccessKeyId",
      metadataFromLink: { from: "link" },
      uploadIdMarker: "not refused",
      smallChunkRefusal: "403 InvalidChunkSizeError",
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
});

s3Contract("versitygw", async () => {
  const events: S3EventMessage[] = [];
  const receiver = createServer((request, response) => {
    void text(request).then((body) => {
      events.push(JSON.parse(body) as S3EventMessage);
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address() as AddressInfo;
  const server = await startS3Server({ eventWebhookUrl: `http://127.0.0.1:${port}/` });
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return {
    endpoint,
    region,
    accessKeyId,
    secretAccessKey,
    events,
    traits: {
      contentEncodingAfterChunkedUpload: "aws-chunked",
      encryptionEcho: undefined,
      unknownKeyRefusal: "404 XAdminUserNotFound",
      metadataFromLink: {},
      uploadIdMarker: "400 InvalidArgument",
      smallChunkRefusal: "400 InvalidChunkSizeError",
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      receiver.close();
      receiver.closeAllConnections();
      await once(receiver, "close");
    },
  };
});
