import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { IdentityServer } from '../../test/support/identity-server.js';
import type { IdentityAnswer } from '../../test/support/identity-server.js';
import { CallError, TokenExchangeServer } from '../../test/support/token-exchange-server.js';
import type { AccessResponse } from '../../test/support/token-exchange-server.js';
import { createLog, silentLog } from '../observability/log.js';
import { DimoPermissions } from './dimo-permissions.js';
import type { DimoPermissionsOptions } from './dimo-permissions.js';
import { permissionProviderContract, vehiclesOf } from './permission-provider.contract.js';
import { PermissionsUnavailable } from './permission-provider.js';

const LICENSE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';
const OTHER = '0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA';
const PREFIX = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:';
const LOCATION = 'privilege:GetLocationHistory';
const NON_LOCATION = 'privilege:GetNonLocationHistory';

const vehicle = (tokenId: number) => `${PREFIX}${tokenId}`;
const vehicles = (count: number) => Array.from({ length: count }, (_, index) => vehicle(index + 1));

permissionProviderContract('DimoPermissions', async () => {
  const [identity, exchange] = [await IdentityServer.start(), await TokenExchangeServer.start()];
  const provider = new DimoPermissions({
    identityUrl: identity.url,
    tokenExchangeAddress: exchange.address,
    cacheSeconds: 60,
    log: silentLog,
  });
  return {
    provider,
    grant: (license, one, permissions) => {
      exchange.grant(license, one, permissions);
      identity.share(license, [one]);
      return Promise.resolve();
    },
    revoke: (license, one) => Promise.resolve(exchange.revoke(license, one)),
    close: async () => {
      provider.close();
      exchange.stop();
      await identity.stop();
    },
  };
});

let identity: IdentityServer;
let exchange: TokenExchangeServer;
let nowMs: number;
let subjects: DimoPermissions[];

beforeEach(async () => {
  [identity, exchange] = [await IdentityServer.start(), await TokenExchangeServer.start()];
  nowMs = 1_000_000;
  subjects = [];
});

afterEach(async () => {
  for (const subject of subjects) subject.close();
  exchange.stop();
  await identity.stop();
});

function permissions(options: Partial<DimoPermissionsOptions> = {}): DimoPermissions {
  const subject = new DimoPermissions({
    identityUrl: identity.url,
    tokenExchangeAddress: exchange.address,
    cacheSeconds: 60,
    log: silentLog,
    now: () => nowMs,
    ...options,
  });
  subjects.push(subject);
  return subject;
}

describe('shared vehicles', () => {
  test('250 come in three pages, each asked with the cursor of the one before', async () => {
    identity.share(LICENSE, vehicles(250));
    const pages: number[] = [];
    for await (const page of permissions().sharedVehicles(LICENSE)) pages.push(page.length);
    expect(pages).toEqual([100, 100, 50]);
    expect(identity.queries.map(({ args }) => [args.first, args.after])).toEqual([
      [100, null],
      [100, Buffer.from('151').toString('base64')],
      [100, Buffer.from('51').toString('base64')],
    ]);
  });

  test.each([
    [0, [0]],
    [100, [100]],
    [101, [100, 1]],
  ])('%i come in pages of %j', async (count, sizes) => {
    identity.share(LICENSE, vehicles(count));
    const pages: number[] = [];
    for await (const page of permissions().sharedVehicles(LICENSE)) pages.push(page.length);
    expect(pages).toEqual(sizes);
  });

  test.each<[string, IdentityAnswer]>([
    ['down', 'down'],
    ['hanging', 'hanging'],
    ['an error of HTTP', { status: 502, body: '' }],
    [
      'an error beside an empty page',
      {
        status: 200,
        body: '{"errors":[{"message":"x"}],"data":{"vehicles":{"nodes":[],"pageInfo":{"hasNextPage":false}}}}',
      },
    ],
    ['null', { status: 200, body: '{"data":{"vehicles":null}}' }],
  ])('a second page that is %s is an exception, not a short list', async (_, answer) => {
    identity.share(LICENSE, vehicles(250));
    identity.answer = ({ args }) => (args.after ? answer : 'tables');
    await expect(vehiclesOf(permissions({ timeoutMs: 100 }), LICENSE)).rejects.toThrow(PermissionsUnavailable);
  });

  test('pages that go in a circle end', async () => {
    const page = (cursor: string): IdentityAnswer => ({
      status: 200,
      body: `{"data":{"vehicles":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":"${cursor}"}}}}`,
    });
    identity.answer = ({ args }) => page(args.after === 'a' ? 'b' : 'a');
    await expect(vehiclesOf(permissions(), LICENSE)).rejects.toThrow(/circle/);
    expect(identity.queries.length).toBeLessThan(5);
  });

  test('with a prefix, vehicles of another contract are left out', async () => {
    identity.share(LICENSE, [vehicle(1), 'did:erc721:1:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:2']);
    expect(await vehiclesOf(permissions({ vehicleDidPrefix: PREFIX }), LICENSE)).toEqual([vehicle(1)]);
  });
});

