import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const INNER = 0x36;
const OUTER = 0x5c;

/**
 * HMAC-SHA256 (RFC 2104) with one key, which is prepared once. Node's own prepares it for each message, as an object that
 * the garbage collector has to end: of a request that was the dearest part that is not the request itself.
 */
export class HmacSha256 {
  private readonly inner: Buffer;
  private readonly outer: Buffer;

  constructor(key: Buffer) {
    const block = Buffer.alloc(BLOCK_BYTES);
    block.set(key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key);
    this.inner = block.map((byte) => byte ^ INNER) as Buffer;
    this.outer = Buffer.concat([block.map((byte) => byte ^ OUTER), Buffer.alloc(DIGEST_BYTES)]);
  }

  /** Of `head`, which is ASCII, and `body`, one after the other; in base64. */
  digest(head: string, body: Buffer): string {
    const message = Buffer.allocUnsafe(BLOCK_BYTES + head.length + body.length);
    message.set(this.inner);
    message.write(head, BLOCK_BYTES, 'latin1');
    message.set(body, BLOCK_BYTES + head.length);
    // One buffer for all: nothing else runs until its digest is made.
    this.outer.write(hash('sha256', message, 'binary'), BLOCK_BYTES, 'binary');
    return hash('sha256', this.outer, 'base64');
  }
}
