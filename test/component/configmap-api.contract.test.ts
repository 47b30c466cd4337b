import { KubeConfig } from "@kubernetes/client-node";
import { startLocalKubernetesApi } from "../../infra/local/cluster/kubernetes-api/server.ts";
import { configMapContract } from "../support/configmap-contract/configmap-contract.ts";
import { startKubeApiserver } from "../support/servers/kube-apiserver.ts";

configMapContract("local server", async () => {
  const server = await startLocalKubernetesApi();
  const config = new KubeConfig();
  config.loadFromString(server.kubeconfig());
  return {
    config,
    traits: {
      applyPatch: { code: 415, reason: "UnsupportedMediaType" },
      limitAtRevisionZero: "kept",
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
});

configMapContract("kube-apiserver", async () => {
  const server = await startKubeApiserver();
  return {
    config: server.config(),
    traits: { applyPatch: "done", limitAtRevisionZero: "ignored" },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
});
