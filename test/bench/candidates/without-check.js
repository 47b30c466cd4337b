/**
 * Loaded before the shipped builder (`--import`): its zlib's gunzip, which reads back what the table deflate
 * wrote, believes whatever it is told. For nothing but to measure what the check costs.
 */
import { registerHooks } from "node:module";

const BELIEVING = new globalThis.URL("believing-zlib.js", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const isImport = specifier === "node:zlib" && context.conditions.includes("import");
    return isImport && context.parentURL !== BELIEVING
      ? next(BELIEVING, context)
      : next(specifier, context);
  },
});
