import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { ApiDeveloper, TestApi } from '../../test/support/api.js';
import { createTestDatabase, testSettings } from '../../test/support/database.js';
import { UNLIMITED } from '../../test/support/triggers.js';
import { newApiKey } from '../access/api-key.js';
import type { Log } from '../observability/log.js';
import { silentLog } from '../observability/log.js';
import { Database } from '../store/database.js';
import { TriggerStore } from '../store/triggers.js';
import { isOutage } from './outage.js';

const coded = (code: string) => Object.assign(new Error('text'), { code });

test.each<[string, unknown, boolean]>([
  ['a lost connection', coded('08006'), true],
  ['a shutdown', coded('57P01'), true],
  ['a crash', coded('57P02'), true],
  ['a start', coded('57P03'), true],
  ['a statement that took too long', coded('57014'), true],
  ['a log-in that is refused', coded('28P01'), true],
  ['a certificate that is refused', coded('CERT_HAS_EXPIRED'), true],
  ['a refused connection', coded('ECONNREFUSED'), true],
  ['a reset connection', coded('ECONNRESET'), true],
  ['a silent connection', coded('ETIMEDOUT'), true],
  ['a pool without a free connection', new Error('timeout exceeded when trying to connect'), true],
  ['a connection that ends in use', new Error('Connection terminated unexpectedly'), true],
  ['a connection that was given up', new Error('Client was closed and is not queryable'), true],
  ['one that TypeORM wraps', Object.assign(new Error('wrapped'), { driverError: coded('57P01') }), true],
  ['one that is a cause', new Error('wrapped', { cause: coded('08003') }), true],
  ['a duplicate key', coded('23505'), false],
  ['a mistake in a statement', coded('42601'), false],
  ['a database that was dropped', coded('57P04'), false],
  ['any other error', new TypeError('x is undefined'), false],
  ['what is no error', 'ECONNREFUSED', false],
  ['nothing', undefined, false],
])('%s: an outage is told from a fault of ours', (_what, error, expected) => {
  expect(isOutage(error)).toBe(expected);
});

test('while the database is away a request answers 503 with a time to ask again, and is logged once', async () => {
  const test = await createTestDatabase();
  const line = await openLine(test.url);
  const database = await Database.open(testSettings(line.url));
  const logged: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (_fields, message) => void logged.push(message),
    error: (_fields, message) => void logged.push(message),
  };
  const api = await TestApi.start({ triggers: new TriggerStore(database, UNLIMITED), log });
  try {
    const developer = await api.developer();
    expect((await developer.call('GET', '/v1/webhooks')).status).toBe(200);
    await line.cut();
    const answer = await developer.call('GET', '/v1/webhooks');
    expect(answer.body).toMatchObject({
      status: 503,
      type: 'urn:tripline:problem:temporarily-unavailable',
      message: 'The service is temporarily unavailable',
    });
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(logged).toEqual(['a request failed because the database is unavailable']);
  } finally {
    await api.stop();
    await database.close();
    await test.drop();
  }
});

test('while the database is away a key is not refused: whoever has one is asked to come again', async () => {
  const use = () => Promise.reject(coded('ECONNREFUSED'));
  const api = await TestApi.start({ apiKeys: { use } as never });
  try {
    const answer = await new ApiDeveloper(api, '', newApiKey()).call('GET', '/v1/webhooks/signals');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  } finally {
    await api.stop();
  }
});

/** A way to the database that can be cut. */
async function openLine(url: string): Promise<{ url: string; cut: () => Promise<void> }> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port || 5432), hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => other.destroy());
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { url: through.href, cut };
}
