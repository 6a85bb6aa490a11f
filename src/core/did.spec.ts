import { expect, test } from '@jest/globals';
import { random } from '../../test/support/random.js';
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

/** The rule as it is written, without a memory. */
function canonical(text: string): string | undefined {
  const match = /^did:erc721:(\d+):(?:0[xX])?([0-9a-fA-F]{40}):\+?(\d+)$/.exec(text);
  if (!match || text.length > DID_LENGTH_MAX || BigInt(match[1]!) >= 2n ** 64n) return undefined;
  return `did:erc721:${BigInt(match[1]!)}:${parseAddress(match[2]!)}:${BigInt(match[3]!)}`;
}

test('a vehicle is read the same whatever was read before it (10,000 in random order)', () => {
  const dice = random(721);
  const of = (...items: string[]) => items[dice.below(items.length)]!;
  const counts = { ok: 0, invalid: 0 };
  for (let round = 0; round < 10_000; round++) {
    const contract = of(CONTRACT, CONTRACT, CONTRACT.toLowerCase(), CONTRACT.slice(2), '0x1234', `0x${'0'.repeat(40)}`);
    const chain = of('137', '137', '0137', '1', '', '18446744073709551616');
    const tokenId = of('1', '0', '00', '01', '12345', '+5', '', '-1', '1:2', '5 ', '9'.repeat(40), '9'.repeat(220));
    const text = `did:erc721:${chain}:${contract}:${tokenId}`.slice(
      0,
      dice.below(20) === 0 ? dice.below(70) : undefined,
    );
    const parsed = parseDid(text);
    counts[parsed.kind] += 1;
    expect([text, parsed.kind === 'ok' ? parsed.did : undefined]).toEqual([text, canonical(text)]);
  }
  expect(Math.min(counts.ok, counts.invalid)).toBeGreaterThan(1_000);
});
