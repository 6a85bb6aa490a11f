import { WireError } from './wire-reader.js';

const LENGTH_BYTES = 4;

/** Cuts the byte stream of one connection into requests: each is a length (int32) and that many bytes. */
export class FrameSplitter {
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(private readonly maxRequestBytes: number) {}

  /** Takes what arrived and yields the requests that are complete. Throws {@link WireError} on a length out of range. */
  *push(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (let length = this.#nextLength(); length !== undefined; length = this.#nextLength()) {
      if (this.#bytes < LENGTH_BYTES + length) return;
      yield this.#take(length);
    }
  }

  #nextLength(): number | undefined {
    if (this.#bytes < LENGTH_BYTES) return undefined;
    const first = this.#chunks[0];
    const length = first && first.length >= LENGTH_BYTES ? first.readInt32BE(0) : this.#joined().readInt32BE(0);
    if (length < 0 || length > this.maxRequestBytes) {
      throw new WireError(`A request of ${length} bytes; the limit is ${this.maxRequestBytes}.`);
    }
    return length;
  }

  #take(length: number): Buffer {
    const all = this.#joined();
    const rest = all.subarray(LENGTH_BYTES + length);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
    return all.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
  }

  #joined(): Buffer {
    const all = this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}
