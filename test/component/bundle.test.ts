/** What is in the bundles of the images, and that they run as the sources do. */
import { execFile } from "node:child_process";
import http from "node:http";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { Metafile } from "esbuild";
import { bytesOf, filesAtStart, type ProgramName } from "../../infra/kubernetes/images/bundle.ts";
import { bundledPackages, type Sbom } from "../../infra/kubernetes/images/sbom.ts";
import { readPdf } from "../support/programs/pdf-programs.ts";

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, "../..");
const FUNCTIONS = ["request-intake", "pending-scanner", "statement-builder"] as const;

let folder = "";
const metafiles = new Map<ProgramName, Metafile>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundle-"));
  await run(process.execPath, [join(REPOSITORY, "infra/kubernetes/images/bundle.ts"), folder]);
  for (const name of [...FUNCTIONS, "status-api"] as const) {
    const json = await readFile(join(folder, "metafiles", `${name}.json`), "utf8");
    metafiles.set(name, JSON.parse(json) as Metafile);
  }
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

function metafileOf(name: ProgramName): Metafile {
  const metafile = metafiles.get(name);
  if (!metafile) throw new Error(`${name} was not bundled`);
  return metafile;
}

/** Names of packages from which at least one byte is in the bundle. */
async function packagesOf(name: ProgramName): Promise<readonly string[]> {
  const packages = await bundledPackages(metafileOf(name));
  return packages.map((one) => one.slice(0, one.lastIndexOf("@")));
}

const SQL_OR_S3 = /^(mysql2|kysely|archiver|@aws-sdk\/.*|@smithy\/.*)$/;

test.each(["request-intake", "pending-scanner"] as const)(
  "%s carries neither SQL nor S3 nor zip",
  async (name) => {
    const packages = await packagesOf(name);
    expect(packages.filter((one) => SQL_OR_S3.test(one))).toEqual([]);
    expect(packages).toContain("@kubernetes/client-node");
  },
);

test("status-api carries S3, and neither SQL nor zip", async () => {
  const packages = await packagesOf("status-api");
  const found = packages.filter((one) => SQL_OR_S3.test(one));
  expect(found).toContain("@aws-sdk/client-s3");
  expect(found.filter((one) => !one.startsWith("@"))).toEqual([]);
});

test("statement-builder carries them: the pattern above finds something", async () => {
  const packages = await packagesOf("statement-builder");
  const found = packages.filter((one) => SQL_OR_S3.test(one));
  expect(found).toEqual(expect.arrayContaining(["mysql2", "kysely", "@aws-sdk/client-s3"]));
});

test.each(FUNCTIONS)("%s carries no function but itself", (name) => {
  const folders = Object.keys(metafileOf(name).inputs).flatMap(
    (file) => /^functions\/([^/]+)\//.exec(file)?.[1] ?? [],
  );
  const shared = ["domain", "platform"];
  // What an earlier attempt published is verified before it is adopted.
  if (name === "statement-builder") shared.push("verification");
  expect(new Set(folders)).toEqual(new Set([name, ...shared]));
});

test.each([
  ["request-intake", 700],
  ["pending-scanner", 700],
  ["statement-builder", 3_200],
] as const)("%s stays below %i KiB: more is a slower start", (name, limit) => {
  const bytes = bytesOf(filesAtStart(metafileOf(name), name));
  expect(bytes).toBeGreaterThan(0);
  expect(bytes / 1024).toBeLessThan(limit);
});

test("statement-builder starts without what only some statements need", () => {
  const atStart = Object.values(filesAtStart(metafileOf("statement-builder"), "statement-builder"));
  const files = atStart.flatMap(({ inputs }) => Object.keys(inputs));
  const later = /^node_modules\/(pdfkit|fontkit)\/|builder\/formats\/(pdf|camt053|ofx|jsonl)\b/;
  expect(files.filter((file) => later.test(file))).toEqual([]);
  const all = Object.keys(metafileOf("statement-builder").inputs);
  expect(all.filter((file) => later.test(file)).length).toBeGreaterThan(10);
});

test.each(FUNCTIONS)("%s starts without OpenTelemetry, and carries it", (name) => {
  const metafile = metafileOf(name);
  const sdk = /^node_modules\/@opentelemetry\/|platform\/telemetry\/opentelemetry\.ts$/;
  const atStart = Object.values(filesAtStart(metafile, name));
  const files = atStart.flatMap(({ inputs }) => Object.keys(inputs));
  expect(files.filter((file) => sdk.test(file))).toEqual([]);
  const all = Object.keys(metafile.inputs);
  expect(all.filter((file) => sdk.test(file)).length).toBeGreaterThan(10);
});

test.each(FUNCTIONS)("%s starts without the Kubernetes client, and carries it", (name) => {
  const metafile = metafileOf(name);
  const client = /^node_modules\/@kubernetes\/client-node\//;
  const atStart = Object.values(filesAtStart(metafile, name));
  const files = atStart.flatMap(({ inputs }) => Object.keys(inputs));
  expect(files.filter((file) => client.test(file))).toEqual([]);
  expect(Object.keys(metafile.inputs).filter((file) => client.test(file))).not.toEqual([]);
});

