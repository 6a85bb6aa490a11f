import { isUtf8 } from 'node:buffer';

/** A request that breaks the protocol. It costs the client its connection, and never more than that. */
export class WireError extends Error {}

/**
 * Reads the primitive types of the Kafka protocol, in order, from one request.
 *
 * Every read is checked against the end of the request. Each element of an array takes at least one byte, so that an
 * array which announces more than there is ends there as well. Reads throw {@link WireError}.
 */
export class WireReader {
  #position = 0;

  constructor(private readonly bytes: Buffer) {}

  boolean(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    return this.bytes.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#advance(4));
  }

  /** Offsets, times and producer ids. Values beyond 2^53 lose precision, and only malformed requests hold them. */
  int64(): number {
    return Number(this.bytes.readBigInt64BE(this.#advance(8)));
  }

  string(): string {
    return required(this.nullableString(), 'string');
  }

  nullableString(): string | undefined {
    const length = this.int16();
    if (length < 0) return undefined;
    const start = this.#advance(length);
    const encoded = this.bytes.subarray(start, start + length);
    // Replacement characters would make the text longer than the length that a response can carry.
    if (!isUtf8(encoded)) throw new WireError(`A string at ${start} that is not UTF-8.`);
    return encoded.toString('utf8');
  }

  /** A view into the request: copy it to keep it. */
  nullableByteString(): Buffer | undefined {
    const length = this.int32();
    if (length < 0) return undefined;
    const start = this.#advance(length);
    return this.bytes.subarray(start, start + length);
  }

  /** A copy, which may outlive the request. Null is read as empty. */
  byteString(): Buffer {
    return Buffer.from(this.nullableByteString() ?? []);
  }

  array<Element>(readElement: () => Element): Element[] {
    return required(this.nullableArray(readElement), 'array');
  }

  nullableArray<Element>(readElement: () => Element): Element[] | undefined {
    const count = this.int32();
    if (count < 0) return undefined;
    const elements: Element[] = [];
    for (let index = 0; index < count; index++) elements.push(readElement());
    return elements;
  }

  #advance(length: number): number {
    const start = this.#position;
    const left = this.bytes.length - start;
    if (length > left) throw new WireError(`${length} bytes wanted at ${start}, ${left} are left.`);
    this.#position = start + length;
    return start;
  }
}

function required<Value>(value: Value | undefined, type: string): Value {
  if (value === undefined) throw new WireError(`A null ${type} where one is required.`);
  return value;
}
