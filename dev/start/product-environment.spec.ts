import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { productEnvironment } from './product-environment.js';
import { readStartOptions } from './start-options.js';

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tripline-environment-'));
});

afterEach(() => rmSync(dataDir, { recursive: true }));

type Embedded = Partial<Pick<Parameters<typeof productEnvironment>[0], 'databaseUrl' | 'brokers' | 'jwksUrl' | 'demo'>>;

const EMBEDDED = { databaseUrl: 'postgres://embedded', brokers: '127.0.0.1:9', jwksUrl: 'http://127.0.0.1:8/keys' };

function environmentOf(env: Record<string, string>, embedded: Embedded = EMBEDDED, argv: string[] = []) {
  const read = readStartOptions(argv, { TRIPLINE_DATA_DIR: dataDir, ...env });
  if (read.kind === 'invalid') throw new Error(read.errors.join('; '));
  const nothing = { databaseUrl: undefined, brokers: undefined, jwksUrl: undefined, demo: undefined };
  const secrets = { encryptionKey: 'the key', adminToken: 'the admin token' };
  return productEnvironment({ env, options: read.options, secrets, ...nothing, ...embedded });
}

test('without settings the product gets the embedded parts and the kept secrets', () => {
  expect(environmentOf({})).toEqual({
    HOST: '127.0.0.1',
    PORT: '3003',
    MON_PORT: '8888',
    SHUTDOWN_GRACE_SECONDS: '8',
    SHUTDOWN_DRAIN_SECONDS: '0',
    ADMIN_TOKEN: 'the admin token',
    SECRET_ENCRYPTION_KEY: 'the key',
    DATABASE_URL: 'postgres://embedded',
    KAFKA_BROKERS: '127.0.0.1:9',
    KAFKA_CREATE_TOPICS_PARTITIONS: '8',
    JWK_KEY_SET_URL: 'http://127.0.0.1:8/keys',
    JWT_ISSUER: 'tripline-development',
    CONSOLE_SIGN_IN_FILE: join(dataDir, 'console-sign-in.json'),
  });
});

test.each([
  [{ HOST: '0.0.0.0' }, EMBEDDED],
  [{ HOST: '10.0.0.1' }, EMBEDDED],
  [{ JWK_KEY_SET_URL: 'https://mine/keys' }, { ...EMBEDDED, jwksUrl: undefined }],
])('with %j the console’s sign-in is told nothing', (env, embedded) => {
  expect(environmentOf(env, embedded)).not.toHaveProperty('CONSOLE_SIGN_IN_FILE');
});

test('what the user set is passed on and wins over what is made here', () => {
  const env = {
    LOG_LEVEL: 'debug',
    ADMIN_TOKEN: 'mine',
    SECRET_ENCRYPTION_KEY: 'mine too',
    KAFKA_GROUP_ID: 'g',
    PATH: '/bin',
  };
  expect(environmentOf(env)).toMatchObject(env);
});

test('half a setting of a part that is replaced is not passed on', () => {
  const env = {
    PGSSLMODE: 'require',
    DB_PASSWORD: 'x',
    DATABASE_DIRECT_URL: 'x',
    KAFKA_SASL_USERNAME: 'x',
    JWT_AUDIENCE: 'x',
  };
  const names = Object.keys(environmentOf(env));
  expect(names.filter((name) => name in env)).toEqual([]);
});

test('real parts are the product’s own business', () => {
  const env = {
    DATABASE_URL: 'postgres://mine',
    SECRET_ENCRYPTION_KEY: 'mine',
    PGSSLMODE: 'require',
    KAFKA_BROKERS: 'mine:9092',
    KAFKA_SSL: 'true',
    JWK_KEY_SET_URL: 'https://mine/keys',
    JWT_AUDIENCE: 'mine',
  };
  const environment = environmentOf(env, {});
  expect(environment).toMatchObject(env);
  expect(environment).not.toHaveProperty('KAFKA_CREATE_TOPICS_PARTITIONS');
  expect(environment).not.toHaveProperty('JWT_ISSUER');
});

test('where everything is allowed the embedded database is given in its parts', () => {
  const databaseUrl = 'postgres://me:p%40ss@127.0.0.1:6543/tripline';
  const environment = environmentOf({ DB_SSL_MODE: 'require' }, { ...EMBEDDED, databaseUrl }, ['--allow-all']);
  expect(environment).toMatchObject({
    ...{ DB_HOST: '127.0.0.1', DB_PORT: '6543', DB_USER: 'me', DB_PASSWORD: 'p@ss', DB_NAME: 'tripline' },
    PERMISSIONS_ALLOW_ALL: 'true',
  });
  expect(Object.keys(environment)).toEqual(expect.not.arrayContaining(['DATABASE_URL', 'DB_SSL_MODE']));
});

test('the demo’s receiver may be reached and is trusted, beside what was before', () => {
  const authorityFile = join(dataDir, 'demo.pem');
  writeFileSync(authorityFile, 'DEMO');
  const demo = { receiverAddress: '127.0.0.1:8443', authorityFile };
  expect(environmentOf({}, { ...EMBEDDED, demo })).toMatchObject({
    TARGET_ALLOW_CIDRS: '127.0.0.1:8443',
    NODE_EXTRA_CA_CERTS: authorityFile,
  });

  const mine = join(dataDir, 'mine.pem');
  writeFileSync(mine, 'MINE');
  const both = environmentOf({ TARGET_ALLOW_CIDRS: '10.0.0.0/8', NODE_EXTRA_CA_CERTS: mine }, { ...EMBEDDED, demo });
  expect(both.TARGET_ALLOW_CIDRS).toBe('10.0.0.0/8,127.0.0.1:8443');
  expect(readFileSync(both.NODE_EXTRA_CA_CERTS!, 'utf8')).toBe('MINE\nDEMO');
});
