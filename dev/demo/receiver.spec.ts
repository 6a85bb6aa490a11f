import { once } from 'node:events';
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { createAuthority, type Authority } from '../certificates.js';
import { DemoReceiver, type Arrival } from './receiver.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;

let authority: Authority;
let receiver: DemoReceiver;
let arrivals: Arrival[];

beforeEach(async () => {
  arrivals = [];
  authority = await createAuthority();
  receiver = await DemoReceiver.start({
    port: 0,
    certificate: await authority.issue(['127.0.0.1']),
    verificationToken: 'the token',
    onArrival: (arrival) => arrivals.push(arrival),
  });
  receiver.secrets.set('/known', SECRET);
});

afterEach(() => receiver.stop());

async function post(path: string, body: string, headers: Record<string, string> = {}, method = 'POST') {
  const sending = request(receiver.urlOf(path), { method, headers, ca: authority.caPem, agent: false });
  sending.end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const text = (await response.setEncoding('utf8').toArray()).join('');
  return { status: response.statusCode, text };
}

function signed(body: string, { secret = SECRET, at = new Date() } = {}): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signature = new Webhook(secret).sign('event-1', at, body);
  return { 'webhook-id': 'event-1', 'webhook-timestamp': timestamp, 'webhook-signature': signature };
}

test('the handshake is answered with the token and is no arrival', async () => {
  expect(await post('/anything', '{"verification": "test"}')).toEqual({ status: 200, text: 'the token' });
  expect(arrivals).toEqual([]);
});

describe('a delivery', () => {
  const body = '{"some":"body"}';
  const longAgo = new Date(Date.now() - 10 * 60 * 1000);

  test.each([
    ['signed with the secret of its path', '/known', signed(body), 204, 'valid'],
    ['signed with another secret', '/known', signed(body, { secret: OTHER_SECRET }), 401, 'invalid'],
    ['signed for another body', '/known', signed('{}'), 401, 'invalid'],
    ['signed ten minutes ago', '/known', signed(body, { at: longAgo }), 401, 'invalid'],
    ['not signed', '/known', {}, 401, 'invalid'],
    ['to a path without a known secret', '/other', signed(body), 204, 'unknown'],
  ])('%s', async (_, path, headers, status, signature) => {
    expect((await post(path, body, headers)).status).toBe(status);
    expect(arrivals).toEqual([
      { path, signature, body: Buffer.from(body), attempt: 1, receivedAtMs: expect.any(Number) },
    ]);
  });

  test('tells which attempt it is', async () => {
    await post('/known', body, { ...signed(body), 'x-webhook-attempt': '3' });
    expect(arrivals[0]!.attempt).toBe(3);
  });
});

test.each([
  ['another method', 'PUT', '{}', 405],
  ['a body of more than a megabyte', 'POST', 'x'.repeat(1024 * 1024 + 1), 413],
])('%s is refused and no arrival', async (_, method, body, status) => {
  expect((await post('/known', body, {}, method)).status).toBe(status);
  expect(arrivals).toEqual([]);
});

test('a taken port is an error', async () => {
  const certificate = await authority.issue(['127.0.0.1']);
  const again = DemoReceiver.start({
    port: receiver.port,
    certificate,
    verificationToken: '',
    onArrival: () => undefined,
  });
  await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
