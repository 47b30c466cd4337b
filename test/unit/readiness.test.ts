import { readinessOf } from "../../infra/kubernetes/deploy/readiness.ts";

const KSVC = { apiVersion: "serving.knative.dev/v1", kind: "Service" };
const metadata = { name: "a", generation: 2 };
const ready = (type: string, status: string, more = {}) => ({
  observedGeneration: 2,
  conditions: [{ type, status, ...more }],
});

test.each([
  [{ ...KSVC, metadata, status: ready("Ready", "True") }],
  [{ apiVersion: "apps/v1", kind: "Deployment", metadata, status: ready("Available", "True") }],
  // Cannot be changed, so it says nothing of generations.
  [
    {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata,
      status: { conditions: [{ type: "Complete", status: "True" }] },
    },
  ],
])("ready: %j", (object) => {
  expect(readinessOf(object)).toEqual({ kind: "ready" });
});

test.each([
  ["nobody has looked yet", { ...KSVC, metadata }, "not looked at yet"],
  [
    "it was ready before it was changed",
    { ...KSVC, metadata, status: { ...ready("Ready", "True"), observedGeneration: 1 } },
    "not looked at yet",
  ],
  [
    "it says why",
    {
      ...KSVC,
      metadata,
      status: ready("Ready", "False", { reason: "RevisionFailed", message: "no image" }),
    },
    "RevisionFailed: no image",
  ],
  [
    "it does not say why",
    { apiVersion: "apps/v1", kind: "Deployment", metadata, status: ready("Available", "False") },
    "Available is False",
  ],
])("waiting when %s", (_, object, why) => {
  expect(readinessOf(object)).toEqual({ kind: "waiting", why });
});

test.each([
  [{ apiVersion: "v1", kind: "ConfigMap", metadata }],
  [{ apiVersion: "v1", kind: "Service", metadata }],
  [{ apiVersion: "eventing.knative.dev/v1beta3", kind: "EventType", metadata }],
])("nothing to wait for: %j", (object) => {
  expect(readinessOf(object)).toEqual({ kind: "nothing to wait for" });
});
