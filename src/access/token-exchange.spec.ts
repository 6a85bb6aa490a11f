import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { CallError, TokenExchangeServer } from '../../test/support/token-exchange-server.js';
import type { AccessResponse } from '../../test/support/token-exchange-server.js';
import { TokenExchange } from './token-exchange.js';

const LICENSE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';
const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:7';
const NON_LOCATION = 'privilege:GetNonLocationHistory';
const LOCATION = 'privilege:GetLocationHistory';

let server: TokenExchangeServer;
let exchange: TokenExchange;

beforeEach(async () => {
  server = await TokenExchangeServer.start();
  exchange = new TokenExchange({ address: server.address, timeoutMs: 2000 });
});

afterEach(() => {
  exchange.close();
  server.stop();
});

test('the request carries license, vehicle and permissions in the fields of the protocol', async () => {
  await exchange.accessCheck(LICENSE, VEHICLE, [NON_LOCATION, LOCATION]);
  expect(server.calls).toEqual([
    { grantee: LICENSE, asset: VEHICLE, privileges: [NON_LOCATION, LOCATION], events: [] },
  ]);
});

describe('what an answer means', () => {
  test.each<[string, AccessResponse, object]>([
    ['access', { has_access: true }, { kind: 'verdict', verdict: 'granted' }],
    ['no access with 403', { rich_error: { code: 403 } }, { kind: 'verdict', verdict: 'denied' }],
    ['no access with 500', { rich_error: { code: 500, err: 'chain is out' } }, { kind: 'error' }],
    ['no access with 401', { rich_error: { code: 401 } }, { kind: 'error' }],
    ['no access with a negative code', { rich_error: { code: -403 } }, { kind: 'error' }],
    ['no access with the largest code', { rich_error: { code: 2 ** 31 - 1 } }, { kind: 'error' }],
    [
      'access beside an error',
      { has_access: true, rich_error: { code: 403 } },
      { kind: 'verdict', verdict: 'granted' },
    ],
    ['no access with 404', { rich_error: { code: 404 } }, { kind: 'error' }],
    ['no access with an error without code', { rich_error: { err: 'x' } }, { kind: 'error' }],
    ['no access without a word', {}, { kind: 'error' }],
    ['no access with a reason only', { reason: 'no' }, { kind: 'error', message: expect.stringContaining('no') }],
  ])('%s', async (_, response, expected) => {
    server.answer = () => response;
    expect(await exchange.accessCheck(LICENSE, VEHICLE, [LOCATION])).toMatchObject(expected);
  });

  const outages = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED, status.RESOURCE_EXHAUSTED];
  const codes = Object.values(status).filter((code): code is status => typeof code === 'number' && code !== status.OK);
  test.each(codes.map((code) => [code, outages.includes(code) ? 'outage' : 'error'] as const))(
    'gRPC status %i is %s, never a no',
    async (code, kind) => {
      server.answer = () => {
        throw new CallError(code);
      };
      expect(await exchange.accessCheck(LICENSE, VEHICLE, [LOCATION])).toMatchObject({ kind });
    },
  );
});

test('a call that is not answered ends at its deadline', async () => {
  const hasty = new TokenExchange({ address: server.address, timeoutMs: 100 });
  server.answer = () => new Promise(() => undefined);
  expect(await hasty.accessCheck(LICENSE, VEHICLE, [LOCATION])).toMatchObject({ kind: 'outage' });
  hasty.close();
});

test('a service that cannot be reached is an outage', async () => {
  server.stop();
  expect(await exchange.accessCheck(LICENSE, VEHICLE, [LOCATION])).toMatchObject({ kind: 'outage' });
});

test('a closed client answers, too: with an outage', async () => {
  exchange.close();
  expect(await exchange.accessCheck(LICENSE, VEHICLE, [LOCATION])).toMatchObject({ kind: 'outage' });
});
