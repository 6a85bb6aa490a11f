import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readStartOptions } from './start-options.js';

const KEY = 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=';

function optionsOf(argv: string[], env: Record<string, string>) {
  const read = readStartOptions(argv, env);
  if (read.kind === 'invalid') throw new Error(read.errors.join('; '));
  return read.options;
}

test('without arguments and settings everything is embedded, and there is a demo', () => {
  expect(optionsOf([], {})).toEqual({
    dataDir: resolve('.data'),
    isDemo: true,
    noDemoReason: undefined,
    host: '127.0.0.1',
    port: 3003,
    monitoringPort: 8888,
    topics: { signals: 'topic.device.signals', events: 'topic.device.events' },
    allowsAll: false,
    given: { database: false, kafka: false, tokenIssuer: false, permissions: false },
  });
});

test.each([
  ['DATABASE_URL', { DATABASE_URL: 'postgres://x', SECRET_ENCRYPTION_KEY: KEY }, 'database'],
  ['DB_HOST', { DB_HOST: 'x', SECRET_ENCRYPTION_KEY: KEY }, 'database'],
  ['KAFKA_BROKERS', { KAFKA_BROKERS: 'x:9092' }, 'kafka'],
  ['JWK_KEY_SET_URL', { JWK_KEY_SET_URL: 'https://x' }, 'tokenIssuer'],
  ['IDENTITY_API_URL', { IDENTITY_API_URL: 'https://x' }, 'permissions'],
] as const)('%s names a real part', (_, env, part) => {
  expect(optionsOf([], env).given[part]).toBe(true);
});

describe('the demo is left out', () => {
  test.each<[string, string[], Record<string, string>, RegExp | undefined]>([
    ['when that is asked for', ['--no-demo'], {}, undefined],
    ['on a Kafka of one’s own', [], { KAFKA_BROKERS: 'x:9092' }, /--demo has it/],
    ['on a Kafka with a log-in, asked for or not', ['--demo'], { KAFKA_BROKERS: 'x:9092', KAFKA_SSL: 'true' }, /TLS/],
    ['without the local issuer', [], { JWK_KEY_SET_URL: 'https://x' }, /JWK_KEY_SET_URL/],
    ['without grants of our own', [], { IDENTITY_API_URL: 'https://x' }, /IDENTITY_API_URL/],
  ])('%s', (_, argv, env, reason) => {
    const { isDemo, noDemoReason } = optionsOf(argv, env);
    expect(isDemo).toBe(false);
    if (reason) expect(noDemoReason).toMatch(reason);
    else expect(noDemoReason).toBeUndefined();
  });

  test('but not on a Kafka of one’s own when it is asked for', () => {
    expect(optionsOf(['--demo'], { KAFKA_BROKERS: 'x:9092' }).isDemo).toBe(true);
  });
});

describe('everything is allowed', () => {
  test('when that is asked for', () => {
    expect(optionsOf(['--allow-all'], {})).toMatchObject({ allowsAll: true, isDemo: true });
    expect(optionsOf([], { PERMISSIONS_ALLOW_ALL: 'true' })).toMatchObject({ allowsAll: true });
    expect(optionsOf([], { PERMISSIONS_ALLOW_ALL: 'false' })).toMatchObject({ allowsAll: false });
  });

  test.each([
    [{ DATABASE_URL: 'postgres://localhost/x', SECRET_ENCRYPTION_KEY: KEY }, /^--allow-all is not for a database/],
    [{ DB_HOST: 'localhost', SECRET_ENCRYPTION_KEY: KEY }, /^--allow-all is not for a database/],
    [{ IDENTITY_API_URL: 'http://localhost' }, /^--allow-all is not for permissions/],
  ])('but not beside %j', (env, reason) => {
    const errors = [expect.stringMatching(reason)];
    expect(readStartOptions(['--allow-all'], env)).toEqual({ kind: 'invalid', errors });
  });
});

test('every error is named at once', () => {
  const env = { DATABASE_URL: 'postgres://x', PORT: 'http', MON_PORT: '0' };
  const read = readStartOptions(['--no-demo', '--demo', '--verbose'], env);
  expect(read).toEqual({
    kind: 'invalid',
    errors: [
      '--verbose is no option here',
      '--demo and --no-demo exclude each other',
      'SECRET_ENCRYPTION_KEY must be set beside a database of your own (openssl rand -base64 32)',
      'PORT must be a port from 1 to 65535, but is "http"',
      'MON_PORT must be a port from 1 to 65535, but is "0"',
    ],
  });
});
