import { expect, test } from '@jest/globals';
import { parseAddress } from './address.js';
import { DID_LENGTH_MAX, parseDid } from './did.js';

const CONTRACT = '0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
const CANONICAL = `did:erc721:137:${CONTRACT}:12345`;

test.each([
  ['the canonical one', CANONICAL],
  ['a contract in lower case', CANONICAL.toLowerCase()],
  ['a contract in upper case', `did:erc721:137:0X${CONTRACT.slice(2).toUpperCase()}:12345`],
  ['a contract without 0x', `did:erc721:137:${CONTRACT.slice(2)}:12345`],
  ['a token id with leading zeros', `did:erc721:137:${CONTRACT}:0012345`],
  ['a token id with a plus sign', `did:erc721:137:${CONTRACT}:+12345`],
  ['a chain id with leading zeros', `did:erc721:00137:${CONTRACT}:12345`],
])('%s names the same vehicle', (_, text) => {
  expect(parseDid(text)).toEqual({ kind: 'ok', did: CANONICAL });
});

test.each([
  ['', 'five parts'],
  ['did:erc721:137', 'five parts'],
  [`did:erc721:137:${CONTRACT}:1:2`, 'five parts'],
  [`DID:erc721:137:${CONTRACT}:1`, 'begin with'],
  [` did:erc721:137:${CONTRACT}:1`, 'begin with'],
  [`did:nft:137:${CONTRACT}:1`, 'begin with'],
  [`did:erc721:-1:${CONTRACT}:1`, 'chain id'],
  [`did:erc721:18446744073709551616:${CONTRACT}:1`, 'chain id'],
  ['did:erc721:137:0x1234:1', 'contract'],
  [`did:erc721:137:${CONTRACT}:`, 'token id'],
  [`did:erc721:137:${CONTRACT}:-1`, 'token id'],
  [`did:erc721:137:${CONTRACT}:0x3039`, 'token id'],
  [`did:erc721:137:${CONTRACT}:1 `, 'token id'],
  [`did:erc721:137:${CONTRACT}:${'9'.repeat(DID_LENGTH_MAX)}`, 'longer than'],
])('%j is refused: %s', (text, why) => {
  expect(parseDid(text)).toEqual({ kind: 'invalid', reason: expect.stringContaining(why) });
});

test.each([
  // The examples of EIP-55.
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
])('the checksum of %s is that of EIP-55', (address) => {
  expect(parseAddress(address.toLowerCase())).toBe(address);
});
