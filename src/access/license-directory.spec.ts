import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { IdentityServer } from '../../test/support/identity-server.js';
import type { IdentityAnswer } from '../../test/support/identity-server.js';
import { silentLog } from '../observability/log.js';
import { AnyLicense, IdentityLicenses } from './license-directory.js';

const LICENSE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';
const STRANGER = '0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA';
const MINUTE_MS = 60_000;

let identity: IdentityServer;
let nowMs: number;
let licenses: IdentityLicenses;

beforeEach(async () => {
  identity = await IdentityServer.start();
  identity.licenses.add(LICENSE);
  nowMs = 1_000_000;
  licenses = newLicenses();
});

function newLicenses(timeoutMs?: number): IdentityLicenses {
  const given = timeoutMs === undefined ? {} : { timeoutMs };
  return new IdentityLicenses({ identityUrl: identity.url, log: silentLog, now: () => nowMs, ...given });
}

afterEach(() => identity.stop());

test('without an identity service every address is a developer', async () => {
  expect(await new AnyLicense().isDeveloperLicense(STRANGER)).toBe('granted');
});

describe('asked of the identity service', () => {
  test('a license is one, another address is none', async () => {
    expect(await licenses.isDeveloperLicense(LICENSE)).toBe('granted');
    expect(await licenses.isDeveloperLicense(STRANGER)).toBe('denied');
  });

  test.each<[string, IdentityAnswer]>([
    ['down', 'down'],
    ['hanging', 'hanging'],
    ['slower than its time', { afterMs: 400 }],
    ['an error of GraphQL', { status: 200, body: '{"errors":[{"message":"database is down"}],"data":null}' }],
    ['an error of HTTP', { status: 503, body: '{}' }],
    ['no JSON', { status: 200, body: '<html>' }],
    ['without end', { status: 200, body: `"${'x'.repeat(2_000_000)}"` }],
  ])('a service that is %s is unknown, never a no', async (_, answer) => {
    identity.answer = () => answer;
    expect(await newLicenses(200).isDeveloperLicense(STRANGER)).toBe('unknown');
    identity.answer = () => 'tables';
    expect(await licenses.isDeveloperLicense(STRANGER)).toBe('denied');
  });

  test.each([
    ['a yes', LICENSE, 4 * MINUTE_MS, 1],
    ['a yes', LICENSE, 5 * MINUTE_MS, 2],
    ['a no', STRANGER, 29_000, 1],
    ['a no', STRANGER, 30_000, 2],
  ])('%s is remembered: %s after %i ms is asked %i times', async (_, address, laterMs, times) => {
    await licenses.isDeveloperLicense(address);
    nowMs += laterMs;
    await licenses.isDeveloperLicense(address);
    expect(identity.queries).toHaveLength(times);
  });

  test('many requests at one time ask once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => licenses.isDeveloperLicense(LICENSE)));
    expect(identity.queries).toHaveLength(1);
  });

  test('who was a developer stays one for an hour of outage, a stranger does not become one', async () => {
    await licenses.isDeveloperLicense(LICENSE);
    identity.answer = () => 'down';
    nowMs += 64 * MINUTE_MS;
    expect(await licenses.isDeveloperLicense(LICENSE)).toBe('granted');
    expect(await licenses.isDeveloperLicense(STRANGER)).toBe('unknown');
    nowMs += 2 * MINUTE_MS;
    expect(await licenses.isDeveloperLicense(LICENSE)).toBe('unknown');
  });
});
