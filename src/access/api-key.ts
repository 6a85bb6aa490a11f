import { createHash, randomBytes } from 'node:crypto';

/** What every key begins with: it tells keys from JWTs, and lets scanners find one that has leaked. */
const API_KEY_PREFIX = 'tl_live_';
const KEY_BYTES = 32;
/** Enough to tell one's keys apart by; what is left cannot be guessed. */
const SHOWN_LENGTH = API_KEY_PREFIX.length + 6;

const API_KEY = new RegExp(`^${API_KEY_PREFIX}[A-Za-z0-9_-]{43}$`);

/** A new key: 256 random bits in base64url behind the prefix. */
export function newApiKey(): string {
  return API_KEY_PREFIX + randomBytes(KEY_BYTES).toString('base64url');
}

/** Whether a bearer token means to be a key, be it a good one or not. */
export function isApiKey(token: string): boolean {
  return token.startsWith(API_KEY_PREFIX);
}

/**
 * What a key is stored and found by: its SHA-256. Slow hashes are for what people think up; nobody tries 2^256 keys.
 * Undefined for what can be no key of ours.
 */
export function hashApiKey(key: string): Buffer | undefined {
  return API_KEY.test(key) ? createHash('sha256').update(key).digest() : undefined;
}

/** As much of a key as may be seen again. */
export function shownPartOf(key: string): string {
  return key.slice(0, SHOWN_LENGTH);
}
