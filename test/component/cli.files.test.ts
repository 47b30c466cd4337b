/** Statements that are fetched are their owner's alone, and never written over a file that is there. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { recordRequest, type ExecutedRequest } from "../../functions/domain/statement-request.ts";
import { fetchStatement } from "../../infra/local/run/statement-file.ts";
import { startLocalS3 } from "../../infra/local/cluster/s3/server.ts";
import { startHttpFaultProxy, type HttpFaultProxy } from "../support/wire/http-fault-proxy.ts";
import { startLocalLedger } from "../support/servers/local-ledger.ts";
import { sampleZip } from "../support/statements/sample-statement.ts";
import { makeTool, type Tool } from "../support/operator/statements-tool.ts";

const TOOL = join(import.meta.dirname, "../../infra/operator/statements.ts");
const BUCKET = "statements";
const KEY = "acme-42-1767222000-1769900400-1769915045678.zip";
const NAME = "transaction-request-acme-42-1769915045000";
const CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local-only" };

const opened = new AsyncDisposableStack();
let client: S3Client;
let proxy: HttpFaultProxy;
let tool: Tool;
let variables: Readonly<Record<string, string>>;
let request: ExecutedRequest;
let folder: string;
let zip: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-files-"));
  opened.defer(() => rm(folder, { recursive: true }));
  const s3 = opened.use(await startLocalS3({ dir: join(folder, "s3"), ...CREDENTIALS }));
  proxy = opened.use(await startHttpFaultProxy({ url: s3.endpoint }));
  const settings = { region: "us-east-1", endpoint: s3.endpoint, forcePathStyle: true };
  client = opened.adopt(new S3Client({ ...settings, credentials: CREDENTIALS }), (one) =>
    one.destroy(),
  );
  zip = await sampleZip();
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: zip }));

  const local = opened.use(await startLocalLedger());
  const recordedAt = Date.UTC(2026, 1, 1);
  const created = recordRequest({
    name: NAME,
    customerId: "acme-42",
    startDate: "2026-01-01",
    endDate: "2026-01-31",
    timeZone: "Europe/Berlin",
    options: {},
    event: { source: "/bank", id: "1", type: "t", time: recordedAt },
    recordedAt,
  });
  await local.ledger.create(created);
  const stored = await local.ledger.read(NAME);
  if (!stored) throw new Error("not stored");
  const { nextAttemptAt: _, ...common } = created;
  request = {
    ...common,
    status: "executed",
    object: { bucket: BUCKET, key: KEY },
    rows: 4,
    bytes: zip.length,
    sha256: createHash("sha256").update(zip).digest("hex"),
    asOf: recordedAt,
    executedAt: recordedAt,
    announced: true,
  };
  await local.ledger.replace(stored, request);
  variables = {
    KUBECONFIG: local.kubeconfig,
    LEDGER_NAMESPACE: local.namespace,
    S3_ENDPOINT: proxy.url,
    S3_BUCKET: BUCKET,
    S3_FORCE_PATH_STYLE: "true",
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  };
  tool = makeTool({ ...variables, AWS_REGION: "us-east-1" });
});
afterAll(() => opened.disposeAsync());

const modeOf = async (path: string): Promise<string> =>
  ((await stat(path)).mode & 0o777).toString(8);
const newFolder = async (): Promise<string> => await mkdtemp(join(folder, "to-"));

test("download writes a file for its owner alone, whatever the umask", async () => {
  const to = await newFolder();
  const before = process.umask(0);
  try {
    expect(await tool("download", NAME, "-d", to)).toMatchObject({ code: 0 });
  } finally {
    process.umask(before);
  }
  expect(await readdir(to)).toEqual([KEY]);
  expect(await modeOf(join(to, KEY))).toBe("600");
});

test("what killed fetches of the file have left is cleared once it is a day old, and nothing else", async () => {
  const to = await newFolder();
  const old = Date.now() / 1000 - 25 * 3_600;
  const part = (name: string): string => `${name}.${crypto.randomUUID()}.part`;
  const [abandoned, recent, other] = [part(KEY), part(KEY), part("other.zip")];
  const own = [`${KEY}.part`, `${KEY}.notes.part`];
  for (const name of [abandoned, recent, other, ...own]) {
    await writeFile(join(to, name), "rows");
    if (name !== recent) await utimes(join(to, name), old, old);
  }
  expect(await tool("download", NAME, "-d", to)).toMatchObject({ code: 0 });
  expect((await readdir(to)).sort()).toEqual([KEY, recent, other, ...own].sort());
});

test("make run writes what it unpacks so as well, and objects of its store", async () => {
  const to = await newFolder();
  const { path, folder: unpacked } = await fetchStatement({ client, bucket: BUCKET }, request, to);
  expect(await modeOf(path)).toBe("600");
  expect(await modeOf(unpacked)).toBe("700");
  const files = await readdir(unpacked);
  expect(files).toContain("transactions.csv");
  for (const name of files) expect(await modeOf(join(unpacked, name))).toBe("600");

  const blobs = await readdir(join(folder, "s3"), { recursive: true, withFileTypes: true });
  const objects = blobs.filter((one) => one.isFile() && one.parentPath.includes("blobs"));
  expect(objects.length).toBeGreaterThan(0);
  for (const one of objects) expect(await modeOf(join(one.parentPath, one.name))).toBe("600");
});

test("a file that appears while it is fetched stays as it is", async () => {
  const to = await newFolder();
  const path = join(to, KEY);
  const slow = proxy.fail({ method: "GET", fault: { kind: "delay", ms: 3_000 } });
  const running = tool("download", NAME, "-d", to);
  while ((await readdir(to)).length === 0) await sleep(5);
  await writeFile(path, "somebody's own");
  const { code, stderr } = await running;
  slow.remove();
  expect(code).toBe(1);
  expect(stderr).toContain("is there already");
  expect(await readFile(path, "utf8")).toBe("somebody's own");
  expect(await readdir(to)).toEqual([KEY]);
});

test("a file that cannot be written whole is no defect: which one, why, and nothing of it is left", async () => {
  const to = await newFolder();
  // Stands for a disk that is full: a file here may have one block.
  const line = `ulimit -f 1; exec "$@"`;
  const args = [process.execPath, TOOL, "download", NAME, "-d", to];
  const env = { PATH: process.env["PATH"], ...variables, AWS_REGION: "us-east-1" };
  const ended = promisify(execFile)("sh", ["-c", line, "sh", ...args], { env });
  await expect(ended).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: `statements: ${join(to, KEY)} cannot be written (EFBIG)\n`,
  });
  expect(await readdir(to)).toEqual([]);
});

describe("on a file system without hard links", () => {
  /** Stands for one: this process is told so where it makes a link. @param meanwhile run before it is told */
  async function downloadWithoutLinks(to: string, meanwhile = "") {
    const refuse = `
      import fs from "node:fs/promises";
      import { syncBuiltinESMExports } from "node:module";
      fs.link = async (from, to) => {
        ${meanwhile}
        throw Object.assign(new Error("not permitted"), { code: "EPERM" });
      };
      syncBuiltinESMExports();`;
    const hook = `data:text/javascript,${encodeURIComponent(refuse)}`;
    const args = ["--import", hook, TOOL, "download", NAME, "-d", to];
    const env = { PATH: process.env["PATH"], ...variables, AWS_REGION: "us-east-1" };
    return await promisify(execFile)(process.execPath, args, { env }).then(
      () => ({ code: 0, stderr: "" }),
      (error: unknown) => error as { readonly code: number; readonly stderr: string },
    );
  }

  test("download gives the file its name all the same", async () => {
    const to = await newFolder();
    expect(await downloadWithoutLinks(to)).toEqual({ code: 0, stderr: "" });
    expect(await readdir(to)).toEqual([KEY]);
    expect(await readFile(join(to, KEY))).toEqual(zip);
    expect(await modeOf(join(to, KEY))).toBe("600");
  });

  test("and a file that appears while it is fetched stays as it is", async () => {
    const to = await newFolder();
    const { code, stderr } = await downloadWithoutLinks(to, `await fs.writeFile(to, "mine");`);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("is there already") as unknown,
    });
    expect(await readdir(to)).toEqual([KEY]);
    expect(await readFile(join(to, KEY), "utf8")).toBe("mine");
  });

  test("and where the name cannot be given either, it says so and leaves nothing", async () => {
    const to = await newFolder();
    const fail = `fs.rename = async () => { throw Object.assign(new Error(), { code: "EIO" }); }; syncBuiltinESMExports();`;
    const { code, stderr } = await downloadWithoutLinks(to, fail);
    expect(code).toBe(1);
    expect(stderr).toContain(`${join(to, KEY)} cannot be written (EIO)`);
    expect(await readdir(to)).toEqual([]);
  });
});

