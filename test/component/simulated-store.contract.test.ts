/** The commands that the builder sends to S3, answered by the simulated store and by a real one: the same cases. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { alone } from "../simulate/alone.ts";
import { makeObjectStore } from "../simulate/object-store.ts";
import { startS3Server } from "../support/servers/versitygw-server.ts";

const Bucket = "statements";

interface Store extends AsyncDisposable {
  run<T>(work: (client: S3Client) => Promise<T>): Promise<T>;
}

async function startSimulated(): Promise<Store> {
  const { run, ...world } = alone();
  const { client } = makeObjectStore({
    ...world,
    now: () => world.time.now,
    landsBy: () => world.time.now,
    onObject: () => undefined,
  });
  return await Promise.resolve({
    run: (work) => run(() => work(client)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

async function startReal(): Promise<Store> {
  const server = await startS3Server();
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region: "us-east-1", credentials, forcePathStyle: true });
  return {
    run: (work) => work(client),
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** What became of it: its status, or the status and the name of the error. */
async function answerOf(sent: Promise<unknown>): Promise<string> {
  try {
    await sent;
    return "200";
  } catch (error) {
    const { name, $metadata } = error as Pick<S3ServiceException, "name" | "$metadata">;
    return `${$metadata.httpStatusCode ?? 0} ${name}`;
  }
}

describe.each([
  ["the simulation", startSimulated],
  ["versitygw", startReal],
])("the builder's commands, answered by %s", (_, start) => {
  let store: Store;
  beforeAll(async () => {
    store = await start();
  });
  afterAll(async () => await store[Symbol.asyncDispose]());

  const put = (Key: string, Body: string, more: { readonly IfNoneMatch?: string } = {}) =>
    store.run((client) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(Body), ...more })),
    );
  const head = (Key: string) =>
    store.run((client) => client.send(new HeadObjectCommand({ Bucket, Key })));
  const read = (Key: string) =>
    store.run(async (client) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      const pieces: Uint8Array[] = [];
      for await (const piece of Body as AsyncIterable<Uint8Array>) pieces.push(piece);
      return Buffer.concat(pieces).toString();
    });
  const begin = async (Key: string): Promise<string> => {
    const Metadata = { claim: "a" };
    const begun = await store.run((client) =>
      client.send(new CreateMultipartUploadCommand({ Bucket, Key, Metadata })),
    );
    return begun.UploadId ?? "";
  };
  const upload = (Key: string, UploadId: string, PartNumber: number, Body: string) =>
    store.run((client) =>
      client.send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: Buffer.from(Body) }),
      ),
    );
  const complete = (Key: string, UploadId: string, parts: readonly (string | undefined)[]) => {
    const Parts = parts.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
    return store.run((client) =>
      client.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key,
          UploadId,
          IfNoneMatch: "*",
          MultipartUpload: { Parts },
        }),
      ),
    );
  };
  const abort = (Key: string, UploadId: string) =>
    store.run((client) => client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })));
  const uploads = async (Prefix: string) =>
    (await store.run((client) => client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }))))
      .Uploads ?? [];

  it("has its bucket", async () => {
    const sent = store.run((client) => client.send(new HeadBucketCommand({ Bucket })));
    expect(await answerOf(sent)).toBe("200");
  });

  it("creates a key once, and replaces it only for who does not ask", async () => {
    expect(await answerOf(put("once", "first", { IfNoneMatch: "*" }))).toBe("200");
    expect(await answerOf(put("once", "second", { IfNoneMatch: "*" }))).toBe(
      "412 PreconditionFailed",
    );
    expect(await read("once")).toBe("first");
    expect(await answerOf(put("once", "third"))).toBe("200");
    expect(await read("once")).toBe("third");
  });

  it("has no object that nobody made", async () => {
    expect(await answerOf(head("none"))).toBe("404 NotFound");
    expect(await answerOf(read("none"))).toBe("404 NoSuchKey");
  });

  it("makes an upload visible when it is completed, whole and with its metadata", async () => {
    const id = await begin("parts");
    const { ETag } = await upload("parts", id, 1, "all of it");
    expect(await answerOf(head("parts"))).toBe("404 NotFound");
    expect((await uploads("parts")).map(({ Key }) => Key)).toEqual(["parts"]);
    expect(await answerOf(complete("parts", id, [ETag]))).toBe("200");
    expect(await read("parts")).toBe("all of it");
    expect(await head("parts")).toMatchObject({ ContentLength: 9, Metadata: { claim: "a" } });
    expect(await uploads("parts")).toEqual([]);
  });

  it("completes no upload over a key that is taken, and keeps it open", async () => {
    const id = await begin("taken");
    const { ETag } = await upload("taken", id, 1, "late");
    await put("taken", "early");
    expect(await answerOf(complete("taken", id, [ETag]))).toBe("412 PreconditionFailed");
    expect(await read("taken")).toBe("early");
    expect(await answerOf(abort("taken", id))).toBe("200");
  });

  it("takes nothing for an upload that was aborted", async () => {
    const id = await begin("fenced");
    const { ETag } = await upload("fenced", id, 1, "too late");
    expect(await answerOf(abort("fenced", id))).toBe("200");
    expect(await answerOf(upload("fenced", id, 2, "more"))).toBe("404 NoSuchUpload");
    expect(await answerOf(complete("fenced", id, [ETag]))).toBe("404 NoSuchUpload");
    expect(await answerOf(abort("fenced", id))).toBe("404 NoSuchUpload");
    expect(await answerOf(head("fenced"))).toBe("404 NotFound");
  });

  it("lists uploads by the beginning of their keys", async () => {
    const ids = [await begin("list-a"), await begin("list-b")];
    const [first] = await uploads("list-");
    expect(first?.Key).toBe("list-a");
    expect(first?.UploadId).toBe(ids[0]);
    expect(await uploads("lost-")).toEqual([]);
    for (const [index, id] of ids.entries()) await abort(index === 0 ? "list-a" : "list-b", id);
  });
});
