import { hash } from 'node:crypto';
import { signAsymmetric } from './asymmetric.js';

/** What is signed, and when. `body` must be the very bytes that are sent. */
export interface SignedMessage {
  id: string;
  /** Unix seconds of this attempt. */
  timestampSeconds: number;
  body: string | Buffer;
}

/**
 * The three headers of Standard Webhooks 1.0.0 over `id.timestamp.body`: HMAC-SHA256 (`v1`) with each of `secrets`, then
 * ed25519 (`v1a`) with each of `asymmetricKeys` (`whsk_…`), so that receivers with the old or the new one accept it while
 * a rotation lasts. Throws without a secret, and on an id with a full stop or white space, which would let content pass
 * for another id's.
 */
export function signStandard(
  message: SignedMessage & { secrets: readonly Buffer[]; asymmetricKeys?: readonly string[] },
): Record<string, string> {
  const { id, body, secrets, asymmetricKeys = [] } = message;
  if (!/^[^.\s]+$/.test(id)) throw new Error(`"${id}" cannot be signed: an id has neither full stops nor white space`);
  if (secrets.length === 0) throw new Error(`"${id}" cannot be signed without a secret`);
  const timestamp = Math.floor(message.timestampSeconds).toString();
  const head = `${id}.${timestamp}.`;
  const signatures = secrets.map((secret) => `v1,${hmacSha256(secret, head, body)}`);
  for (const key of asymmetricKeys) {
    signatures.push(signAsymmetric(Buffer.concat([Buffer.from(head), Buffer.from(body)]), key));
  }
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** Of SHA-256, in bytes. */
const BLOCK_BYTES = 64;

/** The key in both of its forms: what is hashed before the message, and before the hash of that (RFC 2104 §2). */
const padded = new WeakMap<Buffer, PaddedKey>();

interface PaddedKey {
  inner: Uint8Array;
  outer: Uint8Array;
}

/**
 * HMAC-SHA256 as base64, by two hashes. `createHmac` prepares the key for each message and makes an object that has to be
 * collected: beside everything else that a sender does it took three times as long.
 */
function hmacSha256(key: Buffer, head: string, body: string | Buffer): string {
  const { inner, outer } = paddedKey(key);
  const message = Buffer.concat([inner, Buffer.from(head), typeof body === 'string' ? Buffer.from(body) : body]);
  return hash('sha256', Buffer.concat([outer, hash('sha256', message, 'buffer')]), 'base64');
}

function paddedKey(key: Buffer): PaddedKey {
  const known = padded.get(key);
  if (known) return known;
  const block = Buffer.alloc(BLOCK_BYTES);
  (key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key).copy(block);
  const made = { inner: block.map((byte) => byte ^ 0x36), outer: block.map((byte) => byte ^ 0x5c) };
  padded.set(key, made);
  return made;
}
