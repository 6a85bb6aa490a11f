import fs from 'node:fs';

const FIRST_MEMORY_BYTES = 16 * 1024;

/**
 * The bytes of one log segment: append only, read by position, cut at the end.
 *
 * All methods are synchronous, so that a produce request is answered only when its bytes have left the process (they
 * survive `kill -9`; only {@link ByteStore.flush} makes them survive a power cut). They throw on I/O errors.
 */
export interface ByteStore {
  append(bytes: Buffer): void;
  /** A copy of bytes that were appended before. */
  read(position: number, length: number): Buffer;
  truncate(length: number): void;
  flush(): void;
  close(): void;
  /** Closes the store and deletes what it kept. */
  remove(): void;
}

export class MemoryByteStore implements ByteStore {
  #bytes = Buffer.alloc(0);
  #length = 0;

  append(bytes: Buffer): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2, FIRST_MEMORY_BYTES));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, this.#length);
    this.#length = needed;
  }

  read(position: number, length: number): Buffer {
    return Buffer.from(this.#bytes.subarray(position, position + length));
  }

  truncate(length: number): void {
    this.#length = length;
  }

  flush(): void {}

  close(): void {}

  remove(): void {
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
  }
}

/** The file is opened by the first append and again for each read after {@link FileByteStore.close}: idle segments hold no descriptor. */
export class FileByteStore implements ByteStore {
  #descriptor: number | undefined;

  constructor(
    readonly path: string,
    private length: number,
  ) {}

  append(bytes: Buffer): void {
    const descriptor = this.#opened();
    let written = 0;
    while (written < bytes.length) {
      written += fs.writeSync(descriptor, bytes, written, bytes.length - written, this.length + written);
    }
    this.length += bytes.length;
  }

  read(position: number, length: number): Buffer {
    const wasOpen = this.#descriptor !== undefined;
    const descriptor = this.#opened();
    const bytes = Buffer.allocUnsafe(length);
    let have = 0;
    while (have < length) {
      const count = fs.readSync(descriptor, bytes, have, length - have, position + have);
      if (count === 0) throw new Error(`${this.path} ends at ${position + have}, before ${position + length}.`);
      have += count;
    }
    if (!wasOpen) this.close();
    return bytes;
  }

  truncate(length: number): void {
    fs.ftruncateSync(this.#opened(), length);
    this.length = length;
  }

  flush(): void {
    if (this.#descriptor !== undefined) fs.fsyncSync(this.#descriptor);
  }

  close(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  remove(): void {
    this.close();
    fs.rmSync(this.path, { force: true });
  }

  #opened(): number {
    // Not "append" mode: Linux would then ignore the position, and a cut file must continue at its new end.
    this.#descriptor ??= fs.openSync(this.path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    return this.#descriptor;
  }
}
