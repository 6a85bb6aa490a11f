const FIRST_CHUNK_BYTES = 512;
const NEXT_CHUNK_BYTES = 4096;

/** Writes the primitive types of the Kafka protocol, in order, into one response. Each method returns the writer. */
export class WireWriter {
  readonly #chunks: Buffer[] = [];
  #open = Buffer.allocUnsafe(FIRST_CHUNK_BYTES);
  #used = 0;

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  int8(value: number): this {
    const start = this.#reserve(1);
    this.#open.writeInt8(value, start);
    return this;
  }

  int16(value: number): this {
    const start = this.#reserve(2);
    this.#open.writeInt16BE(value, start);
    return this;
  }

  int32(value: number): this {
    const start = this.#reserve(4);
    this.#open.writeInt32BE(value, start);
    return this;
  }

  int64(value: number): this {
    const start = this.#reserve(8);
    this.#open.writeBigInt64BE(BigInt.asIntN(64, BigInt(value)), start); // Whatever a client sent can be echoed.
    return this;
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    this.int16(length);
    const start = this.#reserve(length);
    this.#open.write(value, start);
    return this;
  }

  nullableString(value: string | undefined): this {
    return value === undefined ? this.int16(-1) : this.string(value);
  }

  byteString(value: Buffer): this {
    return this.int32(value.length).raw([value]);
  }

  array<Element>(elements: readonly Element[], writeElement: (element: Element) => void): this {
    this.int32(elements.length);
    for (const element of elements) writeElement(element);
    return this;
  }

  /** Adds bytes without copying them: they may not change until the response is sent. */
  raw(chunks: readonly Buffer[]): this {
    this.#closeChunk();
    this.#chunks.push(...chunks);
    return this;
  }

  /** The whole response as it goes out: its length, the request's correlation id, and what was written. */
  frame(correlationId: number): Buffer[] {
    this.#closeChunk();
    const bodyBytes = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const header = Buffer.allocUnsafe(8);
    header.writeInt32BE(bodyBytes + 4, 0);
    header.writeInt32BE(correlationId, 4);
    return [header, ...this.#chunks];
  }

  #reserve(length: number): number {
    if (this.#used + length > this.#open.length) {
      this.#closeChunk();
      this.#open = Buffer.allocUnsafe(Math.max(length, NEXT_CHUNK_BYTES));
    }
    const start = this.#used;
    this.#used += length;
    return start;
  }

  #closeChunk(): void {
    if (this.#used === 0) return;
    this.#chunks.push(this.#open.subarray(0, this.#used));
    this.#open = this.#open.subarray(this.#used);
    this.#used = 0;
  }
}
