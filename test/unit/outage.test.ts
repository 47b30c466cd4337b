/** After a build that met an outage nothing is claimed before what a build needs answers again. */
import { jest } from "@jest/globals";
import { makeOutage } from "../../functions/statement-builder/outage.ts";

test.each([
  ["database_unavailable", false],
  ["storage_unavailable", false],
  ["database_refused", false],
  ["database_behind", false],
  // The one write of a small statement had no answer.
  ["publish_unknown", false],
  ["publish_conflict", true],
  ["internal", true],
])("after %s: %s", async (code, mayBuild) => {
  const ask = jest.fn(() => Promise.reject(new Error("away")));
  const outage = makeOutage(ask);
  expect(await outage.mayBuild()).toBe(true);
  outage.saw({ kind: "retry", code });
  expect(await outage.mayBuild()).toBe(mayBuild);
  expect(ask).toHaveBeenCalledTimes(mayBuild ? 0 : 1);
});

test("a Job looks before it has seen anything", async () => {
  const ask = jest.fn(() => Promise.reject(new Error("away")));
  expect(await makeOutage(ask, { looksFirst: true }).mayBuild()).toBe(false);
  expect(ask).toHaveBeenCalledTimes(1);
});

test("once everything has answered, builds are claimed without a look", async () => {
  const ask = jest.fn(() => Promise.resolve());
  const outage = makeOutage(ask);
  outage.saw({ kind: "retry", code: "publish_unknown" });
  expect([await outage.mayBuild(), await outage.mayBuild()]).toEqual([true, true]);
  expect(ask).toHaveBeenCalledTimes(1);
});
