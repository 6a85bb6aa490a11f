import { describe, expect, test } from '@jest/globals';
import { findVehicles, guessVehicles, readDid, tokenIdOf, vehicleFor } from './did.js';

const CONTRACT = '0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
const DID = `did:erc721:137:${CONTRACT}:12345`;

test.each([
  ['as it is shown', DID],
  ['in upper case', DID.toUpperCase()],
  ['in lower case', DID.toLowerCase()],
  ['without 0x', DID.replace('0x', '')],
  ['with leading zeros', `did:erc721:0137:${CONTRACT}:0012345`],
  ['with a plus sign', `did:erc721:137:${CONTRACT}:+12345`],
])('a DID %s names the same vehicle', (_, text) => {
  expect(readDid(text)).toMatchObject({ kind: 'ok', key: DID.toLowerCase() });
});

test('what is sent keeps the case of the contract and nothing else that the API would refuse', () => {
  expect(readDid(`DID:ERC721:137:${CONTRACT}:7`)).toMatchObject({ did: `did:erc721:137:${CONTRACT}:7` });
});

test.each([
  ['', 'five parts'],
  ['12345', 'token id alone'],
  ['did:ethr:0x1234', 'five parts'],
  [`did:nft:137:${CONTRACT}:1`, 'begin with'],
  [`did:erc721:18446744073709551616:${CONTRACT}:1`, 'chain id'],
  ['did:erc721:137:0x1234:1', 'contract'],
  [`did:erc721:137:${CONTRACT}:-1`, 'token id'],
  [`did:erc721:137:${CONTRACT}:${'9'.repeat(256)}`, 'longer'],
])('%j is no DID: %s', (text, why) => {
  expect(readDid(text)).toEqual({ kind: 'wrong', reason: expect.stringContaining(why) });
});

const vehicles = ['1', '12', '112', '20'].map((tokenId) => `did:erc721:137:${CONTRACT}:${tokenId}`);
const ids = (found: string[]) => found.map(tokenIdOf);

test.each([
  ['', ['1', '12', '112', '20']],
  ['12', ['12', '112']],
  [' 20 ', ['20']],
  ['137', []],
  ['0XBA57', ['1', '12', '112', '20']],
  [`${CONTRACT}:1`, ['1', '12', '112']],
  ['nothing', []],
])('searching for %j finds %j', (search, expected) => {
  expect(ids(findVehicles(vehicles, search))).toEqual(expected);
});

test('in a list that is too long to be read, a whole DID or a token id of a known contract can be looked for', () => {
  expect(guessVehicles(vehicles, '99')).toEqual([`did:erc721:137:${CONTRACT}:99`]);
  expect(guessVehicles([], DID)).toEqual([DID]);
  expect(guessVehicles([], '99')).toEqual([]);
  expect(guessVehicles(vehicles, 'ba57')).toEqual([]);
});

describe('a vehicle as it is typed', () => {
  const did = (address: string, token: number) => `did:erc721:137:0x${address.repeat(40)}:${token}`;
  const known = [did('a', 7), did('a', 7), did('a', 17), did('b', 17)];

  test.each([
    ['', undefined],
    [` ${did('c', 1)} `, did('c', 1)],
    ['7', did('a', 7)],
    ['#7', did('a', 7)],
  ])('%j is %s', (text, vehicle) => {
    expect(vehicleFor(text, known)).toEqual({ kind: 'ok', vehicle });
  });

  test.each(['17', '8', 'my car', 'did:erc721:137:0x12:7'])('%j is not known', (text) => {
    expect(vehicleFor(text, known).kind).toBe('wrong');
  });
});