test("what two fetch at once is whole when it has its name, and nobody's defect", async () => {
  const to = await newFolder();
  // The second is still being read when the first has its name.
  const slow = proxy.fail({ method: "GET", fault: { kind: "delay", ms: 1_000 }, times: 1 });
  const first = tool("download", NAME, "-d", to);
  while ((await readdir(to)).length === 0) await sleep(5);
  const both = await Promise.all([first, tool("download", NAME, "-d", to)]);
  slow.remove();
  expect(both.map(({ code }) => code).toSorted()).toEqual([0, 1]);
  expect(both.map(({ stderr }) => stderr).join("")).toContain("is there already");
  expect(await readFile(join(to, KEY))).toEqual(zip);
  expect(await readdir(to)).toEqual([KEY]);
});

test.each(["download", "link"])("%s says when the store has the file no more", async (command) => {
  const gone = {
    kind: "answer",
    status: 404,
    body: "<Error><Code>NoSuchKey</Code></Error>",
  } as const;
  const rule = proxy.fail({ path: /acme-42/, fault: gone });
  const to = await newFolder();
  const { code, stderr } = await tool(command, NAME, ...(command === "link" ? [] : ["-d", to]));
  rule.remove();
  expect(code).toBe(1);
  expect(stderr).toContain(`there is no s3://${BUCKET}/${KEY} any more`);
  expect(await readdir(to)).toEqual([]);
});

