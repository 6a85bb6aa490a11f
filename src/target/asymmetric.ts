import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';

const PRIVATE_PREFIX = 'whsk_';
const PUBLIC_PREFIX = 'whpk_';
const SEED_BYTES = 32;
const KEY_BYTES = 64;

/**
 * A new ed25519 key in the form of Standard Webhooks: `whsk_` and the base64 of 64 bytes, the seed (RFC 8032 §5.1.5)
 * before the public key, as other senders write it.
 */
export function newAsymmetricKey(): string {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const bytes = Buffer.concat([Buffer.from(d!, 'base64url'), Buffer.from(x!, 'base64url')]);
  return PRIVATE_PREFIX + bytes.toString('base64');
}

/** What receivers verify with: `whpk_` and the base64 of the 32 bytes of the public key. Throws on what is no key. */
export function publicKeyOf(key: string): string {
  return PUBLIC_PREFIX + bytesOf(key).subarray(SEED_BYTES).toString('base64');
}

/** One `v1a` signature of Standard Webhooks over `id.timestamp.body`. Throws on what is no `whsk_` key. */
export function signAsymmetric(content: Buffer, key: string): string {
  const bytes = bytesOf(key);
  const d = bytes.subarray(0, SEED_BYTES).toString('base64url');
  const x = bytes.subarray(SEED_BYTES).toString('base64url');
  const privateKey = createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', d, x } });
  return `v1a,${sign(null, content, privateKey).toString('base64')}`;
}

/** The message never has any of the text. */
function bytesOf(key: string): Buffer {
  const bytes = Buffer.from(key.slice(PRIVATE_PREFIX.length), 'base64');
  if (!key.startsWith(PRIVATE_PREFIX) || bytes.length !== KEY_BYTES) {
    throw new Error(`An asymmetric key is ${PRIVATE_PREFIX} and the base64 of ${KEY_BYTES} bytes`);
  }
  return bytes;
}