test.each(FUNCTIONS)(
  "%s takes of the Kubernetes client what reads a kubeconfig, no model",
  (name) => {
    const client = /^node_modules\/@kubernetes\/client-node\/dist\/(.*)/;
    const taken = Object.values(metafileOf(name).outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([file, { bytesInOutput }]) =>
        bytesInOutput > 0 ? (client.exec(file)?.[1] ?? []) : [],
      ),
    );
    expect(taken).toContain("exec_auth.js");
    expect(taken.filter((file) => /^gen\/(apis|models)\//.test(file))).toEqual([]);
  },
);

/** A kubeconfig behind a proxy, whose user is a program's: what it makes of a request, and of a fetch. */
const READ_KUBECONFIG = `
const { KubeConfig } = await import(process.argv[1]);
const config = new KubeConfig();
config.loadFromString(JSON.stringify({
  apiVersion: "v1", kind: "Config", "current-context": "c",
  contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  clusters: [{ name: "c", cluster: { server: "https://api.example:6443", "proxy-url": "http://proxy.example:3128" } }],
  users: [{ name: "u", user: { exec: {
    apiVersion: "client.authentication.k8s.io/v1", command: process.execPath, interactiveMode: "Never",
    args: ["--eval", 'console.log(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "t-1" } }))'],
  } } }],
}));
const options = { headers: {} };
await config.applyToHTTPSOptions(options);
let dispatcher;
const context = { setHeaderParam() {}, setDispatcher: (given) => (dispatcher = given) };
await config.applySecurityAuthentication(context);
const kinds = [options.agent, dispatcher].map((one) => one.constructor.name);
console.log(JSON.stringify([options.headers.Authorization, ...kinds]));
`;

test("the Kubernetes client of a bundle signs in by a program, through a proxy", async () => {
  const { outputs } = metafileOf("request-intake");
  const [file = ""] =
    Object.entries(outputs).find(([, { entryPoint }]) =>
      entryPoint?.endsWith("/identity/kubeconfig.ts"),
    ) ?? [];
  const client = join(folder, "request-intake", basename(file));
  const args = ["--input-type=module", "--eval", READ_KUBECONFIG, client];
  const { stdout } = await run(process.execPath, args, { cwd: folder });
  // A bundle may number what has the same name.
  const [token, agent, dispatcher] = JSON.parse(stdout) as readonly string[];
  expect(token).toBe("Bearer t-1");
  expect(agent).toMatch(/^HttpsProxyAgent\d*$/);
  expect(dispatcher).toMatch(/^ProxyAgent\d*$/);
});

/** What loads all of `fetch` where it is read as an ES module. */
test.each(FUNCTIONS)("%s imports no module of Node, not even later", (name) => {
  const imports = Object.values(metafileOf(name).outputs).flatMap((one) => one.imports);
  const ofNode = imports.filter(({ path, external }) => external && path.startsWith("node:"));
  expect(ofNode.filter(({ kind }) => kind !== "require-call")).toEqual([]);
  expect(ofNode.length).toBeGreaterThan(10);
});

test("statement-builder finds in what it imports later of Node what it asks for", async () => {
  const { outputs } = metafileOf("statement-builder");
  const file = Object.keys(outputs).find((one) => /\/node_http-\w+\.mjs$/.test(one)) ?? "";
  const module = (await import(join(folder, "statement-builder", basename(file)))) as {
    readonly request: unknown;
    readonly default: { readonly Agent: unknown };
  };
  expect(module.request).toBe(http.request);
  expect(module.default.Agent).toBe(http.Agent);
  expect(Object.keys(module)).not.toContain("WebSocket");
});

test.each(FUNCTIONS)(
  "%s answers an event, and leaves what it compiled in the cache",
  async (name) => {
    const cache = join(folder, name, "compile-cache");
    const args = [join(folder, "warm-up/index.mjs"), join(folder, name, "index.mjs"), cache];
    const env = { ...process.env, FUNCTION: name };
    const { stdout } = await run(process.execPath, args, { env });
    expect(stdout).toBe(`${name}: its compile cache is filled\n`);
  },
);

/** Run where no package is installed: what it needs lies beside it, or it fails. */
const MAKE_PDF = `
const { pdf } = await import(process.argv[1]);
const at = (day) => Date.parse(day + "T00:00:00Z");
const account = {
  accountId: "acme-1", currency: "EUR", minorUnit: 2, opening: 1000n, closing: 1250n,
  creditCount: 1, creditSum: 250n, debitCount: 0, debitSum: 0n, lastBalance: 1250n,
};
const row = {
  line: 1, accountId: "acme-1", transactionId: "11", bookingDate: "2026-01-05", valueDate: "2026-01-05",
  postedAt: "2026-01-05T10:00:00.000000Z", amount: 250n, currency: "EUR", minorUnit: 2, balanceAfter: 1250n,
  type: "CREDIT", description: "Żółw и Αθήνα", counterpartyName: null, counterpartyAccount: null,
  reference: null, reversalOf: null,
};
const content = {
  facts: {
    requestId: "r", attempt: 1, customerId: "acme", generatedAt: at("2026-02-01"), masked: true,
    period: {
      startDate: "2026-01-01", endDate: "2026-01-31", timeZone: "UTC", basis: "booking_date",
      from: at("2026-01-01"), lastDayFrom: at("2026-01-31"), to: at("2026-02-01"),
    },
    options: { partial: false, supersedes: null },
  },
  language: "de", asOf: at("2026-02-01"), rows: 1, totals: [account],
  async *rowsOf() { yield [row]; },
};
for await (const bytes of pdf.write(content)) process.stdout.write(bytes);
`;

/** Where the bundle has what makes a PDF. */
function pdfProgram(): string {
  const { outputs } = metafileOf("statement-builder");
  const [file] = Object.entries(outputs).find(([, { entryPoint }]) =>
    entryPoint?.endsWith("/formats/pdf/pdf.ts"),
  ) ?? [""];
  return join(folder, "statement-builder", basename(file));
}

/** Of the image (infra/kubernetes/images/Containerfile), with the heap that Node takes of a pod's 512 MB by itself. */
const POD_ENV = {
  NODE_OPTIONS: "--max-semi-space-size=2 --max-old-space-size=256",
  MALLOC_ARENA_MAX: "2",
  MALLOC_TRIM_THRESHOLD_: "131072",
};

test("two PDFs of 10,000 rows in every script, one behind the other, take at most 350 MB of the whole builder", async () => {
  const program = new URL("../support/statements/pdf-peak.js", import.meta.url).pathname;
  const args = [program, join(folder, "statement-builder/index.mjs"), pdfProgram()];
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, ...POD_ENV } });
  const peaks = JSON.parse(stdout) as readonly [first: number, second: number];
  console.log(`peaks of ${peaks.join(" and ")} MB`);
  expect(peaks[0]).toBeGreaterThan(100);
  expect(peaks[1]).toBeLessThanOrEqual(350);
}, 300_000);

