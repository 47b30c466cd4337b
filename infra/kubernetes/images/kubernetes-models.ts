/**
 * Leaves out of a bundle what a function never uses of the Kubernetes client: a megabyte of generated
 * classes, each of which would be set up at every start.
 *
 * The client's (de)serializer refers to 700 kinds of objects in one table. Here only the kinds stay that
 * the calls of the ledger send and receive, and all those they are made of. For a kind that is not
 * in its table the serializer passes the JSON on as it is.
 */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Plugin } from "esbuild";

/** What goes over the wire when a ConfigMap is created, read, listed, replaced and deleted. */
const KINDS = ["V1ConfigMap", "V1ConfigMapList", "V1DeleteOptions", "V1Status"];

const CLIENT = /[\\/]@kubernetes[\\/]client-node[\\/]dist[\\/]/;
const SERIALIZER = /[\\/]client-node[\\/]dist[\\/]gen[\\/]models[\\/]ObjectSerializer\.js$/;

export const kubernetesModels: Plugin = {
  name: "kubernetes-models",
  setup(build) {
    // The package does not say so itself: a file of it that nobody uses may be left out.
    build.onResolve({ filter: /client-node|^\./ }, async (args) => {
      if (args.pluginData === RESOLVING) return undefined;
      if (args.path.startsWith(".") && !CLIENT.test(args.importer)) return undefined;
      const { path, ...rest } = args;
      const found = await build.resolve(path, { ...rest, pluginData: RESOLVING });
      return CLIENT.test(found.path) ? { ...found, sideEffects: false } : found;
    });
    build.onResolve(
      { filter: /^(undici|socks|socks-proxy-agent|hpagent|jsonpath-plus)$/ },
      (args) =>
        CLIENT.test(args.importer)
          ? { path: args.path, namespace: "when-used", pluginData: args.resolveDir }
          : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "when-used" }, ({ path, pluginData }) => ({
      contents: whenUsed(path),
      resolveDir: String(pluginData),
    }));
    build.onLoad({ filter: OPERATIONS }, async ({ path }) => ({
      contents: onlyOfConfigMaps(await readFile(path, "utf8")),
    }));
    build.onLoad({ filter: SERIALIZER }, async ({ path }) => ({ contents: await pruned(path) }));
  },
};

const OPERATIONS =
  /[\\/]client-node[\\/]dist[\\/]gen[\\/](apis[\\/]CoreV1Api|types[\\/](Observable|ObjectParam)API)\.js$/;

const RESOLVING = Symbol("resolving");

/** Only the client's own transport uses these, and the ledger brings another. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  undici: ["Agent", "ProxyAgent", "fetch"],
  socks: ["SocksClient"],
};
/** For proxies, and for users of clouds: loaded when a kubeconfig asks for them. */
const LOADED_LATE: Readonly<Record<string, readonly string[]>> = {
  "socks-proxy-agent": ["SocksProxyAgent"],
  hpagent: ["HttpProxyAgent", "HttpsProxyAgent"],
  "jsonpath-plus": ["JSONPath"],
};

function whenUsed(name: string): string {
  const leftOut = (LEFT_OUT[name] ?? []).map(
    (one) => `export function ${one}() { throw new Error("${name} is not in this bundle"); }`,
  );
  const late = (LOADED_LATE[name] ?? []).map(
    (one) => `export function ${one}(...args) {
      const { ${one}: real } = require("${name}");
      return new.target ? new real(...args) : real(...args);
    }`,
  );
  return [...leftOut, ...late].join("\n");
}

/** The generated classes have a method for each operation of the API; those of ConfigMaps stay. */
function onlyOfConfigMaps(source: string): string {
  let leftOut = false;
  const kept = source.split("\n").filter((line) => {
    const method = /^ {4}(?:async )?(\w+)\(.*\{$/.exec(line)?.[1] ?? "";
    if (/^(connect|create|delete|get|list|patch|read|replace)[A-Z]/.test(method))
      leftOut = !/NamespacedConfigMap(WithHttpInfo)?$/.test(method);
    if (!leftOut) return true;
    if (line === "    }") leftOut = false;
    return false;
  });
  return kept.join("\n");
}

async function pruned(serializer: string): Promise<string> {
  const kinds = await reachable(KINDS, dirname(serializer));
  const lines = (await readFile(serializer, "utf8")).split("\n");
  return lines
    .filter((line) => {
      const kind = nameOf(line);
      return kind === undefined || kinds.has(kind);
    })
    .join("\n");
}

/** The kind that a line of the serializer exports, imports or has in its table. */
function nameOf(line: string): string | undefined {
  const match =
    /^export \* from '\.\.\/models\/(\w+)\.js';$/.exec(line) ??
    /^import \{ (\w+)\b.* \} from '\.\.\/models\/\w+\.js';$/.exec(line) ??
    /^ {4}"(\w+)": \w+,$/.exec(line);
  return match?.[1];
}

/** `first`, and every kind that is the type of a field of one of them. */
async function reachable(first: readonly string[], models: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const queue = [...first];
  for (let kind = queue.pop(); kind !== undefined; kind = queue.pop()) {
    if (found.has(kind)) continue;
    found.add(kind);
    const source = await readFile(join(models, `${kind}.js`), "utf8");
    for (const [, type = ""] of source.matchAll(/^ *"type": "(.*)",$/gm))
      queue.push(...(type.match(/\b[A-Z]\w*\d\w*\b/g) ?? []));
  }
  return found;
}
