/**
 * `download`, `link` and `doctor` by somebody who has kubectl, a few rights and no variable of a store: the overlay `local`
 * is asked for its settings, and its S3 server reached through a port that the tool forwards.
 */
import { createHash, randomBytes } from "node:crypto";
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { stringify } from "yaml";
import { announce } from "../../functions/domain/outcome/telling.ts";
import { claim, execute } from "../../functions/domain/statement-request.ts";
import { makeConfigMapLedger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { makeS3Client } from "../../functions/platform/store/s3-client.ts";
import { kubectl } from "../../infra/kubernetes/deploy/kubectl.ts";
import { versitygw } from "../../infra/local/programs/versitygw.ts";
import { openWayIn } from "../e2e-cluster/way-in.ts";
import { renderInstallation } from "../support/cluster/installation.ts";
import { knativeCrds, serveCrds } from "../support/cluster/knative-crds.ts";
import type { Manifest } from "../support/cluster/kustomize.ts";
import { nodeServer } from "../support/cluster/node-server.ts";
import { RECORDED } from "../support/functions/recorded-event.ts";
import { sampleZip } from "../support/statements/sample-statement.ts";
import { makeTool } from "../support/operator/statements-tool.ts";

const id = randomBytes(3).toString("hex");
const namespaces = { functions: `node-${id}-statements`, ledger: `node-${id}-requests` };
const BUCKET = "bank-statements";
const KEY = "statements/acme-42-1767222000-1769814000-1770000000000.zip";
const ADMIN = process.env["KUBECONFIG"] ?? "";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "node-store-"));
  for (const one of Object.values(namespaces)) await kubectl(["create", "namespace", one]);
  await serveCrds(await nodeServer(), await knativeCrds("v0.47.0"));
  const rendered = await renderInstallation({ on: "overlays/local", namespaces });
  const items = [
    ...rendered.filter(({ kind, metadata }) => IS_WANTED.has(`${kind} ${metadata.name}`)),
    ...rendered.filter(({ kind }) => kind === "ConfigMap"),
    podOf(
      rendered.find(({ kind, metadata }) => isStore(kind, metadata.name)),
      await programs(),
    ),
    ...operator(),
  ];
  await kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  const wait = ["wait", "pod/versitygw", "-n", namespaces.functions, "--for=condition=Ready"];
  await kubectl([...wait, "--timeout=120s"]);
}, 240_000);
afterAll(async () => {
  await rm(folder, { recursive: true });
  await kubectl(["delete", "namespace", ...Object.values(namespaces), "--wait=false"]);
});

const IS_WANTED = new Set([
  "Service statement-builder",
  "Service versitygw",
  "Secret statement-bucket",
  "RoleBinding request-intake",
]);

function isStore(kind: string, name: string): boolean {
  return kind === "Deployment" && name === "versitygw";
}

/** A folder with the S3 server that every account of this machine may run. */
async function programs(): Promise<string> {
  const path = join(folder, "programs");
  await mkdir(path);
  await copyFile(await versitygw(), join(path, "versitygw"));
  for (const one of [folder, path, join(path, "versitygw")]) await chmod(one, 0o755);
  return path;
}

/** The Deployment's pod, with the program of this machine in place of its image. */
function podOf(deployment: Manifest | undefined, programFolder: string): object {
  const { template } = (deployment?.["spec"] ?? {}) as {
    readonly template: {
      readonly metadata: object;
      readonly spec: {
        readonly containers: readonly object[];
        readonly volumes: readonly object[];
      };
    };
  };
  const [container = {}] = template.spec.containers;
  const { volumeMounts } = container as { readonly volumeMounts: readonly object[] };
  const host = { name: "program", hostPath: { path: programFolder } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...template.metadata, name: "versitygw", namespace: namespaces.functions },
    spec: {
      ...template.spec,
      containers: [
        {
          ...container,
          image: "dev.local/pause:v1",
          imagePullPolicy: "Never",
          command: ["/program/versitygw"],
          volumeMounts: [
            ...volumeMounts,
            { name: "program", mountPath: "/program", readOnly: true },
          ],
        },
      ],
      volumes: [...template.spec.volumes, host],
    },
  };
}

/** What infra/operator/README.md asks for, and not more. */
function operator(): readonly object[] {
  const { functions, ledger } = namespaces;
  const of = (namespace: string, rules: readonly object[]): readonly object[] => [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "operator", namespace },
      rules,
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "operator", namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "operator" },
      subjects: [{ kind: "ServiceAccount", name: "operator", namespace: functions }],
    },
  ];
  return [
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "operator", namespace: functions },
    },
    ...of(ledger, [
      {
        apiGroups: [""],
        resources: ["configmaps"],
        verbs: ["get", "list", "watch", "update", "delete"],
      },
      {
        apiGroups: ["rbac.authorization.k8s.io"],
        resources: ["rolebindings"],
        resourceNames: ["request-intake"],
        verbs: ["get"],
      },
    ]),
    ...of(functions, [
      { apiGroups: ["serving.knative.dev"], resources: ["services"], verbs: ["get"] },
      { apiGroups: [""], resources: ["configmaps", "services"], verbs: ["get"] },
      {
        apiGroups: [""],
        resources: ["secrets"],
        resourceNames: ["statement-bucket"],
        verbs: ["get"],
      },
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
      { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
      { apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"] },
    ]),
  ];
}

