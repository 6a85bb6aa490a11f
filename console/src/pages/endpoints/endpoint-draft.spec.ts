import { expect, test } from '@jest/globals';
import type { Endpoint } from '../../api/resources.js';
import { draftOfEndpoint, EMPTY_ENDPOINT, endpointChange, newEndpoint } from './endpoint-draft.js';

const endpoint = {
  ...{ id: 'e', url: 'https://x.example/in', description: 'Backend', enabledEvents: ['webhook.*', 'delivery.failed'] },
  ...{ profile: 'dembrane', headerPrefix: 'X-Mine', headers: { 'X-Api-Key': '••••', 'X-Team': 'a: b' } },
  ...{ contentType: 'application/json', timeoutSeconds: 5, retry: '1s,2m', maxPerSecond: null, asymmetric: true },
} as unknown as Endpoint;
const before = draftOfEndpoint(endpoint);

test('what is opened and not changed changes nothing', () => expect(endpointChange(before, before)).toEqual({}));

test.each([
  [{ description: 'Other' }, { description: 'Other' }],
  [{ enabledEvents: ' webhook.* \n\n' }, { enabledEvents: ['webhook.*'] }],
  [
    { headers: [...before.headers, { name: 'X-New', value: '1' }] },
    { headers: { 'X-Api-Key': '••••', 'X-Team': 'a: b', 'X-New': '1' } },
  ],
  [
    { timeoutSeconds: Number.NaN, retry: ' ' },
    { timeoutSeconds: null, retry: null },
  ],
  [
    { maxPerSecond: 3, asymmetric: false },
    { maxPerSecond: 3, asymmetric: false },
  ],
  [
    { targetURL: 'https://y.example/', verificationToken: ' t ' },
    { url: 'https://y.example/', verificationToken: 't' },
  ],
  [{ verificationToken: 'left over' }, {}],
  [{ secret: 'whsec_abc' }, { secret: 'whsec_abc' }],
])('with %j it is changed by %j', (given, change) => {
  expect(endpointChange(before, { ...before, ...given })).toEqual(change);
});

test('a new one is made of what was written, and of nothing else', () => {
  const draft = { ...EMPTY_ENDPOINT, targetURL: ' https://x.example/ ', verificationToken: 'abc', retry: 'standard' };
  expect(newEndpoint(draft)).toEqual({ url: 'https://x.example/', verificationToken: 'abc', retry: 'standard' });
});
