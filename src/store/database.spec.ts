import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { TcpProxy } from '../../test/support/tcp-proxy.js';
import { Database, type DatabaseWay } from './database.js';

let server: TestDatabase;
let operator: Database;

beforeAll(async () => {
  server = await createTestDatabase();
  operator = await Database.open({ ...testSettings(server.url), applicationName: 'operator' });
});
afterAll(async () => {
  await operator.close();
  await server.drop();
});

test('an idle connection that breaks is logged and replaced', async () => {
  let onWarning: (fields: object) => void = () => undefined;
  const logged = new Promise<object>((resolve) => (onWarning = resolve));
  const database = await Database.open(settings('idle'), { warn: (fields) => onWarning(fields) });
  await terminate('idle');
  expect(await logged).toHaveProperty('error');
  expect(await database.isReachable()).toBe(true);
  await database.close();
});

test('a connection that breaks between two statements of a session is logged', async () => {
  const warnings: string[] = [];
  const database = await Database.open(settings('between'), { warn: (_, message) => warnings.push(message) });
  const use = database.session(async (client) => {
    const ended = new Promise((resolve) => client.once('end', resolve));
    await terminate('between');
    await ended;
    await client.query('select 1');
  });
  await expect(use).rejects.toThrow();
  expect(warnings).toContain('a database connection broke in use');
  await database.close();
});

test('a connection that breaks in use rejects that use and is replaced', async () => {
  const database = await Database.open(settings('used'));
  const use = database.session(async (client) => {
    await terminate('used');
    await client.query('select 1');
  });
  await expect(use).rejects.toThrow();
  expect(await database.isReachable()).toBe(true);
  await database.close();
});

test('a database that is gone is not reachable', async () => {
  const database = await Database.open(settings('gone'));
  await database.pool.end();
  expect(await database.isReachable()).toBe(false);
  await database.dataSource.destroy();
});

describe('a server that is gone without a word', () => {
  let proxy: TcpProxy;
  let database: Database;
  beforeEach(async () => {
    const url = new URL(server.url);
    proxy = await TcpProxy.start(Number(url.port));
    url.port = String(proxy.port);
    const small = { controlPoolSize: 1, dataPoolSize: 1, timeouts: { answerMs: 200 } };
    database = await Database.open({ ...settings('silence'), url: url.href, ...small });
  });
  afterEach(async () => {
    await database.close();
    await proxy.stop();
  });

  const PID = 'select pg_backend_pid() as pid';
  const ways: [string, (sql: string) => Promise<{ pid: number } | undefined>][] = [
    ['the control plane', async (sql) => (await database.dataSource.query<{ pid: number }[]>(sql))[0]],
    [
      'a transaction of the control plane',
      (sql) => database.dataSource.transaction(async (manager) => (await manager.query<{ pid: number }[]>(sql))[0]),
    ],
    ['the data plane', async (sql) => (await database.pool.query<{ pid: number }>(sql)).rows[0]],
    ['a session', (sql) => database.session(async (client) => (await client.query<{ pid: number }>(sql)).rows[0])],
  ];

  test.each(ways)('keeps %s waiting for so long only, and its connection is not used again', async (_, ask) => {
    const before = await ask(PID);
    proxy.freeze();
    await expect(ask(PID)).rejects.toThrow('Query read timeout');
    proxy.heal();
    const after = await ask(PID);
    expect(after?.pid).toEqual(expect.any(Number));
    expect(after).not.toEqual(before);
  });

  test('is not reachable', async () => {
    await database.isReachable();
    proxy.freeze();
    expect(await database.isReachable()).toBe(false);
    proxy.heal();
  });
});

test.each<[string, DatabaseWay[], boolean]>([
  ['who uses the pooler too', ['control', 'data'], false],
  ['who uses the pooler alone', ['control'], false],
  ['who goes past it', ['data'], true],
])('a pooler that is gone is an outage for %s', async (_, ways, expected) => {
  const url = new URL(server.url);
  const pooler = await TcpProxy.start(Number(url.port));
  url.port = String(pooler.port);
  const database = await Database.open({ ...settings('pooled'), url: url.href, directUrl: server.url });
  pooler.cut();
  expect(await database.isReachable(ways)).toBe(expected);
  await database.close();
  await pooler.stop();
});

test('opening a database that does not answer throws', async () => {
  await expect(Database.open({ ...settings('none'), url: 'postgres://127.0.0.1:1/none' })).rejects.toThrow();
});

test.each([
  ['enable_seqscan', 'off'],
  ['enable_hashjoin', 'off'],
  ['enable_mergejoin', 'off'],
  ['enable_bitmapscan', 'off'],
  ['jit', 'off'],
  ['statement_timeout', '10s'],
  ['idle_in_transaction_session_timeout', '10s'],
  ['plan_cache_mode', 'force_generic_plan'],
])('the data plane runs with %s = %s', async (name, value) => {
  expect(await settingOf(operator, name)).toBe(value);
});

test('options of the URL hold beside those of the data plane', async () => {
  const url = new URL(server.url);
  url.searchParams.set('options', '-c work_mem=7MB');
  const database = await Database.open({ ...settings('options'), url: url.href });
  expect([await settingOf(database, 'work_mem'), await settingOf(database, 'enable_seqscan')]).toEqual(['7MB', 'off']);
  await database.close();
});

function settings(applicationName: string) {
  return { ...testSettings(server.url), applicationName };
}

async function terminate(applicationName: string): Promise<void> {
  await operator.pool.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
    applicationName,
  ]);
}

async function settingOf(database: Database, name: string): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ value: string }>('select current_setting($1) as value', [name]);
  return rows[0]?.value;
}

test('a connection that breaks while it changes hands ends nothing, in neither pool', async () => {
  const small = { ...settings('handed over'), controlPoolSize: 1, dataPoolSize: 1 };
  const database = await Database.open(small);
  const control = (database.dataSource.driver as unknown as { master: typeof database.pool }).master;
  for (const pool of [database.pool, control]) {
    const first = await pool.connect();
    const second = pool.connect();
    first.release();
    expect(() => first.emit('error', new Error('terminating connection due to administrator command'))).not.toThrow();
    (await second).release();
  }
  await database.close();
});
