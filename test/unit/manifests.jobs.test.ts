/** Very large statements as Jobs: the JobSink, what leads to it, and what it runs. */
import { builderConfig } from "../../functions/statement-builder/config.ts";
import { readConfig } from "../../functions/platform/settings/config.ts";
import { renderInstallation } from "../support/cluster/installation.ts";
import type { Manifest } from "../support/cluster/kustomize.ts";

const on = "base";
const withJobs = await renderInstallation({ on, components: ["jobs"] });
const everyRequest = await renderInstallation({ on, components: ["jobs", "jobs/every-request"] });
const without = await renderInstallation({ on });

interface JobSpec {
  readonly activeDeadlineSeconds: number;
  readonly backoffLimit: number;
  readonly ttlSecondsAfterFinished: number;
  readonly podFailurePolicy: unknown;
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: PodSpec;
  };
}
interface PodSpec {
  readonly restartPolicy?: string;
  readonly serviceAccountName: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly containers: readonly {
    readonly name: string;
    readonly image: string;
    readonly env: unknown;
    readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
    readonly resources: unknown;
  }[];
}

function find(kind: string, name: string, of: readonly Manifest[] = withJobs): Manifest {
  const found = of.find((one) => one.kind === kind && one.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
}

const job = (find("JobSink", "statement-builder")["spec"] as { job: { spec: JobSpec } }).job.spec;
const pod = job.template.spec;
const service = (find("Service", "statement-builder")["spec"] as { template: { spec: PodSpec } })
  .template.spec;

/** As Kubernetes does it: a later ConfigMap overrides an earlier one. */
function settingsOf({ containers: [container] }: PodSpec): Readonly<Record<string, string>> {
  const data = (container?.envFrom ?? []).map(
    ({ configMapRef }) => find("ConfigMap", configMapRef.name)["data"] as Record<string, string>,
  );
  return Object.assign({}, ...data) as Record<string, string>;
}

test("a Job runs the service's image as its account, with its secrets and resources", () => {
  const [ofJob, ...more] = pod.containers;
  const [ofService] = service.containers;
  expect(more).toEqual([]);
  expect(ofJob?.image).toBe(ofService?.image);
  expect(ofJob?.env).toEqual(ofService?.env);
  expect(ofJob?.resources).toEqual(ofService?.resources);
  expect(pod.serviceAccountName).toBe(service.serviceAccountName);
});

test("its settings are the service's, but for how it runs and how long it may", () => {
  const { EXECUTION, BUILD_DEADLINE_SECONDS, ...same } = settingsOf(pod);
  expect([EXECUTION, BUILD_DEADLINE_SECONDS]).toEqual(["job", "21600"]);
  expect(settingsOf(service)).toMatchObject(same);
  const given = {
    ...settingsOf(pod),
    K_SINK: "http://broker.example/",
    // As the JobSink sets it.
    K_EVENT_PATH: "/etc/jobsink-event",
    DATABASE_URL: "mysql://reader:password@database:3306/bank",
    DATABASE_CA_FILE: "/etc/database-ca/ca.pem",
    IDENTITY: "none",
  };
  expect(() => readConfig(builderConfig, given)).not.toThrow();
});

test("the build ends before the Job does", () => {
  const deadline = Number(settingsOf(pod)["BUILD_DEADLINE_SECONDS"]);
  expect(job.activeDeadlineSeconds).toBeGreaterThan(deadline);
});

test("exit codes mean what the handler means by them", () => {
  expect(pod.restartPolicy).toBe("Never");
  expect(job.backoffLimit).toBe(3);
  expect(job.podFailurePolicy).toEqual({
    rules: [
      {
        action: "FailJob",
        onExitCodes: { containerName: pod.containers[0]?.name, operator: "In", values: [42, 78] },
      },
      { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    ],
  });
});

test("a Job outlives the five minutes in which its event may come again", () => {
  expect(job.ttlSecondsAfterFinished).toBeGreaterThan(300);
});

test("oversized goes to the JobSink, and to nothing else", () => {
  expect(find("Trigger", "statement-oversized")["spec"]).toMatchObject({
    filter: { attributes: { type: "io.transactions-collector.statement.oversized.v1" } },
    subscriber: { ref: { kind: "JobSink", name: "statement-builder" } },
  });
  expect(settingsOf(service)["OVERSIZED_ROWS"]).toBe("5000000");
});

test("each Job is bound to the Broker by the label that its JobSink puts on it", () => {
  expect(find("SinkBinding", "statement-builder-job")["spec"]).toMatchObject({
    subject: {
      apiVersion: "batch/v1",
      kind: "Job",
      selector: { matchLabels: { "sinks.knative.dev/job-sink-name": "statement-builder" } },
    },
  });
});

test("without the component nothing is handed over", () => {
  expect(without.some((one) => one.kind === "JobSink")).toBe(false);
  const settings = without.find((one) => /^statement-builder-\w{10}$/.test(one.metadata.name));
  expect(settings?.["data"]).not.toHaveProperty("OVERSIZED_ROWS");
  expect(settings?.["data"]).toMatchObject({ EXECUTION: "service" });
});

test("one setting makes every request a Job, offered by the scanner, which counts them", () => {
  const triggers = everyRequest.filter((one) => one.kind === "Trigger");
  const subscribers = triggers.map(({ metadata, spec }) => [
    metadata.name,
    (spec as { subscriber: { ref: { kind: string } } }).subscriber.ref.kind,
  ]);
  expect(subscribers.toSorted()).toEqual([
    ["statement-due", "JobSink"],
    ["statement-oversized", "JobSink"],
  ]);
  const offersAreJobs = (of: readonly Manifest[]): unknown =>
    of.find(
      (one) => one.kind === "ConfigMap" && one.metadata.name.startsWith("pending-scanner-"),
    )?.["data"];
  expect(offersAreJobs(everyRequest)).toMatchObject({ OFFERS_ARE_JOBS: "true" });
  expect(offersAreJobs(withJobs)).toMatchObject({ OFFERS_ARE_JOBS: "false" });
});

test("the Jobs of an hour of requests are within the quota of production", async () => {
  const manifests = await renderInstallation({
    on: "overlays/production",
    components: ["jobs/every-request"],
  });
  const specOf = (kind: string, name: string): unknown =>
    manifests.find((one) => one.kind === kind && one.metadata.name === name)?.["spec"];
  const sink = specOf("JobSink", "statement-builder") as { job: { spec: JobSpec } };
  const { hard } = specOf("ResourceQuota", "statements") as { hard: Record<string, string> };
  const kept = sink.job.spec.ttlSecondsAfterFinished;
  expect(kept).toBeGreaterThan(300);
  // BUILDER_CAPACITY at a time, and no Job takes less than three seconds.
  expect(Number(hard["count/jobs.batch"])).toBeGreaterThanOrEqual((8 / 3) * kept);
});
