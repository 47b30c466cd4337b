/** Recorded events of every service, and what no service should send but a consumer may get. */
import { readdirSync, readFileSync } from "node:fs";
import { parseS3Event, type S3Event } from "../../infra/clients/consumer/index.ts";

const SAMPLES = new URL("../../infra/clients/consumer/samples/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(`${name}.json`, SAMPLES), "utf8");

const FIRST = {
  kind: "statement",
  bucket: "bank-statements",
  key: "statements/customer-000001-1735686000-1767135600-1795434992291.zip",
  size: 40_435,
  eTag: "b1946ac92492d2347c6235b4d2611184",
  versionId: undefined,
  sequencer: "0067A1F3C2D4E5F601",
  statement: {
    customerId: "customer-000001",
    startEpoch: 1_735_686_000,
    endEpoch: 1_767_135_600,
    uploadedAt: 1_795_434_992_291,
  },
  dedupeKey:
    '["bank-statements","statements/customer-000001-1735686000-1767135600-1795434992291.zip","","0067A1F3C2D4E5F601"]',
  messageId: undefined,
} as const satisfies S3Event;

const SECOND = {
  kind: "statement",
  bucket: "bank-statements",
  key: "statements/customer-000002-1735686000-1767135600-1795435001874.zip",
  size: 73_400_320,
  eTag: "9b2cf535f27731c974343645a3985328-9",
  versionId: "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
  sequencer: "0067A1F3CC1B2A3944",
  statement: { ...FIRST.statement, customerId: "customer-000002", uploadedAt: 1_795_435_001_874 },
  dedupeKey:
    '["bank-statements","statements/customer-000002-1735686000-1767135600-1795435001874.zip","3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY","0067A1F3CC1B2A3944"]',
  messageId: undefined,
} as const satisfies S3Event;

const ignored = (
  reason: (S3Event & { kind: "ignored" })["reason"],
  messageId?: string,
): S3Event => ({
  kind: "ignored",
  reason,
  messageId,
});

const SQS_1 = "059f36b4-87a3-44ab-83d2-661975830a7d";
const SQS_2 = "2e1424d4-f796-459a-8184-9c92662be6da";
const SQS_3 = "7a5c1b7e-0c55-4f0b-9b39-0d0a51f5d0f3";

const EXPECTED: Readonly<Record<string, readonly S3Event[]>> = {
  "s3-put": [FIRST],
  "s3-multipart": [SECOND],
  "s3-test-event": [ignored("test_event")],
  "s3-removed": [ignored("not_created")],
  // Of an object that is no statement, which the builder keeps beside them.
  "s3-probe": [ignored("not_a_statement")],
  "sqs-lambda": [
    { ...FIRST, messageId: SQS_1 },
    { ...FIRST, messageId: SQS_2 },
    ignored("test_event", SQS_3),
  ],
  "sqs-receive-message": [{ ...FIRST, messageId: SQS_1 }],
  "sns-sqs": [FIRST],
  "sns-sqs-lambda": [{ ...FIRST, messageId: "c80e8021-a70a-42c7-a470-796e1186f753" }],
  "sns-lambda": [FIRST],
  "sns-subscription": [ignored("subscription")],
  eventbridge: [FIRST],
  "eventbridge-sqs-lambda": [{ ...SECOND, messageId: "d0f8d5c9-7b31-4d35-a3b4-0a5d4e4bb1b0" }],
  minio: [
    {
      ...FIRST,
      sequencer: "182178E8B3C2D1A4",
      dedupeKey:
        '["bank-statements","statements/customer-000001-1735686000-1767135600-1795434992291.zip","","182178E8B3C2D1A4"]',
    },
  ],
  ceph: [
    {
      ...FIRST,
      sequencer: "F7E6D75DC742D108",
      dedupeKey:
        '["bank-statements","statements/customer-000001-1735686000-1767135600-1795434992291.zip","","F7E6D75DC742D108"]',
    },
  ],
  versitygw: [
    {
      ...FIRST,
      eTag: "50fc26fb517543816e4238076ce2441d",
      sequencer: "1",
      dedupeKey:
        '["bank-statements","statements/customer-000001-1735686000-1767135600-1795434992291.zip","","1"]',
    },
  ],
  "versitygw-test-event": [ignored("test_event")],
};

describe("recorded events", () => {
  test("every sample is expected here", () => {
    const found = readdirSync(SAMPLES).filter((name) => name.endsWith(".json"));
    expect(found.toSorted()).toEqual(
      Object.keys(EXPECTED)
        .map((name) => `${name}.json`)
        .toSorted(),
    );
  });

  test.each(Object.keys(EXPECTED))("%s, as text and as an object", (name) => {
    expect(parseS3Event(read(name))).toEqual(EXPECTED[name]);
    expect(parseS3Event(JSON.parse(read(name)))).toEqual(EXPECTED[name]);
  });

  test("a repetition has the same dedupe key, whichever way it came", () => {
    const ways = ["s3-put", "sqs-lambda", "sns-sqs", "sns-lambda", "eventbridge"];
    const keys = ways
      .flatMap((name) => parseS3Event(read(name)))
      .flatMap((event) => (event.kind === "statement" ? [event.dedupeKey] : []));
    expect(keys).toHaveLength(6);
    expect(new Set(keys).size).toBe(1);
  });
});

interface Change {
  readonly eventSource?: string;
  readonly eventName?: string;
  readonly key?: unknown;
  readonly object?: object;
}

function s3Event({ key = FIRST.key, object, ...change }: Change): object {
  const [record] = (JSON.parse(read("s3-put")) as { Records: [{ s3: { object: object } }] })
    .Records;
  const s3 = { ...record.s3, object: { ...record.s3.object, key, ...object } };
  return { Records: [{ ...record, ...change, s3 }] };
}

const NAME = "a-1-2-1795434992291.zip";
const keyOf = (change: Change): string | undefined => {
  const [event] = parseS3Event(s3Event(change));
  return event?.kind === "statement" ? event.key : undefined;
};

describe("keys are decoded once, as their sender encodes them", () => {
  test.each([
    ["a plus is a space", `my+folder/${NAME}`, `my folder/${NAME}`],
    ["an encoded plus is a plus", `a%2Bb/${NAME}`, `a+b/${NAME}`],
    ["an encoded percent sign stays one", `100%2525/${NAME}`, `100%25/${NAME}`],
    ["UTF-8", `K%C3%B6ln/${NAME}`, `Köln/${NAME}`],
    ["what was never encoded", `100%/${NAME}`, `100%/${NAME}`],
  ])("S3 and MinIO: %s", (_, encoded, key) => {
    expect(keyOf({ key: encoded })).toBe(key);
    const minio = { eventSource: "minio:s3", eventName: "s3:ObjectCreated:Put" };
    expect(keyOf({ ...minio, key: encoded })).toBe(key);
  });

  test.each([`a+b/${NAME}`, `Köln 50% of it/${NAME}`, `100%25/${NAME}`])(
    "versitygw: %s is as it is",
    (key) => {
      expect(keyOf({ eventName: "s3:ObjectCreated:Put", key })).toBe(key);
    },
  );

  // Whose earlier versions said `s3:` too.
  test.each(["ObjectCreated:Put", "s3:ObjectCreated:CompleteMultipartUpload"])(
    "Ceph: as it is, of %s",
    (eventName) => {
      const key = `a+b/100%25/${NAME}`;
      expect(keyOf({ eventSource: "ceph:s3", eventName, key })).toBe(key);
    },
  );

  test.each([`a+b/${NAME}`, `100%25/${NAME}`])("EventBridge: %s is as it is", (key) => {
    const event = JSON.parse(read("eventbridge")) as { detail: { object: { key: string } } };
    event.detail.object.key = key;
    expect(parseS3Event(event)).toMatchObject([{ kind: "statement", key }]);
  });
});

test("other versions or sequencers are other events; the version null is none", () => {
  const keys = [
    {},
    { versionId: "v1" },
    { versionId: "v2" },
    { sequencer: "9" },
    { versionId: "null" },
  ]
    .flatMap((object) => parseS3Event(s3Event({ object })))
    .map((event) => (event.kind === "statement" ? event.dedupeKey : event));
  expect(new Set(keys).size).toBe(4);
  expect(keys[4]).toBe(keys[0]);
});

test.each(["statements/report.zip", "a-1-2-3.zip", `${NAME}.part`, "x"])(
  "an object that is no statement: %s",
  (key) => {
    expect(parseS3Event(s3Event({ key }))).toEqual([ignored("not_a_statement")]);
  },
);

test.each(["ObjectTagging:Put", "ObjectRestore:Completed", "s3:ObjectRemoved:Delete", "Object"])(
  "nothing was created: %s",
  (eventName) => {
    expect(parseS3Event(s3Event({ eventName }))).toEqual([ignored("not_created")]);
  },
);

describe("what cannot be read", () => {
  test.each([
    ["no JSON", "{"],
    ["a text in a text", JSON.stringify(JSON.stringify(read("s3-put")))],
    ["nothing", undefined],
    ["null", null],
    ["a number", 7],
    ["an object of no known form", { hello: "world" }],
    ["a record without a bucket", { Records: [{ eventName: "ObjectCreated:Put", s3: {} }] }],
    ["a key that is no text", s3Event({ key: 7 })],
    ["an empty key", s3Event({ key: "" })],
    ["a body that is none", { Records: [{ messageId: "1", body: null }] }],
    ["inherited fields", Object.create({ Event: "s3:TestEvent" })],
  ])("%s is said to be so", (_, message) => {
    const events = parseS3Event(message);
    expect(events).toHaveLength(1);
    expect(events).toMatchObject([{ kind: "unreadable" }]);
  });

  test("does not take the rest of its batch along, and has its message's id", () => {
    const batch = JSON.parse(read("sqs-lambda")) as { Records: { body: string }[] };
    batch.Records.splice(1, 1, { ...batch.Records[1], body: "secret words" });
    const events = parseS3Event(batch);
    expect(events).toEqual([
      { ...FIRST, messageId: SQS_1 },
      { kind: "unreadable", problem: "not JSON", messageId: SQS_2 },
      ignored("test_event", SQS_3),
    ]);
  });

  test("wrapped without end: an answer, soon", () => {
    let message: object = s3Event({});
    for (let depth = 0; depth < 10_000; depth++) message = { body: message };
    expect(parseS3Event(message)).toMatchObject([{ kind: "unreadable" }]);
  });

  test("a batch without messages is none", () => {
    expect(parseS3Event({ Records: [] })).toEqual([]);
    expect(parseS3Event([])).toEqual([]);
  });
});
