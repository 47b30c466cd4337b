/**
 * What this product and its users ask of S3, as one suite for every server: the local one must pass
 * what a real one passes. Where servers truly differ, the difference is a named trait with its
 * reason, and the suite asserts each side's own behaviour.
 */
import { CreateBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { randomUUID } from "node:crypto";
import { s3AccessContract } from "./s3-access-contract.ts";
import { s3Client, type S3Bench, type S3UnderTest } from "./s3-bench.ts";
import { s3BucketContract } from "./s3-bucket-contract.ts";
import { s3ChecksumContract } from "./s3-checksum-contract.ts";
import { s3ListContract } from "./s3-list-contract.ts";
import { s3MultipartContract } from "./s3-multipart-contract.ts";
import { s3MultipartRefusalContract } from "./s3-multipart-refusal-contract.ts";
import { s3ObjectContract } from "./s3-object-contract.ts";

export function s3Contract(name: string, start: () => Promise<S3UnderTest>): void {
  describe(`S3 contract: ${name}`, () => {
    let server: S3UnderTest;
    let client: S3Client;
    beforeAll(async () => {
      server = await start();
      client = s3Client(server);
    });
    afterAll(async () => {
      client.destroy();
      await server[Symbol.asyncDispose]();
    });
    const bench: S3Bench = {
      server: () => server,
      client: () => client,
      async newBucket() {
        const Bucket = `contract-${randomUUID()}`;
        await client.send(new CreateBucketCommand({ Bucket }));
        return Bucket;
      },
    };
    describe("buckets", () => s3BucketContract(bench));
    describe("objects", () => s3ObjectContract(bench));
    describe("checksums", () => s3ChecksumContract(bench));
    describe("lists", () => s3ListContract(bench));
    describe("multipart uploads", () => s3MultipartContract(bench));
    describe("refused steps of an upload", () => s3MultipartRefusalContract(bench));
    describe("access", () => s3AccessContract(bench));
  });
}
