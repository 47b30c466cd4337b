import {
  ListObjectsV2Command,
  paginateListObjectsV2,
  PutObjectCommand,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
} from "@aws-sdk/client-s3";
import { refusalOf, type S3Bench } from "./s3-bench.ts";

/** In the order of their UTF-8 bytes. */
const KEYS = ["a.zip", "a/1.zip", "a/2.zip", "a/b/3.zip", "b/1.zip", "c.zip", "é.zip", "日.zip"];

export function s3ListContract({ client, newBucket }: S3Bench): void {
  let Bucket: string;
  beforeAll(async () => {
    Bucket = await newBucket();
    for (const Key of KEYS.toReversed()) {
      await client().send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    }
  });
  const list = (input: Omit<ListObjectsV2CommandInput, "Bucket"> = {}) =>
    client().send(new ListObjectsV2Command({ Bucket, ...input }));
  const keysOf = ({ Contents = [] }: ListObjectsV2CommandOutput) => Contents.map(({ Key }) => Key);

  test("all keys come in the order of their bytes, with their sizes", async () => {
    const page = await list();
    expect(keysOf(page)).toEqual(KEYS);
    expect(page).toMatchObject({ IsTruncated: false, KeyCount: 8, Name: Bucket });
    expect(page.Contents?.map(({ Size }) => Size)).toEqual(
      KEYS.map((key) => Buffer.byteLength(key)),
    );
  });

  test.each([
    ["a prefix", { Prefix: "a/" }, ["a/1.zip", "a/2.zip", "a/b/3.zip"]],
    ["a start", { StartAfter: "b/1.zip" }, ["c.zip", "é.zip", "日.zip"]],
    ["a prefix nothing has", { Prefix: "zzz" }, []],
  ])("%s narrows the list", async (_name, input, keys) => {
    expect(keysOf(await list(input))).toEqual(keys);
  });

  test("a delimiter folds what lies behind it", async () => {
    const top = await list({ Delimiter: "/" });
    expect(keysOf(top)).toEqual(["a.zip", "c.zip", "é.zip", "日.zip"]);
    expect(top.CommonPrefixes).toEqual([{ Prefix: "a/" }, { Prefix: "b/" }]);
    const below = await list({ Delimiter: "/", Prefix: "a/" });
    expect(keysOf(below)).toEqual(["a/1.zip", "a/2.zip"]);
    expect(below.CommonPrefixes).toEqual([{ Prefix: "a/b/" }]);
  });

  test.each([1, 2, 3, 8])("pages of %d give every key once", async (pageSize) => {
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateListObjectsV2({ client: client(), pageSize }, { Bucket })) {
      pages.push(keysOf(page));
    }
    expect(pages.flat()).toEqual(KEYS);
    expect(pages.length).toBe(Math.ceil(KEYS.length / pageSize));
  });

  test("pages with a delimiter count a folded group once", async () => {
    const entries: (string | undefined)[] = [];
    const input = { Bucket, Delimiter: "/" };
    for await (const page of paginateListObjectsV2({ client: client(), pageSize: 2 }, input)) {
      entries.push(...keysOf(page), ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
    }
    expect(entries.toSorted()).toEqual(
      ["a.zip", "a/", "b/", "c.zip", "é.zip", "日.zip"].toSorted(),
    );
  });

  test("a bucket that is not there has no list", async () => {
    const listing = client().send(new ListObjectsV2Command({ Bucket: "never-made" }));
    expect(await refusalOf(listing)).toBe("404 NoSuchBucket");
  });
}