/** Of the account `operator`. */
async function kubeconfig(): Promise<string> {
  const token = await kubectl(["create", "token", "operator", "-n", namespaces.functions]);
  const view = await kubectl(["config", "view", "--raw", "--minify", "--flatten", "-o", "json"]);
  const { clusters } = JSON.parse(view) as { readonly clusters: readonly { name: string }[] };
  const path = join(folder, "kubeconfig");
  const context = { cluster: clusters[0]?.name, user: "operator" };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters,
    users: [{ name: "operator", user: { token: token.trim() } }],
    contexts: [{ name: "operator", context }],
    "current-context": "operator",
  };
  await writeFile(path, stringify(config), { mode: 0o600 });
  return path;
}

/** An executed request and its object, as the builder leaves them. */
async function execute1(): Promise<string> {
  const zip = await sampleZip();
  await using way = await openWayIn(namespaces.functions, "versitygw", 7070);
  const client = makeS3Client(
    {
      endpoint: `http://${way.host}:${way.port}`,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: "local", secretAccessKey: "sample-bucket-only" },
    },
    1,
  );
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: zip }));
  client.destroy();
  const ledger = makeConfigMapLedger({ namespace: namespaces.ledger, kubeconfig: ADMIN });
  const request = { ...RECORDED, facts: { ...RECORDED.facts, name: EXECUTED } };
  await ledger.create(request);
  const stored = await ledger.read(EXECUTED);
  const claimed = claim(request, {
    now: Date.now(),
    holder: "builder/claim",
    object: { bucket: BUCKET, key: KEY },
    execution: "service",
    leaseMs: 60_000,
    clockSkewMs: 0,
    publishTimeoutMs: 0,
    maxFailures: 5,
  });
  if (claimed.kind !== "claim" || !stored) throw new Error("not claimed");
  const sha256 = createHash("sha256").update(zip).digest("hex");
  const result = { rows: 4, bytes: zip.length, sha256, asOf: Date.now() };
  const object = { bucket: BUCKET, key: KEY };
  await ledger.replace(stored, announce(execute(claimed.request, object, result, Date.now())));
  return EXECUTED;
}

/** What the sample zip says that it belongs to. */
const EXECUTED = "transaction-request-acme-42-1767225600000";

test("a statement is fetched, linked to and looked after without a variable of a store", async () => {
  const name = await execute1();
  const env = { KUBECONFIG: await kubeconfig(), LEDGER_NAMESPACE: namespaces.ledger };
  const tool = makeTool(env);
  const fetched = await tool("download", name, "-d", folder);
  expect(fetched).toMatchObject({ code: 0 });
  expect(await readdir(folder)).toContain("acme-42-1767222000-1769814000-1770000000000.zip");

  // The address holds as long as the command runs.
  const over = new AbortController();
  const address = Promise.withResolvers<string>();
  const linking = makeTool(env, over.signal, (text) => {
    const url = /^http\S+$/m.exec(text)?.[0];
    if (url) address.resolve(url);
  })("link", name);
  const url = await Promise.race([
    address.promise,
    linking.then(({ stderr }) => Promise.reject(new Error(stderr))),
  ]);
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from(await sampleZip()));
  over.abort();
  const linked = await linking;
  expect(linked).toMatchObject({ code: 130 });
  expect(linked.stderr).toContain("Ctrl-C ends it");
  await expect(fetch(url)).rejects.toThrow("fetch failed");

  const doctor = await tool("doctor");
  expect(doctor.stdout).toContain(`ok  the bucket ${BUCKET} is there and may be listed`);
  expect(doctor.stdout).toContain("ok  no pod of the functions is kept from its work");

  // Without a right to the Secret that is what it says, before the store's own refusal.
  await kubectl(["delete", "role", "operator", "-n", namespaces.functions]);
  const refused = await tool("download", name, "-d", folder, "--force");
  expect(refused.code).not.toBe(0);
  const forbidden = "Error from server (Forbidden)";
  expect(refused.stderr).toContain(
    `the store's settings were not found through kubectl: kubectl get services.serving.knative.dev: ${forbidden}`,
  );
  expect(refused.stderr).toContain("set S3_ENDPOINT, AWS_REGION and credentials");
});
