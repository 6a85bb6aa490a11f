import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { hashApiKey, isApiKey, newApiKey, shownPartOf } from './api-key.js';

const KEY = `tl_live_${'A'.repeat(43)}`;

test('a key is 256 random bits behind its prefix, and never the same', () => {
  const keys = Array.from({ length: 100 }, newApiKey);
  for (const key of keys) expect(key).toMatch(/^tl_live_[\w-]{43}$/);
  expect(new Set(keys.map((key) => Buffer.from(key.slice(8), 'base64url').toString('hex'))).size).toBe(100);
});

test('a key is found by the SHA-256 of its text', () => {
  expect(hashApiKey(KEY)).toEqual(createHash('sha256').update(KEY).digest());
});

describe('what can be no key of ours is never looked for', () => {
  test.each(['tl_live_', KEY.slice(0, -1), `${KEY}A`, `${KEY.slice(0, -1)}+`, `${KEY}\n`, KEY.toUpperCase()])(
    '%j',
    (text) => expect(hashApiKey(text)).toBeUndefined(),
  );
});

test('what begins like a key means to be one', () => {
  expect([KEY, 'tl_live_x', 'eyJhbGciOiJFUzI1NiJ9.e30.x', 'TL_LIVE_x'].map(isApiKey)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('what is shown of a key leaves more than anybody can guess', () => {
  const key = newApiKey();
  expect(key.startsWith(shownPartOf(key))).toBe(true);
  expect((key.length - shownPartOf(key).length) * 6).toBeGreaterThan(200);
});
