/**
 * What this product and its operators ask of the Kubernetes API, as one suite for every server: the
 * local one must pass what a real kube-apiserver passes. Where the two truly differ, the difference
 * is a named trait with its reason, and the suite asserts each side's own behaviour.
 */
import { CoreV1Api } from "@kubernetes/client-node";
import { randomUUID } from "node:crypto";
import type { ConfigMapApiUnderTest, ConfigMapBench } from "./configmap-bench.ts";
import { configMapCreateContract } from "./configmap-create-contract.ts";
import { configMapDeleteContract } from "./configmap-delete-contract.ts";
import { configMapKubectlContract } from "./configmap-kubectl-contract.ts";
import { configMapListContract } from "./configmap-list-contract.ts";
import { configMapPatchContract } from "./configmap-patch-contract.ts";
import { configMapReplaceContract } from "./configmap-replace-contract.ts";
import { configMapValidityContract } from "./configmap-validity-contract.ts";
import { configMapWatchContract } from "./configmap-watch-contract.ts";

export function configMapContract(name: string, start: () => Promise<ConfigMapApiUnderTest>): void {
  describe(`ConfigMap contract: ${name}`, () => {
    let server: ConfigMapApiUnderTest;
    let core: CoreV1Api;
    beforeAll(async () => {
      server = await start();
      core = server.config.makeApiClient(CoreV1Api);
    });
    afterAll(async () => await server[Symbol.asyncDispose]());
    const bench: ConfigMapBench = {
      server: () => server,
      core: () => core,
      async newNamespace() {
        const namespace = `contract-${randomUUID()}`;
        await core.createNamespace({ body: { metadata: { name: namespace } } });
        return namespace;
      },
    };
    describe("create and read", () => configMapCreateContract(bench));
    describe("what is valid", () => configMapValidityContract(bench));
    describe("replace", () => configMapReplaceContract(bench));
    describe("patch", () => configMapPatchContract(bench));
    describe("delete", () => configMapDeleteContract(bench));
    describe("list", () => configMapListContract(bench));
    describe("watch", () => configMapWatchContract(bench));
    describe("what kubectl asks for", () => configMapKubectlContract(bench));
  });
}