describe('what is remembered of a check', () => {
  test.each<[string, () => AccessResponse, number]>([
    ['a yes', () => ({ has_access: true }), 1],
    ['a no', () => ({ rich_error: { code: 403 } }), 2],
    ['a trouble', () => ({ rich_error: { code: 500 } }), 2],
  ])('two checks within its minute: %s', async (_, answer, calls) => {
    exchange.answer = answer;
    const subject = permissions();
    await subject.check(LICENSE, [vehicle(1)], [LOCATION]);
    nowMs += 59_000;
    await subject.check(LICENSE, [vehicle(1)], [LOCATION]);
    expect(exchange.calls).toHaveLength(calls);
  });

  test('a yes ends with its time', async () => {
    exchange.grant(LICENSE, vehicle(1), [LOCATION]);
    const subject = permissions({ cacheSeconds: 30 });
    await subject.check(LICENSE, [vehicle(1)], [LOCATION]);
    exchange.revoke(LICENSE, vehicle(1));
    nowMs += 29_999;
    expect(await subject.check(LICENSE, [vehicle(1)], [LOCATION])).toEqual(['granted']);
    nowMs += 1;
    expect(await subject.check(LICENSE, [vehicle(1)], [LOCATION])).toEqual(['denied']);
  });

  test('a yes that is over does not stand in for an outage', async () => {
    exchange.grant(LICENSE, vehicle(1), [LOCATION]);
    const subject = permissions({ timeoutMs: 500 });
    await subject.check(LICENSE, [vehicle(1)], [LOCATION]);
    exchange.stop();
    expect(await subject.check(LICENSE, [vehicle(1)], [LOCATION])).toEqual(['granted']);
    nowMs += 60_000;
    expect(await subject.check(LICENSE, [vehicle(1)], [LOCATION])).toEqual(['unknown']);
  });

  test.each<[string, string, number, string[], number]>([
    ['the same in another order and twice', LICENSE, 1, [NON_LOCATION, LOCATION, LOCATION], 1],
    ['another license', OTHER, 1, [LOCATION, NON_LOCATION], 2],
    ['another vehicle', LICENSE, 2, [LOCATION, NON_LOCATION], 2],
    ['fewer permissions', LICENSE, 1, [LOCATION], 2],
  ])('whether a yes also answers for %s', async (_, license, tokenId, needed, calls) => {
    exchange.answer = () => ({ has_access: true });
    const subject = permissions();
    await subject.check(LICENSE, [vehicle(1)], [LOCATION, NON_LOCATION]);
    await subject.check(license, [vehicle(tokenId)], needed);
    expect(exchange.calls).toHaveLength(calls);
  });

  test('equal checks at one time are one call, for other licenses others', async () => {
    exchange.answer = () => new Promise((resolve) => setImmediate(() => resolve({ has_access: true })));
    const subject = permissions();
    const licenses = [LICENSE, LICENSE, LICENSE, OTHER];
    await Promise.all(licenses.map((license) => subject.check(license, [vehicle(1)], [LOCATION])));
    expect(exchange.calls.map(({ grantee }) => grantee).sort()).toEqual([OTHER, LICENSE]);
  });
});

