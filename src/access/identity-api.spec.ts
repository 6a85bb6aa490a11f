import { describe, expect, test } from '@jest/globals';
import { readLicense, readVehiclePage } from './identity-api.js';

const LICENSE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';
const CONTRACT = '0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';

describe('the answer about a license', () => {
  test.each<[string, unknown, 'granted' | 'denied' | RegExp]>([
    ['the same address', { data: { developerLicense: { clientId: LICENSE } } }, 'granted'],
    ['in lower case', { data: { developerLicense: { clientId: LICENSE.toLowerCase() } } }, 'granted'],
    ['null', { data: { developerLicense: null } }, 'denied'],
    ['not found', { errors: [{ message: 'not found' }], data: null }, 'denied'],
    ['not found by code', { errors: [{ message: 'x', extensions: { code: 'NOT_FOUND' } }] }, 'denied'],
    ['another address', { data: { developerLicense: { clientId: CONTRACT } } }, /another license/],
    ['an error', { errors: [{ message: 'database is down' }], data: null }, /database is down/],
    ['an error that contains the words', { errors: [{ message: 'host db not found' }] }, /host db/],
    ['two errors, one of them another', { errors: [{ message: 'not found' }, { message: 'x' }] }, /error/],
    ['an error beside data', { errors: [{}], data: { developerLicense: { clientId: LICENSE } } }, /unnamed/],
    ['nothing', {}, /another license/],
    ['no object', 'ok', /another license/],
    ['null itself', null, /another license/],
  ])('%s', (_, answer, expected) => {
    if (typeof expected === 'string') expect(readLicense(answer, LICENSE)).toBe(expected);
    else expect(() => readLicense(answer, LICENSE)).toThrow(expected);
  });
});

describe('a page of vehicles', () => {
  const did = `did:erc721:137:${CONTRACT}:7`;
  const page = (nodes: unknown, pageInfo: unknown) => ({ data: { vehicles: { nodes, pageInfo } } });

  test.each<[string, unknown, object | RegExp]>([
    [
      'more to come',
      page([{ tokenDID: did }], { hasNextPage: true, endCursor: 'Nw==' }),
      { vehicles: [did], next: 'Nw==' },
    ],
    ['the last', page([{ tokenDID: did }], { hasNextPage: false, endCursor: 'Nw==' }), { vehicles: [did] }],
    ['empty', page([], { hasNextPage: false, endCursor: null }), { vehicles: [] }],
    ['another spelling', page([{ tokenDID: did.toLowerCase() }], { hasNextPage: false }), { vehicles: [did] }],
    ['more, but no cursor', page([], { hasNextPage: true, endCursor: null }), /no cursor/],
    ['a node that is null', page([null], { hasNextPage: false }), /without a valid DID/],
    ['no DID', page([{ tokenDID: 'did:nft:137:1' }], { hasNextPage: false }), /without a valid DID/],
    ['no page info', page([], undefined), /no page/],
    ['no nodes', page(undefined, { hasNextPage: false }), /no page/],
    ['an error beside nodes', { errors: [{ message: 'half' }], ...page([], { hasNextPage: false }) }, /half/],
  ])('%s', (_, answer, expected) => {
    if (expected instanceof RegExp) expect(() => readVehiclePage(answer)).toThrow(expected);
    else expect(readVehiclePage(answer)).toEqual(expected);
  });
});
