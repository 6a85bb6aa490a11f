import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  isSigningSecret,
  newSigningSecret,
  SecretBox,
  SecretKeyUnknown,
  SecretUnreadable,
  signingKey,
} from './secret-box.js';

const key = randomBytes(32);
const box = new SecretBox([key]);
const endpointId = randomUUID();

describe('what is sealed can be opened with the key, for the endpoint', () => {
  test.each(['whsec_abc', '', 'ünï \u{1f600}', 'x'.repeat(10_000)])('%#', (plain) => {
    const sealed = box.seal(plain, endpointId);
    expect(box.open(sealed, endpointId)).toBe(plain);
    expect(sealed).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]{16}\.[\w-]+$/);
  });

  test('one text sealed twice is two texts', () => {
    expect(box.seal('same', endpointId)).not.toBe(box.seal('same', endpointId));
  });

  test('after a rotation the new key seals and both open', () => {
    const newer = randomBytes(32);
    const rotated = new SecretBox([newer, key]);
    expect(rotated.open(box.seal('old', endpointId), endpointId)).toBe('old');
    const sealed = rotated.seal('new', endpointId);
    expect(new SecretBox([newer]).open(sealed, endpointId)).toBe('new');
    expect(() => box.open(sealed, endpointId)).toThrow(SecretKeyUnknown);
  });
});

test('only what the first key sealed is current', () => {
  const sealed = box.seal('a', endpointId);
  expect(box.isCurrent(sealed)).toBe(true);
  const rotated = new SecretBox([randomBytes(32), key]);
  expect(rotated.isCurrent(sealed)).toBe(false);
  expect(rotated.isCurrent(rotated.seal(rotated.open(sealed, endpointId), endpointId))).toBe(true);
});

describe('nothing else can be opened', () => {
  const sealed = box.seal('the secret', endpointId);
  const parts = sealed.split('.');
  const flipped = (index: number) => {
    const bytes = Buffer.from(parts[index]!, 'base64url');
    bytes[0]! ^= 1;
    return parts.with(index, bytes.toString('base64url')).join('.');
  };

  test.each([
    ["another endpoint's", sealed, randomUUID()],
    ['a changed nonce', flipped(2), endpointId],
    ['a changed ciphertext', flipped(3), endpointId],
    ['a shortened ciphertext', sealed.slice(0, -4), endpointId],
    ['a ciphertext shorter than its tag', parts.with(3, 'AAAA').join('.'), endpointId],
    ['another version', parts.with(0, 'v2').join('.'), endpointId],
    ['a part too many', `${sealed}.x`, endpointId],
    ['a plain secret', newSigningSecret(), endpointId],
    ['nothing', '', endpointId],
  ])('%s', (_what, text, endpoint) => {
    expect(() => box.open(text, endpoint)).toThrow(SecretUnreadable);
  });

  test('an unknown key is told apart, because it may come back', () => {
    expect(() => new SecretBox([randomBytes(32)]).open(sealed, endpointId)).toThrow(SecretKeyUnknown);
    expect(() => box.open(parts.with(1, '00000000').join('.'), endpointId)).toThrow(SecretKeyUnknown);
  });

  test('messages name the endpoint and tell nothing of the text', () => {
    const message = catchMessage(() => box.open(flipped(3), endpointId));
    expect(message).toContain(endpointId);
    expect(parts.slice(1).some((part) => message.includes(part))).toBe(false);
  });

  test.each([[[]], [[randomBytes(31)]], [[key, randomBytes(64)]]])(
    'keys that are not 32 bytes are refused: %#',
    (keys) => {
      expect(() => new SecretBox(keys)).toThrow(/key/);
    },
  );
});

describe('signing secrets', () => {
  test('a new one is 32 random bytes in the form of Standard Webhooks', () => {
    const secret = newSigningSecret();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(signingKey(secret)).toHaveLength(32);
    expect(newSigningSecret()).not.toBe(secret);
  });

  test.each([
    ['whsec_plJ3nmyCDGBKInavdOK15jsl', 'a65277' + '9e6c82' + '0c604a' + '2276af' + '74e2b5' + 'e63b25'],
    ['plain text', Buffer.from('plain text').toString('hex')],
  ])('the key of %s', (secret, hex) => {
    expect(signingKey(secret).toString('hex')).toBe(hex);
  });

  test.each([
    [newSigningSecret(), true],
    [`whsec_${randomBytes(24).toString('base64')}`, true],
    [`whsec_${randomBytes(64).toString('base64')}`, true],
    [`whsec_${randomBytes(23).toString('base64')}`, false],
    [`whsec_${randomBytes(65).toString('base64')}`, false],
    [`whsec_${randomBytes(32).toString('base64').replace('=', '')}`, false],
    ['whsec_', false],
    ['whsec_not base64 at all, but long', false],
    ['sixteen chars ok', true],
    ['fifteen chars..', false],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['a line\nend in the text', false],
    ['ünïcödé is not printable ASCII', false],
  ])('may %s be chosen: %s', (text, expected) => {
    expect(isSigningSecret(text)).toBe(expected);
  });
});

function catchMessage(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}
