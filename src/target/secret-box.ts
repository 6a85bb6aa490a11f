import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** What NIST SP 800-38D advises for GCM; random nonces are safe up to 2^32 secrets under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SIGNING_SECRET_BYTES = 32;
const SIGNING_SECRET_PREFIX = 'whsec_';

/** The secret was encrypted with a key that is not configured here: it can be opened again once that key is back. */
export class SecretKeyUnknown extends Error {}

/** The text is no sealed secret, was changed, or belongs to another endpoint: it can never be opened. */
export class SecretUnreadable extends Error {}

/**
 * Encrypts endpoint secrets at rest as `v1.<key id>.<nonce>.<ciphertext and tag>` (AES-256-GCM, base64url), bound to
 * their endpoint by its id as associated data. The first key encrypts, every key decrypts: a new key is put in front,
 * and an old one leaves when nothing is sealed with it. Throws without a key and on one that is not 32 bytes.
 */
export class SecretBox {
  private readonly keys = new Map<string, Buffer>();
  private readonly sealingKeyId: string;

  constructor(keys: readonly Buffer[]) {
    for (const key of keys) {
      if (key.length !== KEY_BYTES)
        throw new Error(`A secret encryption key has ${key.length} bytes instead of ${KEY_BYTES}`);
      this.keys.set(keyIdOf(key), key);
    }
    const [sealingKeyId] = this.keys.keys();
    if (sealingKeyId === undefined) throw new Error('At least one secret encryption key is needed');
    this.sealingKeyId = sealingKeyId;
  }

  seal(plain: string, endpointId: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.keys.get(this.sealingKeyId)!, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(endpointId));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return ['v1', this.sealingKeyId, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
  }

  /** Whether `seal` would use the same key today; when not, the text is to be opened and sealed again. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`v1.${this.sealingKeyId}.`);
  }

  /** Throws `SecretKeyUnknown` or `SecretUnreadable`; neither message contains any of the text. */
  open(sealed: string, endpointId: string): string {
    const [version, keyId = '', nonceText = '', cipherText = '', ...rest] = sealed.split('.');
    const nonce = Buffer.from(nonceText, 'base64url');
    const bytes = Buffer.from(cipherText, 'base64url');
    if (version !== 'v1' || rest.length > 0 || nonce.length !== NONCE_BYTES || bytes.length < TAG_BYTES) {
      throw new SecretUnreadable(
        `The secret of endpoint ${endpointId} is not in the form v1.<key id>.<nonce>.<ciphertext>`,
      );
    }
    const key = this.keys.get(keyId);
    if (!key) {
      throw new SecretKeyUnknown(
        `The secret of endpoint ${endpointId} was encrypted with a key that is not configured`,
      );
    }
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(endpointId));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch (cause) {
      const message = `The secret of endpoint ${endpointId} was changed, or belongs to another endpoint`;
      throw new SecretUnreadable(message, { cause });
    }
  }
}

/** Names a key without telling it; short, because it only tells a handful of keys apart. */
function keyIdOf(key: Buffer): string {
  return createHash('sha256').update('tripline secret key id\0').update(key).digest('hex').slice(0, 8);
}

/** A new endpoint secret in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64. */
export function newSigningSecret(): string {
  return SIGNING_SECRET_PREFIX + randomBytes(SIGNING_SECRET_BYTES).toString('base64');
}

/** The HMAC key a secret stands for: the decoded bytes after `whsec_`, else the bytes of the text itself. */
export function signingKey(secret: string): Buffer {
  if (!secret.startsWith(SIGNING_SECRET_PREFIX)) return Buffer.from(secret, 'utf8');
  return Buffer.from(secret.slice(SIGNING_SECRET_PREFIX.length), 'base64');
}

/**
 * Whether a developer may choose this text as secret: `whsec_` and the padded base64 of 24–64 bytes (Standard
 * Webhooks), or 16–128 printable ASCII characters.
 */
export function isSigningSecret(text: string): boolean {
  if (!text.startsWith(SIGNING_SECRET_PREFIX)) return /^[\x20-\x7e]{16,128}$/.test(text);
  const key = signingKey(text);
  return key.length >= 24 && key.length <= 64 && SIGNING_SECRET_PREFIX + key.toString('base64') === text;
}