describe('many vehicles', () => {
  test('no more calls are open at once than allowed, over all checks together', async () => {
    exchange.answer = (request) => new Promise((resolve) => setTimeout(() => resolve(exchange.fromTable(request)), 5));
    const subject = permissions({ concurrentCalls: 4 });
    const verdicts = await Promise.all([
      subject.check(LICENSE, vehicles(40), [LOCATION]),
      subject.check(OTHER, vehicles(40), [LOCATION]),
    ]);
    expect(verdicts.flat()).toEqual(new Array(80).fill('denied'));
    expect(exchange.calls).toHaveLength(80);
    expect(exchange.maxOpen).toBe(4);
  });

  test('one vehicle without an answer is unknown alone', async () => {
    exchange.answer = (request) => {
      if (request.asset === vehicle(3)) throw new CallError(status.UNKNOWN);
      return { has_access: true };
    };
    const verdicts = await permissions().check(LICENSE, vehicles(5), [LOCATION]);
    expect(verdicts).toEqual(['granted', 'granted', 'unknown', 'granted', 'granted']);
  });

  test('errors that are no outage end no list', async () => {
    exchange.answer = () => {
      throw new CallError(status.UNKNOWN);
    };
    await permissions({ concurrentCalls: 2 }).check(LICENSE, vehicles(20), [LOCATION]);
    expect(exchange.calls).toHaveLength(20);
  });

  test('answers in another order than the questions are given to the right vehicles', async () => {
    const delayMs = (tokenId: number) => 50 - tokenId * 10;
    exchange.answer = async (request) => {
      await new Promise((resolve) => setTimeout(resolve, delayMs(Number(request.asset.split(':').at(-1)))));
      return exchange.fromTable(request);
    };
    exchange.grant(LICENSE, vehicle(2), [LOCATION]);
    exchange.grant(LICENSE, vehicle(4), [LOCATION]);
    const verdicts = await permissions().check(LICENSE, vehicles(5), [LOCATION]);
    expect(verdicts).toEqual(['denied', 'granted', 'denied', 'granted', 'denied']);
  });

  test('a license with many vehicles does not keep others waiting', async () => {
    exchange.answer = (request) => new Promise((resolve) => setTimeout(() => resolve(exchange.fromTable(request)), 2));
    const subject = permissions({ concurrentCalls: 2 });
    const many = subject.check(LICENSE, vehicles(300), [LOCATION]);
    await subject.check(OTHER, vehicles(3), [LOCATION]);
    expect(exchange.calls.length).toBeLessThan(20);
    expect(await many).toEqual(new Array(300).fill('denied'));
  });

  test('more of one license than can be asked for soon is unknown at once, without a call', async () => {
    const subject = permissions({ timeoutMs: 200 });
    exchange.answer = () => new Promise(() => undefined);
    const first = subject.check(LICENSE, vehicles(4900), [LOCATION]);
    const second = subject.check(LICENSE, vehicles(101), [NON_LOCATION]);
    expect(subject.underWay).toBe(5001);
    expect(await second).toEqual(new Array(101).fill('unknown'));
    await first;
    expect(subject.underWay).toBe(0);
    expect(exchange.calls.every(({ privileges }) => privileges[0] === LOCATION)).toBe(true);
  });

  test('what was not asked for when the patience is over is unknown, what was is told', async () => {
    let answered = 0;
    exchange.answer = async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      answered += 1;
      return exchange.fromTable(request);
    };
    const subject = permissions({ concurrentCalls: 2 });
    const verdicts = await subject.check(LICENSE, vehicles(1000), [LOCATION], { patienceMs: 100 });
    expect(verdicts.filter((verdict) => verdict === 'denied')).toHaveLength(answered);
    expect(verdicts.filter((verdict) => verdict === 'unknown')).toHaveLength(1000 - answered);
    expect(exchange.calls).toHaveLength(answered);
  });
});

