import { createHmac, randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { HmacSha256 } from './hmac.js';

/** RFC 4231: key, data, and the digest in hexadecimal. */
const VECTORS: [number, Buffer, string, string][] = [
  [1, Buffer.alloc(20, 0x0b), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    2,
    Buffer.from('Jefe'),
    'what do ya want for nothing?',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    6,
    Buffer.alloc(131, 0xaa),
    'Test Using Larger Than Block-Size Key - Hash Key First',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
];

test.each(VECTORS)('test case %i of RFC 4231', (_number, key, data, digest) => {
  const at = data.length >> 1;
  const made = new HmacSha256(key).digest(data.slice(0, at), Buffer.from(data.slice(at)));
  expect(Buffer.from(made, 'base64').toString('hex')).toBe(digest);
});

test("one object signs one message after the other as Node's own would, whatever the lengths", () => {
  for (const length of [0, 1, 24, 32, 63, 64, 65, 200]) {
    const key = randomBytes(length);
    const hmac = new HmacSha256(key);
    for (let bytes = 0; bytes < 300; bytes++) {
      const body = randomBytes(bytes);
      expect(hmac.digest('head.', body)).toBe(createHmac('sha256', key).update('head.').update(body).digest('base64'));
    }
  }
});
