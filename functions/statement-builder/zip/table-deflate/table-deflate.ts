/**
 * Deflate for tables (RFC 1951), in WebAssembly: a third of zlib's time at its level 4, and fewer
 * bytes. How it works: README.md. The same bytes in give the same bytes out, however they are cut,
 * on any processor and with any version of Node.
 */
import { compiledModule, type Global } from "../../webassembly/compiled-module.ts";

/** Of assembly/table-deflate.ts. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly BLOCK_BYTES: Global;
  readonly INPUT: Global;
  readonly OUTPUT: Global;
  readonly begin: () => void;
  readonly deflate: (bytes: number, last: number, stored: number) => number;
}

// Read and compiled with this file: a program without it ends when it starts, not with a statement.
const makeInstance = compiledModule(new URL("table-deflate.wasm", import.meta.url));

/** One stream at a time; fixed memory of 2.25 MiB. */
export class TableDeflate {
  readonly #module: Exports;
  readonly #input: Uint8Array;
  readonly #output: Uint8Array;
  #filled = 0;

  constructor() {
    this.#module = makeInstance() as Exports;
    const { memory, INPUT, OUTPUT, BLOCK_BYTES } = this.#module;
    this.#input = new Uint8Array(memory.buffer, INPUT.value, BLOCK_BYTES.value);
    this.#output = new Uint8Array(memory.buffer, OUTPUT.value);
    this.begin();
  }

  /** A new stream; what was not deflated of the one before is dropped. */
  begin(): void {
    this.#module.begin();
    this.#filled = 0;
  }

  /** Whether `deflate` must be called before there is room again. */
  get isFull(): boolean {
    return this.#filled === this.#input.length;
  }

  /** Copies what there is room for of `bytes`, from `from` on; answers how much that was. */
  take(bytes: Uint8Array, from: number): number {
    const taken = Math.min(bytes.length - from, this.#input.length - this.#filled);
    this.#input.set(bytes.subarray(from, from + taken), this.#filled);
    this.#filled += taken;
    return taken;
  }

  /**
   * Deflates what was taken, in half a millisecond: a full block, or with `last` whatever there is.
   * @param stored as it is, as the stream would hold too much of the same otherwise
   * @returns bytes in the module's own memory, to be copied before anything else is called
   */
  deflate(last: boolean, stored = false): Uint8Array {
    if (!last && !this.isFull) throw new Error("only the last block of a stream may be short");
    const bytes = this.#module.deflate(this.#filled, last ? 1 : 0, stored ? 1 : 0);
    this.#filled = 0;
    return this.#output.subarray(0, bytes);
  }
}
