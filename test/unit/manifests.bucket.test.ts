import { readFile } from "node:fs/promises";
import { z } from "zod";
import { render } from "../support/cluster/kustomize.ts";

const statement = z.strictObject({
  Sid: z.string(),
  Effect: z.enum(["Allow", "Deny"]),
  Principal: z.literal("*").optional(),
  Action: z.union([z.string(), z.array(z.string())]),
  Resource: z.union([z.string(), z.array(z.string())]),
  Condition: z.record(z.string(), z.record(z.string(), z.string())).optional(),
});
const policy = z.strictObject({
  Version: z.literal("2012-10-17"),
  Statement: z.array(statement),
});
/** PutBucketLifecycleConfiguration refuses a rule with a field it does not know. */
const lifecycle = z.strictObject({
  Rules: z.array(
    z.strictObject({
      ID: z.string().max(255),
      Status: z.literal("Enabled"),
      Filter: z.strictObject({ Prefix: z.string() }),
      Transitions: z
        .array(z.strictObject({ Days: z.int().min(30), StorageClass: z.literal("STANDARD_IA") }))
        .optional(),
      Expiration: z.strictObject({ Days: z.int().min(1) }).optional(),
      NoncurrentVersionExpiration: z.strictObject({ NoncurrentDays: z.int().min(1) }).optional(),
      AbortIncompleteMultipartUpload: z
        .strictObject({ DaysAfterInitiation: z.int().min(1) })
        .optional(),
    }),
  ),
});

async function file<S extends z.ZodType>(name: string, schema: S): Promise<z.output<S>> {
  const text = await readFile(
    new URL(`../../infra/kubernetes/bucket/${name}`, import.meta.url),
    "utf8",
  );
  return schema.parse(JSON.parse(text));
}

async function setting(functionName: string, variable: string): Promise<string> {
  const found = (await render("infra/kubernetes/base")).find(
    (one) => one.kind === "ConfigMap" && one.metadata.name.startsWith(`${functionName}-`),
  );
  return (found?.["data"] as Record<string, string>)[variable] ?? "";
}

const bucket = await setting("statement-builder", "S3_BUCKET");
const prefix = await setting("statement-builder", "S3_PREFIX");
const BUCKET = `arn:aws:s3:::${bucket}`;
const STATEMENTS = `${BUCKET}/${prefix}*`;

test("the builder may write, read, abort and look, and nothing else", async () => {
  const rights = (await file("builder-policy.json", policy)).Statement.flatMap((one) =>
    [one.Action].flat().map((action) => [one.Effect, action, one.Resource, one.Condition]),
  );
  expect(rights).toEqual([
    ["Allow", "s3:PutObject", STATEMENTS, undefined],
    ["Allow", "s3:GetObject", STATEMENTS, undefined],
    ["Allow", "s3:AbortMultipartUpload", STATEMENTS, undefined],
    // HeadObject names no prefix and needs this right to tell 404 from 403.
    ["Allow", "s3:ListBucket", BUCKET, { StringLikeIfExists: { "s3:prefix": `${prefix}*` } }],
    [
      "Allow",
      "s3:ListBucketMultipartUploads",
      BUCKET,
      // S3 knows no prefix for this action: a plain condition on it would never hold.
      { StringLikeIfExists: { "s3:prefix": `${prefix}*` } },
    ],
  ]);
});

test("status-api may read and look, and nothing else", async () => {
  const rights = (await file("reader-policy.json", policy)).Statement.map((one) => [
    one.Effect,
    one.Action,
    one.Resource,
    one.Condition,
  ]);
  expect(rights).toEqual([
    ["Allow", "s3:GetObject", STATEMENTS, undefined],
    ["Allow", "s3:ListBucket", BUCKET, { StringLikeIfExists: { "s3:prefix": `${prefix}*` } }],
  ]);
});

test("nobody writes over a statement, or without TLS", async () => {
  const rules = (await file("bucket-policy.json", policy)).Statement;
  expect(rules.map((one) => [one.Effect, one.Action, one.Resource, one.Condition])).toEqual([
    ["Deny", "s3:*", [BUCKET, `${BUCKET}/*`], { Bool: { "aws:SecureTransport": "false" } }],
    [
      "Deny",
      "s3:PutObject",
      STATEMENTS,
      { Null: { "s3:if-none-match": "true" }, Bool: { "s3:ObjectCreationOperation": "true" } },
    ],
  ]);
});

test("statements expire, after their records, and abandoned uploads are cleared", async () => {
  const { Rules } = await file("lifecycle.json", lifecycle);
  expect(Rules.map((rule) => rule.Filter.Prefix)).toEqual([prefix, prefix]);
  const retention = Number(await setting("pending-scanner", "RETENTION_DAYS"));
  const expiry = Rules.flatMap((rule) => rule.Expiration?.Days ?? []);
  expect(expiry).toHaveLength(1);
  expect(expiry[0]).toBeGreaterThan(retention);
  const abandoned = Rules.flatMap((rule) => rule.AbortIncompleteMultipartUpload ?? []);
  expect(abandoned).toEqual([{ DaysAfterInitiation: 1 }]);
});
