/**
 * `make deploy`, `status` and `undeploy` against a real API server with Knative's definitions. Its
 * controllers are played by the test: they call everything ready, in their own time.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { AppsV1Api, CoreV1Api, type V1PodStatus } from "@kubernetes/client-node";
import { makeConfigMapLedger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { heldRequest } from "../support/functions/held-request.ts";
import { NOON, RECORDED } from "../support/functions/recorded-event.ts";
import { startTestMariaDb } from "../support/servers/mariadb.ts";
import { startKubeApiserver, type KubeApiserver } from "../support/servers/kube-apiserver.ts";
import { startKnativeControllers } from "../support/cluster/knative-controllers.ts";
import { knativeCrds, serveCrds } from "../support/cluster/knative-crds.ts";
import { make, type Ended } from "../support/operator/make-deploy.ts";
import { makeTool } from "../support/operator/statements-tool.ts";

const run = promisify(execFile);
/** The path of an overlay of one's own; the smallest. */
const OVERLAY = { OVERLAY: new URL("../../infra/kubernetes/base", import.meta.url).pathname };
test("without a cluster it says so, and how to get one", async () => {
  const { code, stderr } = await make("deploy", "/nowhere/kubeconfig");
  expect(code).toBe(1);
  expect(stderr).toContain("no cluster answers (/nowhere/kubeconfig)");
  expect(stderr).toContain("kn quickstart kind");
});

test("without a command it says which there are", async () => {
  const { code, stdout } = await make("", "/nowhere/kubeconfig");
  expect(code).toBe(2);
  expect(stdout).toContain("usage: make deploy | status | undeploy");
});

