import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { newAsymmetricKey, publicKeyOf, signAsymmetric } from './asymmetric.js';

/** A key of another sender, with what that sender's software signs with it. */
const KEY = 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
const SIGNATURE = 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==';

test('signs as other senders do with the same key', () => {
  const content = Buffer.from('msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}');
  expect(signAsymmetric(content, KEY)).toBe(SIGNATURE);
  expect(publicKeyOf(KEY)).toBe('whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=');
});

test('a new key is one of its own, and what it signs is verified with its public key', () => {
  const key = newAsymmetricKey();
  const content = randomBytes(100);
  expect(key).toMatch(/^whsk_[A-Za-z0-9+/]{86}==$/);
  expect(newAsymmetricKey()).not.toBe(key);
  const x = Buffer.from(publicKeyOf(key).slice('whpk_'.length), 'base64').toString('base64url');
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
  const signature = Buffer.from(signAsymmetric(content, key).slice('v1a,'.length), 'base64');
  expect(verify(null, content, publicKey, signature)).toBe(true);
});

test.each(['', 'whsk_', 'whsk_AAAA', KEY.replace('whsk_', 'whpk_'), KEY.slice(5)])(
  'what is no key is refused and not told: %j',
  (key) => {
    expect(() => publicKeyOf(key)).toThrow(/^An asymmetric key is whsk_ and the base64 of 64 bytes$/);
    expect(() => signAsymmetric(Buffer.from(''), key)).toThrow(/^An asymmetric key is whsk_/);
  },
);