test("statement-builder makes a PDF with what is in its image, fonts included", async () => {
  const args = ["--input-type=module", "--eval", MAKE_PDF, pdfProgram()];
  const { stdout } = await run(process.execPath, args, { cwd: folder, encoding: "buffer" });
  const { pages, fonts } = await readPdf(stdout);
  expect(pages.join(" ")).toContain("Żółw и Αθήνα");
  expect(pages.join(" ").replace(/\s+/g, " ")).toContain("Endsaldo am 31. Januar 2026 12,50");
  expect(fonts).toHaveLength(2);
  const licence = await readFile(join(folder, "statement-builder/NotoSans-LICENSE.txt"), "utf8");
  expect(licence).toContain("SIL Open Font License, Version 1.1");
});

test("a bundle reports its configuration and exits with 78", async () => {
  const ended = run(process.execPath, [join(folder, "statement-builder/index.mjs")], { env: {} });
  await expect(ended).rejects.toMatchObject({
    code: 78,
    stdout: expect.stringContaining("DATABASE_URL is missing") as string,
  });
});

test("the licence of each bundled package goes with it", async () => {
  const file = join(folder, "statement-builder/THIRD-PARTY-NOTICES.txt");
  const notices = await readFile(file, "utf8");
  const packages = await bundledPackages(metafileOf("statement-builder"));
  const missing = packages.filter((one) => !notices.includes(`${one.replace(/(?<=.)@/, " ")} (`));
  expect(missing).toEqual([]);
  expect(notices).toContain("SIL OPEN FONT LICENSE");
});

test("the SBOM names each bundled package with version, licence and hash, and Node", async () => {
  const json = await readFile(join(folder, "statement-builder/sbom.cdx.json"), "utf8");
  const { components } = JSON.parse(json) as Sbom;
  const refs = components.map((one) => one["bom-ref"]);
  expect(refs.toSorted()).toEqual(
    [
      ...new Set(await bundledPackages(metafileOf("statement-builder"))),
      `node@${process.versions.node}`,
    ].toSorted(),
  );
  expect(components.find(({ name }) => name === "kysely")).toMatchObject({
    purl: expect.stringMatching(/^pkg:npm\/kysely@/) as string,
    licenses: [{ license: { id: "MIT" } }],
    hashes: [{ alg: "SHA-512" }],
  });
  // The fonts are copied, not bundled.
  expect(components.find(({ name }) => name === "@expo-google-fonts/noto-sans")).toMatchObject({
    licenses: [{ expression: "MIT AND OFL-1.1" }],
  });
  expect(refs).not.toContainEqual(expect.stringMatching(/^jest@/));
});
