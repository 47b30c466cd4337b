/** A module of WebAssembly that lies beside who uses it. */
import { readFileSync } from "node:fs";

/** What is used of WebAssembly's interface, which TypeScript knows as a part of the browser's. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** A constant or a variable that the module exports. */
export interface Global {
  readonly value: number;
}

/** Reads and compiles it, at once; each call of what it answers makes an instance with memory of its own, and answers its exports. */
export function compiledModule(file: URL): () => unknown {
  const compiled = new WebAssembly.Module(readFileSync(file));
  return () => new WebAssembly.Instance(compiled).exports;
}
