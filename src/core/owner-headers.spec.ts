import { describe, expect, test } from '@jest/globals';
import { checkOwnerHeaders, headerPrefixError, shownHeaders } from './owner-headers.js';
import type { Profile } from './endpoint.js';

const standard = { profile: 'standard', headerPrefix: null } as const;
const errorsOf = (headers: Record<string, string>) => checkOwnerHeaders(headers, standard);

test('what a receiver may want is accepted', () => {
  const headers = { Authorization: 'Bearer abc.def', 'X-Tenant': 'a b', "!#$%&'*+.^_`|~0": '~', ['__proto__']: '1' };
  expect(errorsOf(headers)).toEqual([]);
  expect(errorsOf({})).toEqual([]);
  expect(errorsOf({ ['n'.repeat(100)]: 'v'.repeat(1_000) })).toEqual([]);
});

test.each([
  ['', 'is no header name'],
  ['two words', 'is no header name'],
  ['colon:', 'is no header name'],
  ['line\r\nInjected', 'is no header name'],
  ['nul\0', 'is no header name'],
  ['größe', 'is no header name'],
  ['n'.repeat(101), 'longer than 100 characters'],
  ['Webhook-Id', 'is set by Tripline'],
  ['webhook-request-origin', 'is set by Tripline'],
  ['X-Webhook-Anything', 'is set by Tripline'],
  ['Content-Type', 'is set by Tripline'],
  ['content-length', 'is set by Tripline'],
  ['Content-Encoding', 'is set by Tripline'],
  ['User-Agent', 'is set by Tripline'],
  ['Accept-Encoding', 'is set by Tripline'],
  ['traceparent', 'is set by Tripline'],
  ['tracestate', 'is set by Tripline'],
  ['Host', 'is set by Tripline'],
  ['Expect', 'is set by Tripline'],
  ['Connection', 'concerns the connection'],
  ['Keep-Alive', 'concerns the connection'],
  ['TE', 'concerns the connection'],
  ['Trailer', 'concerns the connection'],
  ['Transfer-Encoding', 'concerns the connection'],
  ['Upgrade', 'concerns the connection'],
  ['Proxy-Authorization', 'concerns the connection'],
])('the name %j is refused', (name, error) => {
  expect(errorsOf({ [name]: 'v' })).toEqual([expect.stringContaining(error)]);
});

test.each([
  ['', 'has no value'],
  ['v'.repeat(1_001), 'longer than 1000 characters'],
  ['a\r\nInjected: b', 'printable ASCII'],
  ['a\n', 'printable ASCII'],
  ['a\0', 'printable ASCII'],
  ['a\tb', 'printable ASCII'],
  ['a\u007f', 'printable ASCII'],
  ['größe', 'printable ASCII'],
  ['€', 'printable ASCII'],
  [' before', 'spaces at its ends'],
  ['behind ', 'spaces at its ends'],
])('the value %j is refused, and not told', (value, error) => {
  const [told, ...more] = errorsOf({ 'X-A': value });
  expect(told).toContain(`The header "X-A" `);
  expect(told).toContain(error);
  expect(more).toEqual([]);
  expect(value !== '' && told!.includes(value)).toBe(false);
});

test('a name given twice in other letters is refused', () => {
  expect(errorsOf({ 'X-A': '1', 'x-a': '2' })).toEqual(['The header "x-a" is given twice.']);
});

test('more than ten are refused', () => {
  const headers = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`x-${index}`, 'v']));
  expect(errorsOf(headers)).toEqual(['At most 10 headers can be added.']);
});

test("the profile's own headers cannot be replaced, under its prefix", () => {
  const naming = { profile: 'desmo', headerPrefix: null } as const;
  expect(checkOwnerHeaders({ 'x-desmo-signature': 'v' }, naming)).toEqual([
    'The header "x-desmo-signature" belongs to the profile and cannot be added.',
  ]);
  expect(checkOwnerHeaders({ 'x-desmo-signature': 'v' }, { ...naming, headerPrefix: 'X-Mine' })).toEqual([]);
  expect(checkOwnerHeaders({ 'X-Mine-Event': 'v' }, { ...naming, headerPrefix: 'X-Mine' })).toHaveLength(1);
  expect(checkOwnerHeaders({ 'x-dimo-timestamp': 'v' }, { profile: 'dimo', headerPrefix: null })).toHaveLength(1);
});

describe('a prefix', () => {
  test.each<[Profile, string | null]>([
    ['standard', null],
    ['desmo', 'X-Acme'],
    ['dembrane', 'X-Webhook'],
    ['desmo', 'X-Webhook'],
    ['dodev', 'Acme2'],
    ['dodev', 'a'.repeat(50)],
  ])('of %s may be %j', (profile, headerPrefix) => {
    expect(headerPrefixError({ profile, headerPrefix })).toBeUndefined();
  });

  test.each<[Profile, string, string]>([
    ['standard', 'X-Acme', 'no headers'],
    ['dimo', 'X-Acme', 'no headers'],
    ['dodev', 'webhook', 'means something else'],
    ['dembrane', 'Webhook', 'means something else'],
    ['dembrane', 'proxy', 'means something else'],
    ['dodev', 'Content', 'means something else'],
    ['desmo', '', 'letters, digits and hyphens'],
    ['desmo', 'X', 'letters, digits and hyphens'],
    ['desmo', 'X-', 'letters, digits and hyphens'],
    ['desmo', '-X', 'letters, digits and hyphens'],
    ['desmo', 'X\r\nA: b', 'letters, digits and hyphens'],
    ['desmo', 'X A', 'letters, digits and hyphens'],
    ['desmo', 'a'.repeat(51), 'letters, digits and hyphens'],
  ])('of %s may not be %j', (profile, headerPrefix, error) => {
    expect(headerPrefixError({ profile, headerPrefix })).toContain(error);
  });
});

test('values that look secret by their name are shown as dots', () => {
  const shown = shownHeaders({
    Authorization: 'Bearer abc',
    Cookie: 'a=b',
    'X-API-Key': 'k',
    'x-access-token': 't',
    'X-Client-Secret': 's',
    'x-password': 'p',
    'X-Tenant': 'acme',
  });
  expect(shown).toEqual({
    Authorization: '••••••',
    Cookie: '••••••',
    'X-API-Key': '••••••',
    'x-access-token': '••••••',
    'X-Client-Secret': '••••••',
    'x-password': '••••••',
    'X-Tenant': 'acme',
  });
});
