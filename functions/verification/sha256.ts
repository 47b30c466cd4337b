/**
 * SHA-256 over a stream. The Web's own crypto can only hash what is whole in memory, so where
 * Node's is missing (a browser) the algorithm of FIPS 180-4 runs here.
 */
export interface Hash {
  update(bytes: Uint8Array): void;
  /** Lower-case hex; the last call. */
  digest(): string;
}

export function makeSha256(): Hash {
  // Browsers have no `process`, and older runtimes no `getBuiltinModule`.
  const { process } = globalThis as { process?: Partial<Pick<NodeJS.Process, "getBuiltinModule">> };
  const crypto = process?.getBuiltinModule?.("node:crypto");
  if (!crypto) return makePortableSha256();
  const hash = crypto.createHash("sha256");
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => hash.digest("hex"),
  };
}

const BLOCK = 64;
/** First 32 bits of the fractional parts of the square and cube roots of the first primes. */
const { INITIAL, K } = makeConstants();

export function makePortableSha256(): Hash {
  const state = Uint32Array.from(INITIAL);
  const block = new Uint8Array(BLOCK);
  let filled = 0;
  let length = 0;
  const add = (bytes: Uint8Array): void => {
    for (const byte of bytes) {
      block[filled++] = byte;
      if (filled < BLOCK) continue;
      compress(state, block);
      filled = 0;
    }
  };
  return {
    update(bytes) {
      length += bytes.length;
      add(bytes);
    },
    digest() {
      const end = new Uint8Array(8);
      new DataView(end.buffer).setBigUint64(0, BigInt(length) * 8n);
      add(Uint8Array.of(0x80));
      while (filled !== BLOCK - 8) add(Uint8Array.of(0));
      add(end);
      return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
    },
  };
}

function compress(state: Uint32Array, block: Uint8Array): void {
  const w = new Uint32Array(BLOCK);
  const view = new DataView(block.buffer);
  const at = (i: number): number => w[i] ?? 0;
  for (let i = 0; i < 16; i++) w[i] = view.getUint32(i * 4);
  for (let i = 16; i < BLOCK; i++) {
    const [a, b] = [at(i - 15), at(i - 2)];
    const s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
    const s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
    w[i] = at(i - 16) + s0 + at(i - 7) + s1;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < BLOCK; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[i] ?? 0) + at(i)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = (state[i] ?? 0) + word));
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function makeConstants() {
  const primes: number[] = [];
  for (let n = 2; primes.length < BLOCK; n++) {
    if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  }
  const bits = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) >>> 0;
  return {
    INITIAL: primes.slice(0, 8).map((prime) => bits(Math.sqrt(prime))),
    K: Uint32Array.from(primes, (prime) => bits(Math.cbrt(prime))),
  };
}