describe("on a cluster", () => {
  let server: KubeApiserver;
  const kubectl = async (...args: string[]) =>
    (await run("kubectl", ["--kubeconfig", server.kubeconfig, ...args])).stdout;

  beforeAll(async () => {
    server = await startKubeApiserver();
  }, 600_000);
  afterAll(() => server[Symbol.asyncDispose]());

  test("without Knative it names what is missing", async () => {
    const { code, stderr } = await make("deploy", server.kubeconfig);
    expect(code).toBe(1);
    expect(stderr).toContain("Knative Serving (no services.serving.knative.dev)");
    expect(stderr).toContain("Knative Eventing 1.15 or newer (no jobsinks.sinks.knative.dev)");
    expect(stderr).toContain("kn quickstart kind");
  });

  test("without a component's own kinds it says which, and applies nothing", async () => {
    await serveCrds(server, await knativeCrds("v0.47.0"));
    const folder = await mkdtemp(join(tmpdir(), "overlay-"));
    const kubernetes = new URL("../../infra/kubernetes", import.meta.url).pathname;
    const path = (name: string) => relative(folder, join(kubernetes, name));
    await writeFile(
      join(folder, "kustomization.yaml"),
      `resources: [${path("base")}]\ncomponents: [${path("components/monitoring")}]\n`,
    );
    const { code, stderr } = await make("deploy", server.kubeconfig, { OVERLAY: folder });
    await rm(folder, { recursive: true });
    expect(code).toBe(1);
    expect(stderr).toContain("PodMonitor (monitoring.coreos.com/v1)");
    expect(stderr).toContain("Nothing was applied");
    expect(await namespaces()).not.toContain("namespace/statements");
  }, 120_000);

  test("an installation is deployed, looked at, and removed without its requests", async () => {
    // 1. Nobody calls anything ready: it ends, and names what it waited for.
    const tooShort = { WAIT_SECONDS: "1" };
    const waited = await make("deploy", server.kubeconfig, tooShort);
    expect(waited.code).toBe(1);
    expect(waited.stdout).toContain("Broker statements: not looked at yet");
    await saysWhatKeepsIt();
    // The Broker has no class, as no webhook runs here, and nobody has looked at it: it is made anew.
    const uid = [
      "get",
      "broker",
      "statements",
      "-n",
      "statements",
      "-o",
      "jsonpath={.metadata.uid}",
    ];
    const first = await kubectl(...uid);
    const deploying = make("deploy", server.kubeconfig, { ...OVERLAY, WAIT_SECONDS: "60" });
    const second = await another(first);
    // The webhook was not asked this time either: once more, and then it is waited for.
    await another(second);
    await using opened = new AsyncDisposableStack();
    opened.use(startKnativeControllers(server));
    const again = await deploying;
    expect(again.stdout.match(/a Broker has no class/g)).toHaveLength(2);
    expect(again).toMatchObject({ code: 0 });
    // 2. With somebody who does, it ends with the next step.
    await deployLookAndRemove();

    /** The Broker that was made in the place of this one. */
    async function another(than: string): Promise<string> {
      for (;;) {
        const now = await kubectl(...uid, "--ignore-not-found");
        if (now !== "" && now !== than) return now;
        await sleep(100);
      }
    }
  }, 480_000);

  test("while Knative's webhook starts it waits, and has applied nothing", async () => {
    const name = "eventing-webhook";
    const namespace = "knative-eventing";
    await server.createNamespace(namespace);
    const labels = { app: name };
    const containers = [{ name, image: "dev.local/x:dev" }];
    const template = { metadata: { labels }, spec: { containers } };
    const spec = { replicas: 1, selector: { matchLabels: labels }, template };
    const metadata = { name, namespace };
    await server.apply([{ apiVersion: "apps/v1", kind: "Deployment", metadata, spec } as object]);
    const deploying = make("deploy", server.kubeconfig, { ...OVERLAY, WAIT_SECONDS: "1" });
    while (!(await isAsking(`deployment/${name}`))) await sleep(100);
    expect(await namespaces()).not.toContain("namespace/statements");
    const apps = server.config().makeApiClient(AppsV1Api);
    const webhook = await apps.readNamespacedDeployment({ name, namespace });
    webhook.status = {
      observedGeneration: webhook.metadata?.generation ?? 1,
      ...{ replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
    };
    await apps.replaceNamespacedDeploymentStatus({ name, namespace, body: webhook });
    const { stdout } = await deploying;
    expect(stdout).toContain("waiting for Broker statements");
    expect(await namespaces()).toContain("namespace/statements");
    // Rolled out as it is without replicas, it does not run.
    await kubectl("delete", "namespace", "statements", "--wait=false");
    const deployment = ["deployment", name, "-n", namespace];
    await kubectl("scale", ...deployment, "--replicas=0");
    const generation = await kubectl("get", ...deployment, "-o", "jsonpath={.metadata.generation}");
    const none = { replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0 };
    const status = JSON.stringify({ status: { ...none, observedGeneration: Number(generation) } });
    await kubectl("patch", ...deployment, "--subresource=status", "--type=merge", "-p", status);
    const refused = await make("deploy", server.kubeconfig, OVERLAY);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("Knative's eventing-webhook does not run");
    expect(refused.stderr).toContain("Nothing was applied");
  }, 180_000);

  /** Whether a kubectl of this machine waits for it. */
  async function isAsking(what: string): Promise<boolean> {
    const pids = (await readdir("/proc")).filter((one) => /^\d+$/.test(one));
    const lines = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
    return (await Promise.all(lines)).some((line) => line.split("\0").includes(what));
  }

  /** While it waits, not only when the time is over. */
  async function saysWhatKeepsIt(): Promise<void> {
    const account = ["serviceaccount", "statement-builder", "-n", "statements"];
    await kubectl("create", ...account);
    await unreadyPod("statement-builder-w");
    const { stdout } = await make("deploy", server.kubeconfig, { ...OVERLAY, WAIT_SECONDS: "18" });
    const [waiting = "", end] = stdout.split("✗ not ready after 18 s");
    expect(waiting).toContain("so far: pod statement-builder-w is not ready: ");
    expect(end).toContain("pod statement-builder-w is not ready: ");
    await kubectl("delete", "pod", "statement-builder-w", "-n", "statements", "--force");
    await kubectl("delete", ...account);
  }

  async function deployLookAndRemove(): Promise<void> {
    const deployed = await make("deploy", server.kubeconfig, OVERLAY);
    expect(deployed.stdout).toContain("✓ everything is ready");
    // Nobody but the cluster resolves its name: the way leads through Knative's gateway.
    const [, port = ""] =
      /kubectl port-forward -n kourier-system service\/kourier-internal (\d+):80 &$/m.exec(
        deployed.stdout,
      ) ?? [];
    expect(deployed.stdout).toContain(
      `http://localhost:${port} -H 'host: request-intake.statements.svc.cluster.local'`,
    );
    expect(deployed.code).toBe(0);
    // With the same tags again, the templates are as they were: a changed one would make a revision.
    const before = await generations();
    expect(before).toHaveLength(3);
    const again = await make("deploy", server.kubeconfig, OVERLAY);
    expect(again.code).toBe(0);
    expect(await generations()).toEqual(before);
    await lookWithoutWebhook();
    const status = await make("status", server.kubeconfig, OVERLAY);
    expect(status.stdout).toContain("✓ Broker statements");
    expect(status.stdout).toContain("ledger transaction-requests: no requests");
    expect(status.code).toBe(0);
    // A Job's pod whose request failed for good has ended as it should.
    await endedPod("statement-job-x");
    expect((await make("status", server.kubeconfig, OVERLAY)).code).toBe(0);
    // A pod that runs and is not ready, though its Service is called ready, is seen with its reason.
    await unreadyPod("statement-builder-x");
    const unready = await make("status", server.kubeconfig, OVERLAY);
    expect(unready.stdout).toContain("pod statement-builder-x is not ready: ");
    expect(unready.code).toBe(1);
    const tool = makeTool({ KUBECONFIG: server.kubeconfig });
    const doctor = await tool("doctor");
    expect(doctor.stdout).toContain("no  pod statement-builder-x is not ready: ");
    // Its bound is read from the Services as they are installed: max-scale × containerConcurrency.
    expect(doctor.stdout).toContain("ok  nothing is due; 0 requests of at most 8 are being built");
    const told = "jsonpath={.spec.template.spec.containers[0].envFrom[0].configMapRef.name}";
    const of = ["-n", "statements"];
    const settings = await kubectl("get", "ksvc", "pending-scanner", ...of, "-o", told);
    const other = JSON.stringify({ data: { BUILDER_CAPACITY: "5", RETENTION_DAYS: "40" } });
    await kubectl("patch", "configmap", settings, ...of, "-p", other);
    const uneven = await tool("doctor");
    expect(uneven.stdout).toContain(
      "??  the scanner offers for 5 builds at a time, and the builders take 8",
    );
    expect(doctor.code).toBe(1);
    expect((await tool("prune")).stderr).toContain("their retention of 40 days");
    const own = makeTool({ KUBECONFIG: server.kubeconfig, RETENTION_DAYS: "50" });
    expect((await own("prune")).stderr).toContain("their retention of 50 days");
    await lookByTheBuildersSettings();
    await kubectl("delete", "pod", "statement-builder-x", "-n", "statements", "--force");
    // 3. A ledger that holds requests stays until somebody says otherwise.
    const ledger = ["-n", "transaction-requests"];
    await kubectl("delete", "resourcequota", "ledger", ...ledger);
    await kubectl("create", "configmap", "a-request", ...ledger);
    await kubectl(
      "label",
      "configmap",
      "a-request",
      "transactions-collector.io/status=pending",
      ...ledger,
    );
    const kept = await undeployBehindPods();
    expect(kept.stdout).toContain("✓ ledger kept");
    expect(await namespaces()).toContain("namespace/transaction-requests");
    expect(await namespaces()).not.toContain("namespace/statements");
    const left = await make("status", server.kubeconfig, OVERLAY);
    expect(left.stdout).toContain("nothing of it is installed");
    expect(left.stdout).toMatch(/ledger transaction-requests is still there: .*pending 1/);
    const removed = await make("undeploy", server.kubeconfig, { ...OVERLAY, LEDGER: "delete" });
    expect(removed.stdout).toContain("✓ everything removed");
    expect(await namespaces()).not.toContain("namespace/transaction-requests");
  }

  /** The namespace stays until its pods have ended: else it would stay for minutes behind them. */
  async function undeployBehindPods(): Promise<Ended> {
    const pod = ["pod", "statement-builder-v", "-n", "statements"];
    await unreadyPod("statement-builder-v");
    const hold = async (finalizers: readonly string[]): Promise<void> => {
      const patch = JSON.stringify({ metadata: { finalizers } });
      await kubectl("patch", ...pod, "--type=merge", "-p", patch);
    };
    await hold(["example.com/drains"]);
    const undeploying = make("undeploy", server.kubeconfig, OVERLAY);
    const deletedAt = ["-o", "jsonpath={.metadata.deletionTimestamp}"];
    while ((await kubectl("get", ...pod, ...deletedAt)) === "") await sleep(100);
    expect(await kubectl("get", "namespace", "statements", ...deletedAt)).toBe("");
    await hold([]);
    return await undeploying;
  }

  /** Knative's webhook turns EventTypes into the version that is asked for: without it nobody can read one. */
  async function lookWithoutWebhook(): Promise<void> {
    const crd = "eventtypes.eventing.knative.dev";
    const convert = async (conversion: object): Promise<void> => {
      const patch = JSON.stringify({ spec: { conversion } });
      await kubectl("patch", "crd", crd, "--type=merge", "-p", patch);
    };
    const clientConfig = { url: "https://127.0.0.1:9/" };
    const webhook = { clientConfig, conversionReviewVersions: ["v1"] };
    await convert({ strategy: "Webhook", webhook });
    const read = kubectl("get", crd, "-n", "statements");
    await expect(read).rejects.toThrow("conversion webhook");
    const status = await make("status", server.kubeconfig, OVERLAY);
    expect(status.stdout).toContain("✓ Broker statements");
    expect(status.stdout).toContain("ledger transaction-requests: no requests");
    expect(status.stdout).toMatch(/\? it cannot be seen what .*: .*conversion webhook/);
    await convert({ strategy: "None", webhook: null });
  }

  /** By what the builder is told here, where the tool's own environment does not say. */
  async function lookByTheBuildersSettings(): Promise<void> {
    const of = ["-n", "statements"];
    const told = "jsonpath={.spec.template.spec.containers[0].envFrom[0].configMapRef.name}";
    const settings = await kubectl("get", "ksvc", "statement-builder", ...of, "-o", told);
    const data = { MAX_FAILURES: "9", LEASE_SECONDS: "100", STATEMENT_VIEW: "my_rows" };
    await kubectl("patch", "configmap", settings, ...of, "-p", JSON.stringify({ data }));
    const { kubeconfig } = server;
    const ledger = makeConfigMapLedger({ namespace: "transaction-requests", kubeconfig });
    await ledger.create(RECORDED);
    const { name } = RECORDED.facts;
    const recorded = await ledger.read(name);
    if (!recorded) throw new Error("not there");
    const object = { bucket: "b", key: "k.zip" };
    const held = await ledger.replace(recorded, heldRequest(RECORDED, { now: NOON, object }));
    if (held === "conflict") throw new Error("changed by others");
    for (const [own, failures] of [
      [{}, 9],
      [{ MAX_FAILURES: "2" }, 2],
    ] as const) {
      const explained = await makeTool({ KUBECONFIG: kubeconfig, ...own })("explain", name);
      expect(explained.stdout).toContain(`0 of ${failures} failures used up.`);
      expect(explained.stderr).toBe("");
    }
    await ledger.remove(held);
    await using bank = await startTestMariaDb({ schema: BANK_SCHEMA });
    const DATABASE_URL = bank.databaseUrl;
    const viewed = await makeTool({ KUBECONFIG: kubeconfig, DATABASE_URL })("doctor");
    expect(viewed.stdout).toMatch(/my_rows/);
  }

  /** Of the Knative Services; the API server counts it up with each change of what is written. */
  async function generations(): Promise<readonly string[]> {
    const get = ["get", "services.serving.knative.dev", "-n", "statements", "--no-headers"];
    const said = await kubectl(
      ...get,
      "-o",
      "custom-columns=:.metadata.name,:.metadata.generation",
    );
    return said.trim().split("\n");
  }

  /**
   * As a kubelet reports one whose database does not let it in: Knative has made the container's probe its
   * proxy's, so the container counts as ready.
   */
  async function unreadyPod(name: string): Promise<void> {
    const startTime = new Date(Date.now() - 60_000);
    const running = { imageID: "", restartCount: 0, state: { running: {} } };
    await pod(name, {
      ...{ phase: "Running", startTime },
      containerStatuses: [
        { ...running, name: "queue-proxy", image: "dev.local/x:dev", ready: false },
        { ...running, name: "statement-builder", image: "dev.local/x:dev", ready: true },
      ],
    });
  }

  async function endedPod(name: string): Promise<void> {
    const state = { terminated: { exitCode: 42, reason: "Error" } };
    const ended = { imageID: "", restartCount: 0, ready: false, state };
    await pod(name, {
      phase: "Failed",
      containerStatuses: [{ ...ended, name: "statement-builder", image: "dev.local/x:dev" }],
    });
  }

  async function pod(name: string, status: V1PodStatus): Promise<void> {
    const core = server.config().makeApiClient(CoreV1Api);
    const namespace = "statements";
    const securityContext = {
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    };
    const containers = (status.containerStatuses ?? []).map((one) => ({
      ...{ name: one.name, image: one.image, securityContext },
    }));
    const spec = {
      serviceAccountName: "statement-builder",
      automountServiceAccountToken: false,
      containers,
    };
    const made = await core.createNamespacedPod({ namespace, body: { metadata: { name }, spec } });
    await core.replaceNamespacedPodStatus({
      name,
      namespace,
      body: Object.assign(made, { status }),
    });
  }

  async function namespaces(): Promise<readonly string[]> {
    return (await kubectl("get", "namespaces", "-o", "name")).split("\n");
  }
});
