/** What a publication comes to when the store, or the way to it, fails: one object or none. */
import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import type { PublishOutcome } from "../../functions/statement-builder/store/publication.ts";
import type { StatementBucket } from "../../functions/statement-builder/store/statement-bucket.ts";
import {
  startHttpFaultProxy,
  type HttpFault,
  type HttpFaultProxy,
  type HttpRule,
} from "../support/wire/http-fault-proxy.ts";
import { openTestBucket, uploadOf, type TestBucket } from "../support/servers/statement-bucket.ts";

const MIB = 1024 * 1024;
const never = new AbortController().signal;

/** The requests of a publication, as they look on the wire. */
const PUT = { method: "PUT", path: /x-id=PutObject/ };
const BEGIN = { method: "POST", path: /\?uploads/ };
const PART = { method: "PUT", path: /partNumber=/ };
const COMPLETE = { method: "POST", path: /uploadId=/ };
const ABORT = { method: "DELETE", path: /uploadId=/ };
const LOOK = { method: "HEAD" };

let store: TestBucket;
let proxy: HttpFaultProxy;
let bucket: StatementBucket;
let key: string;
let count = 0;

beforeAll(async () => {
  store = await openTestBucket("the real store");
  // A new bucket's first writes may take longer than the time-outs of these tests.
  await store.bucket.proveCreateOnly();
  await store.bucket.publish(uploadOf("first.zip", randomBytes(6 * MIB)));
});
beforeEach(async () => {
  proxy = await startHttpFaultProxy({ url: store.endpoint });
  bucket = store.bucketWith({
    endpoint: proxy.url,
    timeouts: { connect: 1_000, idle: 1_200, request: 8_000, call: 8_000 },
  });
  // What is counted below are the requests of a publication.
  await bucket.proveCreateOnly();
  key = `faults-${(count += 1)}.zip`;
});
afterEach(async () => {
  expect(await store.uploadsLeft()).toEqual([]);
  bucket[Symbol.dispose]();
  await proxy[Symbol.asyncDispose]();
});
afterAll(async () => await store[Symbol.asyncDispose]());

const SMALL = { name: "one PutObject", bytes: randomBytes(50_000), creates: PUT };
const LARGE = { name: "three parts", bytes: randomBytes(12 * MIB), creates: COMPLETE };

interface Problem {
  readonly code: unknown;
}

/** How it ended: the outcome, or the code of the error. */
async function publish({ bytes }: typeof SMALL, lease = () => 60_000): Promise<string> {
  const ending: PublishOutcome | Problem = await bucket
    .publish({ ...uploadOf(key, bytes), lease: async () => await Promise.resolve(lease()) })
    .catch((error: unknown) => ({ code: (error as Problem).code }));
  if ("code" in ending) return String(ending.code);
  if (ending.kind === "published") expect(ending.bytes).toBe(bytes.byteLength);
  return ending.kind;
}

/** Straight from the store: whole and ours, or not there. */
async function stored(): Promise<"whole" | "absent" | "other"> {
  const found = await store.bucket.look(key, never);
  if (found.kind === "absent") return "absent";
  const sizes: readonly number[] = [SMALL.bytes.byteLength, LARGE.bytes.byteLength];
  return found.metadata.claim === "claim-a" && sizes.includes(found.bytes) ? "whole" : "other";
}

function fail(rule: Omit<HttpRule, "fault">, fault: HttpFault, times?: number) {
  return proxy.fail({ ...rule, fault, ...(times === undefined ? {} : { times }) });
}

const error = (status: number, code: string): HttpFault => ({
  kind: "answer",
  status,
  headers: { "content-type": "application/xml" },
  body: `<Error><Code>${code}</Code><Message>the text of the store</Message></Error>`,
});

