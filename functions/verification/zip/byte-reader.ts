/** Reads an asynchronous source of bytes by count, keeping no more than it was asked for. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #onBytes: (bytes: Uint8Array) => void;
  #buffer = new Uint8Array(0);
  #position = 0;

  /** @param onBytes told of every chunk of the source, once and in order */
  constructor(source: AsyncIterable<Uint8Array>, onBytes: (bytes: Uint8Array) => void) {
    this.#source = source[Symbol.asyncIterator]();
    this.#onBytes = onBytes;
  }

  /** How many bytes were taken so far. */
  get position(): number {
    return this.#position;
  }

  /** Up to `count` bytes without taking them; fewer only at the end of the source. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#buffer.length < count && (await this.#fill())) {
      // One more chunk is there.
    }
    return this.#buffer.subarray(0, count);
  }

  /** Whatever is there without waiting, at least one byte; empty at the end of the source. */
  async peekAny(atLeast: number): Promise<Uint8Array> {
    await this.peek(atLeast);
    return this.#buffer;
  }

  async take(count: number): Promise<Uint8Array> {
    const bytes = await this.peek(count);
    this.#buffer = this.#buffer.subarray(bytes.length);
    this.#position += bytes.length;
    return bytes;
  }

  /** Tells the source that no more is read: a download would stay open else. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #fill(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) return false;
    this.#onBytes(next.value);
    if (this.#buffer.length === 0) this.#buffer = Uint8Array.from(next.value);
    else {
      const joined = new Uint8Array(this.#buffer.length + next.value.length);
      joined.set(this.#buffer);
      joined.set(next.value, this.#buffer.length);
      this.#buffer = joined;
    }
    return true;
  }
}
