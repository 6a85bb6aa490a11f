import { expect, test } from '@jest/globals';
import { crc32c } from './crc32c.js';

test.each([
  ['32 zero bytes (RFC 3720, B.4)', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones (RFC 3720, B.4)', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['the check value of the CRC catalogue', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
])('the checksum of %s is the published one', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});