describe("a fault that passes is waited out", () => {
  it.each([
    ["PutObject", PUT, SMALL, error(500, "InternalError")],
    ["PutObject", PUT, SMALL, error(503, "SlowDown")],
    ["PutObject", PUT, SMALL, { kind: "reset-before" }],
    ["PutObject", PUT, SMALL, { kind: "stall-request", afterBytes: 1_000 }],
    ["CreateMultipartUpload", BEGIN, LARGE, error(503, "ServiceUnavailable")],
    ["CreateMultipartUpload", BEGIN, LARGE, { kind: "reset-before" }],
    ["UploadPart", PART, LARGE, error(503, "SlowDown")],
    ["UploadPart", PART, LARGE, { kind: "stall-request", afterBytes: 2 * MIB }],
    ["UploadPart", PART, LARGE, { kind: "reset-after" }],
    ["CompleteMultipartUpload", COMPLETE, LARGE, error(500, "InternalError")],
    // An error in a 200, as S3 sends it when the work took long.
    ["CompleteMultipartUpload", COMPLETE, LARGE, error(200, "InternalError")],
    ["CompleteMultipartUpload", COMPLETE, LARGE, { kind: "drop" }],
    ["HeadObject", LOOK, LARGE, error(503, "")],
  ] as const)("%s: %#", async (_name, request, statement, fault) => {
    const rule = fail(request, fault, 1);
    expect(await publish(statement)).toBe("published");
    expect(rule.hits).toBe(1);
    expect(await stored()).toBe("whole");
  });
});

describe.each([SMALL, LARGE])(
  "a fault that stays, at the write that creates ($name)",
  (statement) => {
    it.each([
      ["500", error(500, "InternalError"), "publish_unknown"],
      ["404", error(404, "NoSuchUpload"), "publish_unknown"],
      ["409", error(409, "ConditionalRequestConflict"), "publish_conflict"],
      ["412 and no object", error(412, "PreconditionFailed"), "publish_unknown"],
      ["403", error(403, "AccessDenied"), "storage_unavailable"],
      // As MinIO answers to encryption where it has no KMS.
      ["501", error(501, "NotImplemented"), "storage_unavailable"],
      ["resets before", { kind: "reset-before" }, "publish_unknown"],
    ] as const)("%s leaves no object", async (_name, fault, ending) => {
      const rule = fail(statement.creates, fault);
      expect(await publish(statement)).toBe(ending);
      expect(rule.hits).toBeGreaterThanOrEqual(1);
      expect(await stored()).toBe("absent");
    });

    it.each([
      ["reset", { kind: "reset-after" }],
      ["500", { kind: "answer-after", status: 500 }],
      ["404", { kind: "answer-after", status: 404 }],
      ["409", { kind: "answer-after", status: 409 }],
      ["412", { kind: "answer-after", status: 412 }],
    ] as const)("%s after it was done finds the own object", async (_name, fault) => {
      const rule = fail(statement.creates, fault);
      expect(await publish(statement)).toBe("published");
      expect(rule.hits).toBeGreaterThanOrEqual(1);
      expect(await stored()).toBe("whole");
    });

    it("one lost answer, then the repeated write is told the key is taken: by ourselves", async () => {
      fail(statement.creates, { kind: "reset-after" }, 1);
      expect(await publish(statement)).toBe("published");
      expect(await stored()).toBe("whole");
    });

    it("nothing is guessed when the store does not answer the look either", async () => {
      fail(statement.creates, { kind: "reset-after" });
      fail(LOOK, { kind: "reset-before" });
      expect(await publish(statement)).toBe("publish_unknown");
      // The next claim looks, and adopts it.
      expect(await stored()).toBe("whole");
    });

    it("an object that is ours by its name and size, and not by its bytes, is damaged", async () => {
      // As on a store that keeps no checksums, or echoes whatever it is told.
      const settings = { checksums: "when_required" } as const;
      const other = Buffer.from(statement.bytes);
      other[1_000] = (other[1_000] ?? 0) ^ 1;
      using past = store.bucketWith(settings);
      expect((await past.publish(uploadOf(key, other))).kind).toBe("published");
      bucket[Symbol.dispose]();
      bucket = store.bucketWith({ ...settings, endpoint: proxy.url });
      await bucket.proveCreateOnly();
      fail(statement.creates, { kind: "answer", status: 412 });
      expect(await publish(statement)).toBe("object_damaged");
    });

    it("an object that cannot be read back after that is none of anybody's yet", async () => {
      fail(statement.creates, { kind: "reset-after" });
      fail({ method: "GET" }, { kind: "reset-before" });
      expect(await publish(statement)).toBe("publish_unknown");
    });

    it("gives up before the lease ends", async () => {
      fail(statement.creates, { kind: "drop" });
      let sent = 0;
      const ending = await publish(statement, () => {
        sent = performance.now();
        return 300;
      });
      expect(ending).toBe("publish_unknown");
      // A socket that is idle would be given up later, and the look that follows is fast.
      expect(performance.now() - sent).toBeLessThan(1_100);
      expect(await stored()).toBe("absent");
    });

    it("an abort ends it at once with the signal's reason", async () => {
      fail(statement.creates, { kind: "drop" });
      const stop = new AbortController();
      const reason = new Error("shutting down");
      const publishing = bucket.publish({
        ...uploadOf(key, statement.bytes),
        signal: stop.signal,
        onStep: (step) => {
          if (step === "publishing") setTimeout(() => stop.abort(reason), 100);
        },
      });
      await expect(publishing).rejects.toBe(reason);
      expect(await stored()).toBe("absent");
    });
  },
);

