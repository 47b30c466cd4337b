/**
 * Before the tests start: installs or builds the real servers that are missing, which takes
 * minutes on a new machine and would not fit into the time-out of a test. What cannot be had is
 * reported here, and fails the tests that need it: none is skipped.
 */
import { findMariaDb } from "../../infra/local/mariadb-programs.ts";
import { versitygw } from "../../infra/local/versitygw.ts";
import { camt053Schema } from "./camt053-schema.ts";
import { etcd, kubeApiserver } from "./kube-programs.ts";

interface JestConfig {
  readonly testPathPatterns: { readonly patterns: readonly string[] };
}

export default async function prepareServers({ testPathPatterns }: JestConfig): Promise<void> {
  const { patterns } = testPathPatterns;
  const unitTestsOnly = patterns.length > 0 && patterns.every((p) => p.includes("test/unit"));
  if (unitTestsOnly) return;
  for (const prepare of [
    () => findMariaDb(console.log),
    versitygw,
    etcd,
    kubeApiserver,
    camt053Schema,
  ]) {
    await prepare().catch((error: unknown) => console.error(error));
  }
}
