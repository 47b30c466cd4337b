/**
 * Lets a bundle `require` the modules of Node that its sources `import`.
 *
 * An ES import of a built-in module reads each of its exports, and those that load something when
 * they are first looked at do so then: with `node:http` comes all of `fetch` (its WebSocket), with
 * `node:crypto` all of WebCrypto. That is a fifth of the time in which a function starts, and where a package
 * imports it later, as the S3 client does, 14 MB and some time of the first call.
 */
import { builtinModules, createRequire } from "node:module";
import type { ImportKind, Plugin } from "esbuild";

/** The first lines of the bundle, which is an ES module and has no `require` of its own. */
export const REQUIRE = `const require = process.getBuiltinModule("module").createRequire(import.meta.url);`;

const BUILTIN = new RegExp(`^(node:)?(${builtinModules.join("|")})$`);

const NAMESPACES: Partial<Record<ImportKind, string>> = {
  "import-statement": "builtin",
  "dynamic-import": "builtin-later",
};

export const builtinsRequired: Plugin = {
  name: "builtin-modules",
  setup(build) {
    build.onResolve({ filter: BUILTIN }, ({ path, kind }) => {
      const namespace = NAMESPACES[kind];
      if (namespace === undefined) return { path, external: true };
      return { path: path.startsWith("node:") ? path : `node:${path}`, namespace };
    });
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
    build.onLoad({ filter: /.*/, namespace: "builtin-later" }, ({ path }) => ({
      contents: `const builtin = require(${JSON.stringify(path)});
        export default builtin;
        export const { ${plainExports(path).join(", ")} } = builtin;`,
    }));
  },
};

const requireHere = createRequire(import.meta.url);

/** Of the Node that bundles, which is that of the images: names whose value is there, and not made when it is asked for. */
function plainExports(path: string): string[] {
  const exports = Object.entries(Object.getOwnPropertyDescriptors(requireHere(path) as object));
  const plain = exports.filter(([name, one]) => "value" in one && /^[A-Za-z_]\w*$/.test(name));
  return plain.map(([name]) => name);
}