describe("a fault that stays, on the way there", () => {
  it.each([
    ["CreateMultipartUpload 503", BEGIN, error(503, "ServiceUnavailable")],
    ["CreateMultipartUpload without an answer", BEGIN, { kind: "reset-after" }],
    ["UploadPart 500", PART, error(500, "InternalError")],
    ["UploadPart stalls", PART, { kind: "stall-request", afterBytes: MIB }],
    ["UploadPart without an answer", PART, { kind: "drop" }],
  ] as const)("%s: no object, no upload", async (_name, request, fault) => {
    const rule = fail(request, fault);
    expect(await publish(LARGE)).toBe("storage_unavailable");
    expect(rule.hits).toBeGreaterThanOrEqual(4);
    expect(await stored()).toBe("absent");
  });

  it("an upload begun twice, because the first answer was lost, is there once", async () => {
    const rule = fail(BEGIN, { kind: "reset-after" }, 1);
    const left: (readonly string[])[] = [];
    await bucket.publish({
      ...uploadOf(key, LARGE.bytes),
      onStep: async (step) => {
        if (step === "publishing") left.push(await store.uploadsLeft());
      },
    });
    expect(rule.hits).toBe(1);
    expect(left).toEqual([[key]]);
    expect(await stored()).toBe("whole");
  });

  it("strays are left to the successor's fence when the lease is lost", async () => {
    fail(BEGIN, { kind: "reset-after" });
    const lost = (): number => {
      throw new Error("lease lost");
    };
    expect(await publish(LARGE, lost)).toBe("storage_unavailable");
    expect(await store.bucket.abortUploads(key, never)).toBe(4);
  });

  it("a failing part is not kept waiting by a body that has stalled", async () => {
    fail(PART, error(400, "InvalidPart"));
    const body = new PassThrough({ highWaterMark: 8 * MIB });
    body.write(randomBytes(6 * MIB));
    const publishing = bucket.publish({ ...uploadOf(key), body });
    await expect(publishing).rejects.toThrow(/UploadPart failed: InvalidPart \(HTTP 400/);
    expect(body.destroyed).toBe(true);
  });

  it("an abort ends parts that have stalled", async () => {
    fail(PART, { kind: "stall-request", afterBytes: MIB });
    const stop = new AbortController();
    const reason = new Error("the client has gone");
    const publishing = bucket.publish({ ...uploadOf(key, LARGE.bytes), signal: stop.signal });
    await Promise.race([sleep(200), publishing]);
    const started = performance.now();
    stop.abort(reason);
    await expect(publishing).rejects.toBe(reason);
    // Four tries of 400 ms each would take longer.
    expect(performance.now() - started).toBeLessThan(1_200);
  });

  it("a part that comes after its upload was aborted leaves nothing behind a later attempt", async () => {
    const uploadId = await store.beginUpload(key);
    const late = await store.sendPartSlowly(key, uploadId);
    await store.abortUpload(key, uploadId);
    await late.end();
    const upload = uploadOf(key, LARGE.bytes);
    const outcome = await bucket.publish({
      ...upload,
      metadata: { ...upload.metadata, attempt: 2 },
    });
    expect(outcome.kind).toBe("published");
  });

  it("a clean-up that fails hides nothing: the first failure is told", async () => {
    fail(COMPLETE, error(409, "ConditionalRequestConflict"));
    const rule = fail(ABORT, error(500, "InternalError"));
    expect(await publish(LARGE)).toBe("publish_conflict");
    expect(rule.hits).toBeGreaterThanOrEqual(1);
    expect(await stored()).toBe("absent");
    expect(await store.bucket.abortUploads(key, never)).toBe(1);
  });
});

describe("damage is loud", () => {
  const found = (headers: Record<string, string>): HttpFault => ({
    kind: "answer",
    status: 200,
    headers: { "content-length": "50000", "x-amz-meta-claim": "claim-a", ...headers },
  });

  it.each([
    ["another size", found({ "content-length": "49999" }), "it has 49999 bytes of 50000"],
    [
      "another checksum",
      found({ "x-amz-checksum-sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }),
      "its checksum differs",
    ],
    ["another's object", found({ "x-amz-meta-claim": "claim-b" }), "If-None-Match"],
  ])("%s", async (_name, fault, message) => {
    fail(LOOK, fault);
    // A store whose answer to PutObject says nothing of what it keeps.
    using silent = store.bucketWith({ endpoint: proxy.url, checksums: "when_required" });
    const publishing = silent.publish(uploadOf(key, SMALL.bytes));
    await expect(publishing).rejects.toMatchObject({ code: "object_damaged" });
    await expect(publishing).rejects.toThrow(`${bucket.name}/${key}`);
    await expect(publishing).rejects.toThrow(message);
  });

  it("an answer with the right checksum needs no look", async () => {
    const look = fail(LOOK, error(503, ""));
    expect(await publish(SMALL)).toBe("published");
    expect(look.hits).toBe(0);
    expect(await stored()).toBe("whole");
  });

  it("an answer with another checksum is looked into", async () => {
    const headers = { "x-amz-checksum-sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" };
    fail(PUT, { kind: "answer", status: 200, headers });
    fail(LOOK, found(headers));
    expect(await publish(SMALL)).toBe("object_damaged");
  });

  it("parts whose checksum the store tells differently", async () => {
    fail(
      LOOK,
      found({
        "content-length": String(LARGE.bytes.byteLength),
        "x-amz-checksum-crc32": "AAAAAA==-3",
      }),
    );
    expect(await publish(LARGE)).toBe("object_damaged");
  });

  it("the same sizes and checksums are no damage", async () => {
    expect(await publish(LARGE)).toBe("published");
    const head = await store.bucket.look(key, never);
    // Of the three parts' checksums, or of all bytes, as Ceph has it.
    expect(head).toMatchObject({
      kind: "present",
      crc32: expect.stringMatching(/=(-3)?$/) as string,
    });
  });
});

it("reads that are cut off or stall are errors, never an end", async () => {
  await store.bucket.publish(uploadOf(key, LARGE.bytes));
  for (const kind of ["cut-answer", "stall-answer"] as const) {
    const rule = fail({ method: "GET" }, { kind, afterBytes: MIB }, 1);
    let bytes = 0;
    const reading = (async () => {
      for await (const chunk of bucket.read(key, never)) bytes += chunk.byteLength;
    })();
    await expect(reading).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(rule.hits).toBe(1);
    expect(bytes).toBeLessThanOrEqual(MIB);
  }
});

it("what the store wrote in its answer is in no error", async () => {
  fail(PUT, error(400, "InvalidRequest"));
  const thrown: unknown = await bucket
    .publish(uploadOf(key, SMALL.bytes))
    .catch((reason: unknown) => reason);
  const text = inspect(thrown, { depth: 20, showHidden: true });
  expect(text).toContain("InvalidRequest (HTTP 400");
  expect(text).not.toContain("the text of the store");
});
