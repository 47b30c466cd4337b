/**
 * Lets a bundle `require` the modules of Node that its sources `import`.
 *
 * An ES import of a built-in module reads each of its exports, and those that load something when
 * they are first looked at do so then: with `node:http` comes all of `fetch` (its WebSocket), with
 * `node:crypto` all of WebCrypto. That is a fifth of the time in which a function starts.
 */
import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";

/** The first lines of the bundle, which is an ES module and has no `require` of its own. */
export const REQUIRE = `const require = process.getBuiltinModule("module").createRequire(import.meta.url);`;

const BUILTIN = new RegExp(`^(node:)?(${builtinModules.join("|")})$`);

export const builtinsRequired: Plugin = {
  name: "builtin-modules",
  setup(build) {
    build.onResolve({ filter: BUILTIN }, ({ path, kind }) =>
      kind === "import-statement"
        ? { path: path.startsWith("node:") ? path : `node:${path}`, namespace: "builtin" }
        : { path, external: true },
    );
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};
