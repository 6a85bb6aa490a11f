import { createRequire } from 'node:module';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import kafkajs from 'kafkajs';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, type Authority } from '../../dev/certificates.js';
import { startTlsServer } from '../../test/support/tls-server.js';
import { silentLog } from '../observability/log.js';
import { firstLook } from './first-look.js';
import type { KafkaConnection } from './kafka-client.js';
import { isHungUpOnTls, refusalOf } from './refusal.js';

const { KafkaJSProtocolError, KafkaJSNumberOfRetriesExceeded } = kafkajs;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

let authority: Authority;
beforeAll(async () => (authority = await createAuthority()));

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What a start says of such a broker; undefined when it goes on and waits. */
async function saidOf(broker: string, connection: Partial<KafkaConnection> = {}): Promise<string | undefined> {
  const asked = { brokers: [broker], clientId: 'engine-1', ...connection };
  try {
    await firstLook(asked, { groupId: 'group', topics: ['signals'], log: silentLog });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('TLS', () => {
  const tlsBroker = async (hosts: string[], until?: Date) => {
    const server = await startTlsServer(await authority.issue(hosts, until), (socket) => socket.destroy());
    stops.push(() => server.stop());
    return new URL(server.url()).host;
  };
  const trusted = () => ({ ssl: { ca: [authority.caPem] } });

  test.each<[string, () => Promise<[string, Partial<KafkaConnection>]>, string]>([
    ['an unknown authority', async () => [await tlsBroker(['127.0.0.1']), { ssl: true }], 'unable to '],
    [
      'another name',
      async () => [await tlsBroker(['kafka.test']), trusted()],
      "IP: 127.0.0.1 is not in the cert's list",
    ],
    [
      'a certificate that is over',
      async () => [await tlsBroker(['127.0.0.1'], new Date(Date.now() - 60_000)), trusted()],
      'certificate has expired',
    ],
    [
      'no TLS, which answers otherwise',
      async () => [
        await listen(createServer((socket) => socket.once('data', () => socket.end('what?\r\n')))),
        trusted(),
      ],
      'wrong version number',
    ],
  ])('with %s is a refusal that names the settings', async (_, prepare, why) => {
    const said = await saidOf(...(await prepare()));
    expect(said).toContain('KAFKA_SSL_CA_FILE or NODE_EXTRA_CA_CERTS');
    expect(said).toContain(why);
  });
});

describe('a log-in', () => {
  const [API_VERSIONS, HANDSHAKE, AUTHENTICATE] = [18, 17, 36];
  const [UNSUPPORTED_MECHANISM, AUTHENTICATION_FAILED] = [33, 58];
  const int16 = (value: number) => Buffer.from([value >> 8, value & 255]);
  const int32 = (value: number) => Buffer.concat([int16(value >>> 16), int16(value & 0xffff)]);
  const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)]);

  /** A broker that knows nothing but how to refuse a log-in, by an error of the handshake or of what follows it. */
  function refusing({ handshake, authenticate }: { handshake: number; authenticate: number }): Promise<string> {
    const apis = [API_VERSIONS, HANDSHAKE, AUTHENTICATE].map((key) => [
      int16(key),
      int16(0),
      int16(key === API_VERSIONS ? 2 : 1),
    ]);
    const answers = new Map([
      [API_VERSIONS, [int16(0), int32(apis.length), ...apis.flat(), int32(0)]],
      [HANDSHAKE, [int16(handshake), int32(1), text(handshake === 0 ? 'PLAIN' : 'GSSAPI')]],
      [AUTHENTICATE, [int16(authenticate), text('Invalid username or password'), int32(0), int32(0), int32(0)]],
    ]);
    const server = createServer((socket) => {
      socket.on('data', (request) => {
        const answer = Buffer.concat([request.subarray(8, 12), ...answers.get(request.readInt16BE(4))!]);
        socket.write(Buffer.concat([int32(answer.length), answer]));
      });
    });
    return listen(server);
  }

  test.each<[string, { handshake: number; authenticate: number }, string]>([
    [
      'with a wrong password',
      { handshake: 0, authenticate: AUTHENTICATION_FAILED },
      'SASL PLAIN authentication failed',
    ],
    [
      'by an unknown mechanism',
      { handshake: UNSUPPORTED_MECHANISM, authenticate: 0 },
      'does not support the requested SASL mechanism',
    ],
  ])('%s is a refusal that names the settings, and no password', async (_, errors, why) => {
    const sasl = { mechanism: 'plain' as const, username: 'tripline', password: 'a-word-of-honour' };
    const said = await saidOf(await refusing(errors), { sasl });
    expect(said).toContain('KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD');
    expect(said).toContain(why);
    expect(said).not.toContain('honour');
  });
});

describe('waited for is', () => {
  test('one that hangs up before TLS, which one that restarts does too', async () => {
    const broker = await listen(createServer((socket) => socket.once('data', () => socket.destroy())));
    expect(await saidOf(broker, { ssl: true })).toBeUndefined();
  });

  test.each<[string, () => Promise<string>]>([
    ['a broker that is away', () => Promise.resolve('127.0.0.1:1')],
    ['a name that nobody knows', () => Promise.resolve('kafka.invalid:9092')],
    ['one that hangs up', () => listen(createServer((socket) => socket.destroy()))],
  ])('%s', async (_, prepare) => {
    expect(await saidOf(await prepare())).toBeUndefined();
  });
});

test.each([
  [29, 'DEVICE_SIGNALS_TOPIC and DEVICE_EVENTS_TOPIC'],
  [30, 'KAFKA_GROUP_ID'],
  [31, 'to create topics'],
  [34, 'KAFKA_SASL_MECHANISM'],
])('the error %i of the protocol is a refusal, however often kafkajs wrapped it', (code, setting) => {
  const require = createRequire(import.meta.url);
  const errors = require('kafkajs/src/protocol/error') as { createErrorFromCode: (code: number) => Error };
  const answer = errors.createErrorFromCode(code);
  const wrapped = new KafkaJSNumberOfRetriesExceeded(answer, { retryCount: 5, retryTime: 100 });
  for (const error of [answer, wrapped]) expect(refusalOf(error)?.text).toContain(setting);
  expect(answer).toBeInstanceOf(KafkaJSProtocolError);
});

test('who hangs up before TLS is known, however often kafkajs wrapped it, and is no refusal', () => {
  const reset = 'Client network socket disconnected before secure TLS connection was established';
  const error = Object.assign(new Error(reset), { code: 'ECONNRESET' });
  const wrapped = new KafkaJSNumberOfRetriesExceeded(error, { retryCount: 5, retryTime: 100 });
  for (const one of [error, wrapped]) expect([isHungUpOnTls(one), refusalOf(one)]).toEqual([true, undefined]);
});

test('any other error is none', () => {
  for (const error of [
    new Error('no'),
    undefined,
    'text',
    Object.assign(new Error('away'), { code: 'ECONNREFUSED' }),
  ]) {
    expect(refusalOf(error)).toBeUndefined();
  }
});
