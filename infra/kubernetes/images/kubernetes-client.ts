/**
 * What a bundle takes of the Kubernetes client: what reads a kubeconfig and signs in by it. With its hundreds of models,
 * and undici, it would be 6 MB in each image, and take 45 MB of each process that has a kubeconfig.
 */
import type { Plugin } from "esbuild";

const CLIENT = "@kubernetes/client-node";
const INSIDE = /[\\/]node_modules[\\/]@kubernetes[\\/]client-node[\\/]/;
/** For the client's own `fetch`, which nobody calls here. */
const FETCH = "undici";

export const kubernetesClient: Plugin = {
  name: "kubernetes-client",
  setup(build) {
    // Its modules do nothing when they are read but define what they export; its package.json does not say so.
    build.onResolve({ filter: /^(\.|@kubernetes\/client-node$)/ }, async (asked) => {
      const { path, importer, namespace, resolveDir, kind } = asked;
      const isOfClient = path === CLIENT || INSIDE.test(importer);
      // Asked by ourselves: esbuild finds it.
      if (!isOfClient || asked.pluginData === CLIENT) return;
      const from = { importer, namespace, resolveDir, kind, pluginData: CLIENT };
      return { ...(await build.resolve(path, from)), sideEffects: false };
    });
    build.onResolve({ filter: /^undici$/ }, ({ path, importer, resolveDir }) =>
      INSIDE.test(importer) ? { path, namespace: FETCH, pluginData: resolveDir } : undefined,
    );
    // Read when it is asked for, not with the client.
    build.onLoad({ filter: /./, namespace: FETCH }, ({ pluginData }) => ({
      contents: `for (const name of ["Agent", "ProxyAgent"])
        Object.defineProperty(exports, name, { get: () => require("${FETCH}")[name] });`,
      resolveDir: pluginData as string,
    }));
  },
};
