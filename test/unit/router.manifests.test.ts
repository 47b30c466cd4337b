/** The router reads the shipped manifests, and refuses what it would have to ignore. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManifestError, readEventing } from "../../infra/local/cluster/router/manifests.ts";

const SHIPPED = join(import.meta.dirname, "../../eventing");
const SERVICES = ["request-intake", "pending-scanner", "statement-builder"];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "eventing-"));
  await cp(SHIPPED, folder, { recursive: true });
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function edit(file: string, from: string | RegExp, to: string): Promise<void> {
  const path = join(folder, file);
  const text = await readFile(path, "utf8");
  const edited = text.replace(from, to);
  expect(edited).not.toBe(text);
  await writeFile(path, edited);
}

async function problem(): Promise<string> {
  const error: unknown = await readEventing(folder, SERVICES).catch((e: unknown) => e);
  if (!(error instanceof ManifestError)) throw new Error("the manifests were accepted");
  return error.message.replaceAll(`${folder}/`, "");
}

test("the shipped manifests are understood whole", async () => {
  const eventing = await readEventing(SHIPPED, SERVICES);
  expect(eventing.brokers.map((one) => one.metadata.name)).toEqual(["statements"]);
  expect(eventing.sinkBindings.map((one) => one.spec.subject.name).sort()).toEqual(
    [...SERVICES].sort(),
  );
  const recorded = eventing.triggers.find((one) => one.metadata.name === "statement-recorded");
  expect(recorded?.spec.delivery).toMatchObject({ backoffDelay: 1_000, timeout: 660_000 });
});

test.each([
  [
    "a field it does not know",
    "  broker: statements\n",
    "  broker: statements\n  filters: []\n",
    "trigger-due.yaml: spec.filters: not known to the local router",
  ],
  [
    "a delivery field it does not know",
    "    retry: 3\n",
    "    retry: 3\n    retryAfterMax: PT10S\n",
    "trigger-due.yaml: spec.delivery.retryAfterMax: not known to the local router",
  ],
  [
    "a duration that is none",
    "PT1S",
    "1s",
    "trigger-due.yaml: spec.delivery.backoffDelay: not an ISO 8601 duration: 1s",
  ],
  [
    "a broker that is not there",
    "broker: statements",
    "broker: statement",
    "trigger-due.yaml: spec.broker: there is no Broker named statement",
  ],
  [
    "a subscriber that is not there",
    "name: statement-builder",
    "name: statements-builder",
    "trigger-due.yaml: spec.subscriber.ref: there is no Service named statements-builder",
  ],
  [
    "a dead-letter address that is nobody's",
    "http://request-intake.statements.svc",
    "http://request-intakes.statements.svc",
    "trigger-due.yaml: spec.delivery.deadLetterSink.uri: there is no Service named request-intakes",
  ],
])("%s is an error with file and path", async (_, from, to, expected) => {
  await edit("trigger-due.yaml", from, to);
  expect(await problem()).toBe(expected);
});

test("a kind it does not know is an error", async () => {
  await edit("trigger-due.yaml", "kind: Trigger", "kind: Sequence");
  expect(await problem()).toMatch(/^trigger-due\.yaml: kind: /);
});

test("a schedule that is none is an error", async () => {
  await edit("tick.yaml", /schedule: .*/, 'schedule: "every minute"');
  expect(await problem()).toBe("tick.yaml: spec.schedule: not a cron schedule of five fields");
});

test("a patch in the kustomization is an error, and so is a missing file", async () => {
  await edit("kustomization.yaml", "resources:", "patches: []\nresources:");
  expect(await problem()).toBe("kustomization.yaml: patches: not known to the local router");
  await edit("kustomization.yaml", "patches: []\n", "");
  await rm(join(folder, "tick.yaml"));
  expect(await problem()).toBe("tick.yaml: cannot be read");
});