test("no address is given of a file that is not the record's", async () => {
  const headers = { "content-length": "7" };
  const rule = proxy.fail({ method: "HEAD", fault: { kind: "answer", status: 200, headers } });
  const { code, stdout, stderr } = await tool("link", NAME);
  rule.remove();
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(`has 7 bytes, and the record's file ${zip.length}`);
});

test("of several files each is looked at, whatever came of the one before", async () => {
  const to = await newFolder();
  await writeFile(join(to, KEY), zip);
  const again = await tool("download", NAME, "transaction-request-none", NAME, "-d", to);
  expect(again.code).toBe(1);
  expect(again.stderr.match(/is there already/g)).toHaveLength(2);
  expect(again.stderr).toContain("there is no request transaction-request-none");

  const names = ["bad.zip", KEY].map((name) => join(to, name));
  await writeFile(join(to, "bad.zip"), "bad");
  const { code, stdout } = await tool("verify", "--json", ...names);
  expect(code).toBe(1);
  const verdicts = stdout.trimEnd().split("\n");
  expect(verdicts.map((line) => (JSON.parse(line) as { ok: boolean }).ok)).toEqual([false, true]);
  // Nothing is tried where a name is wrong.
  expect(await tool("verify", ...names, to)).toMatchObject({ code: 2, stdout: "" });
});

test("a file whose record is gone verifies, and is said not to be a record's", async () => {
  const file = join(await newFolder(), KEY);
  await writeFile(file, zip);
  const empty = opened.use(await startLocalLedger());
  const { code, stdout } = await makeTool({ ...variables, KUBECONFIG: empty.kubeconfig })(
    ...["verify", "--ledger", file, file],
  );
  expect(code).toBe(1);
  expect(stdout.match(/verified/g)).toHaveLength(2);
  expect(stdout.match(/there is no request/g)).toHaveLength(2);
});

test("a setting that the store's client misses is what download says", async () => {
  const { code, stderr } = await makeTool(variables)("download", NAME, "-d", await newFolder());
  expect(code).toBe(3);
  expect(stderr).toContain("failed: Region is missing");
});

test("a folder that cannot be made is wrong use", async () => {
  for (const to of ["/dev/null/none", join(folder, "a-file/below")]) {
    await writeFile(join(folder, "a-file"), "");
    expect(await tool("download", NAME, "-d", to)).toMatchObject({ code: 2 });
  }
  const deep = join(await newFolder(), "a/b/c");
  expect(await tool("download", NAME, "-d", deep)).toMatchObject({ code: 0 });
});
