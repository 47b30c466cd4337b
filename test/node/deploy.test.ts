/**
 * `make deploy` on a real node, with the controllers of Kubernetes itself: rights, quota, what is pruned, and namespaces
 * that really go. Knative is there by its definitions alone, and the test calls its objects ready.
 */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubectl } from "../../infra/kubernetes/deploy/kubectl.ts";
import { writeInstallation } from "../support/cluster/installation.ts";
import { knativeCrds, serveCrds } from "../support/cluster/knative-crds.ts";
import { startKnativeControllers } from "../support/cluster/knative-controllers.ts";
import { nodeServer } from "../support/cluster/node-server.ts";
import { make, type Ended } from "../support/operator/make-deploy.ts";

const id = randomBytes(3).toString("hex");
const namespaces = { functions: `node-${id}-statements`, ledger: `node-${id}-requests` };
const KUBECONFIG = process.env["KUBECONFIG"] ?? "";

let opened: AsyncDisposableStack;
let folder: string;
beforeAll(async () => {
  opened = new AsyncDisposableStack();
  folder = await realpath(await mkdtemp(join(tmpdir(), "node-")));
  opened.defer(() => rm(folder, { recursive: true }));
  const server = await nodeServer();
  await serveCrds(server, await knativeCrds("v0.47.0"));
  opened.use(startKnativeControllers(server, { ofNamespaces: false }));
  opened.defer(async () => {
    const args = ["delete", "namespace", namespaces.functions, namespaces.ledger];
    await kubectl([...args, "--ignore-not-found", "--wait=false"]);
  });
});
afterAll(() => opened.disposeAsync());

async function run(command: string, components: readonly string[]): Promise<Ended> {
  const overlay = join(folder, "overlay");
  await rm(overlay, { recursive: true, force: true });
  await mkdir(overlay);
  await writeInstallation(overlay, { on: "base", components, namespaces });
  return await make(command, KUBECONFIG, { OVERLAY: overlay, WAIT_SECONDS: "90" });
}

test("it is installed, pruned of what is switched off, admits what its rights say, and goes but for its requests", async () => {
  const on = await run("deploy", ["jobs", "broker-intake", "network-policies"]);
  expect(on).toMatchObject({ code: 0, stderr: "" });
  expect(await names("networkpolicies")).toContain("deny-all");
  expect(await names("triggers")).toContain("statement-requested");

  const off = await run("deploy", []);
  expect(off).toMatchObject({ code: 0, stderr: "" });
  expect(await names("networkpolicies")).toEqual([]);
  expect(await names("triggers")).toEqual(["statement-due", "statement-recorded"]);
  expect(off.stdout).toContain("no longer written, and left: JobSink statement-builder");

  expect(await may("request-intake")).toEqual(["get", "create"]);
  expect(await may("pending-scanner")).toEqual(["list", "watch", "delete"]);
  expect(await may("statement-builder")).toEqual(["get", "update"]);

  // The quota counts for real here: a record goes in, and is counted.
  const record = ["configmap", "a-request", "-n", namespaces.ledger];
  await kubectl(["create", ...record]);
  await kubectl(["label", ...record, "transactions-collector.io/status=pending"]);
  const status = await run("status", []);
  expect(status.stdout).toContain(`ledger ${namespaces.ledger}: pending 1`);
  expect(status.code).toBe(0);

  const kept = await run("undeploy", []);
  expect(kept.stdout).toContain("✓ ledger kept");
  expect(await namespacesThere()).toEqual([namespaces.ledger]);
  expect(await kubectl(["get", ...record, "-o", "name"])).toContain("a-request");
}, 240_000);

async function names(kind: string): Promise<readonly string[]> {
  const args = ["get", kind, "-n", namespaces.functions, "--no-headers"];
  const said = await kubectl([...args, "-o", "custom-columns=:.metadata.name"]);
  return said.split("\n").filter(Boolean).toSorted();
}

async function namespacesThere(): Promise<readonly string[]> {
  const args = ["get", "namespaces", "--no-headers", "-o", "custom-columns=:.metadata.name"];
  return (await kubectl(args)).split("\n").filter((name) => name.startsWith(`node-${id}-`));
}

/** Of the ledger's ConfigMaps, as the API server decides for the account. */
async function may(account: string): Promise<readonly string[]> {
  const as = `system:serviceaccount:${namespaces.functions}:${account}`;
  const decided = ["get", "list", "watch", "create", "update", "patch", "delete"].map(
    async (verb) => {
      const args = ["auth", "can-i", verb, "configmaps", "-n", namespaces.ledger, "--as", as];
      const can = await kubectl(args).catch(() => "no");
      return can.trim() === "yes" ? [verb] : [];
    },
  );
  return (await Promise.all(decided)).flat();
}
