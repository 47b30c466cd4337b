/** Which revisions a deploy tries anew: those that Knative has given up, and no others. */
import { whyForGood } from "../../infra/kubernetes/deploy/revisions.ts";

const ready = (status: string, reason?: string, message?: string) => ({
  conditions: [
    { type: "ContainerHealthy", status: "Unknown" },
    { type: "Ready", status, reason, message },
  ],
});

test("one that was given up is tried anew", () => {
  const message = "Initial scale was never achieved";
  expect(whyForGood(ready("False", "ProgressDeadlineExceeded", message))).toBe(
    `ProgressDeadlineExceeded: ${message}`,
  );
});

test("one whose pod waits for room is left alone: another would need the same room, beside it", () => {
  const message = "0/1 nodes are available: 1 Insufficient cpu.";
  expect(whyForGood(ready("False", "Unschedulable", message))).toBeUndefined();
});

test.each([undefined, {}, ready("True"), ready("Unknown", "Deploying")])("%j is none", (status) => {
  expect(whyForGood(status)).toBeUndefined();
});