describe('an exchange that is out', () => {
  const outage = () => {
    throw new CallError(status.UNAVAILABLE);
  };

  test('in an outage a long list is unknown after one round of deadlines', async () => {
    exchange.answer = () => new Promise(() => undefined);
    const subject = permissions({ concurrentCalls: 3, timeoutMs: 100 });
    const verdicts = await subject.check(LICENSE, vehicles(1000), [LOCATION]);
    expect(verdicts).toEqual(new Array(1000).fill('unknown'));
    expect(exchange.calls.length).toBeLessThan(10);
  });

  test('the service is asked by one call a second, then seldomer, whoever wants to know of whatever vehicle', async () => {
    exchange.answer = outage;
    const subject = permissions();
    await subject.check(LICENSE, vehicles(100), [LOCATION]);
    exchange.calls.splice(0);
    const calls: number[] = [];
    for (let second = 0; second < 16; second++) {
      for (const license of [LICENSE, OTHER]) {
        const verdicts = await subject.check(license, vehicles(50), [LOCATION], { fresh: second % 2 === 0 });
        expect(new Set(verdicts)).toEqual(new Set(['unknown']));
      }
      calls.push(exchange.calls.splice(0).length);
      nowMs += 1000;
    }
    expect(calls).toEqual([0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]);
  });

  test('whatever was a yes stays one for its time, and is told at once', async () => {
    exchange.grant(LICENSE, vehicle(1), [LOCATION]);
    const subject = permissions();
    await subject.check(LICENSE, [vehicle(1)], [LOCATION]);
    exchange.answer = outage;
    await subject.check(LICENSE, vehicles(10).slice(1), [LOCATION]);
    expect(await subject.check(LICENSE, vehicles(3), [LOCATION])).toEqual(['granted', 'unknown', 'unknown']);
  });

  test.each<[string, () => AccessResponse, 'granted' | 'denied' | 'unknown']>([
    ['a yes', () => ({ has_access: true }), 'granted'],
    ['a no', () => ({ rich_error: { code: 403 } }), 'denied'],
    ['an error', () => ({ rich_error: { code: 500 } }), 'unknown'],
  ])('the first answer ends it, be it %s', async (_, answer, verdict) => {
    exchange.answer = outage;
    const subject = permissions();
    await subject.check(LICENSE, vehicles(10), [LOCATION]);
    exchange.answer = answer;
    expect(await subject.check(LICENSE, [vehicle(1)], [LOCATION])).toEqual(['unknown']);
    nowMs += 1000;
    expect(await subject.check(LICENSE, vehicles(20), [LOCATION])).toEqual(new Array(20).fill(verdict));
    expect(await subject.check(OTHER, vehicles(20), [LOCATION])).toEqual(new Array(20).fill(verdict));
  });

  test('its log is a few lines, not one for each question', async () => {
    const lines: string[] = [];
    const log = createLog('info', 'test', { write: (line: string) => void lines.push(line) });
    exchange.answer = outage;
    const subject = permissions({ log });
    for (let time = 0; time < 50; time++) await subject.check(LICENSE, vehicles(20), [LOCATION]);
    exchange.answer = () => ({ has_access: true });
    nowMs += 1000;
    await subject.check(LICENSE, [vehicle(1)], [LOCATION]);
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual([
      expect.stringMatching(/^The token exchange is out/),
      expect.stringMatching(/^Permissions could not be told/),
      expect.stringMatching(/answers again$/),
    ]);
  });
});
