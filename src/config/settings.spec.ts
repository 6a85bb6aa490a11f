import { describe, expect, test } from '@jest/globals';
import { readSettings } from './settings.js';
import type { Settings } from './settings.js';

const KEY = Buffer.alloc(32, 7).toString('base64');
const SECRET = 'correct-horse-battery';

/** The least that is needed. */
const REQUIRED = {
  DATABASE_URL: 'postgres://user:pw@db:5432/tripline',
  KAFKA_BROKERS: 'kafka:9092',
  JWK_KEY_SET_URL: 'https://auth.example/keys',
  SECRET_ENCRYPTION_KEY: KEY,
};

function settingsOf(env: Record<string, string | undefined>): Settings {
  const read = readSettings({ ...REQUIRED, ...env }, 'host-1');
  if (read.kind === 'invalid') throw new Error(read.errors.join('\n'));
  return read.settings;
}

function errorsOf(env: Record<string, string | undefined>): string[] {
  const read = readSettings(env, 'host-1');
  return read.kind === 'invalid' ? read.errors : [];
}

test('what is not set has its default', () => {
  expect(settingsOf({})).toEqual({
    role: 'all',
    instanceName: 'host-1',
    logLevel: 'info',
    shutdownGraceMs: 25_000,
    shutdownDrainMs: 2_000,
    http: {
      ...{ host: '0.0.0.0', port: 3003, monitoringPort: 8888, adminToken: undefined, corsOrigins: [] },
      console: { signInFile: undefined },
    },
    database: { url: REQUIRED.DATABASE_URL, directUrl: undefined, poolSize: 10 },
    kafka: {
      brokers: ['kafka:9092'],
      groupId: 'vehicle-triggers',
      ssl: false,
      sslAuthorityFile: undefined,
      sasl: undefined,
      signalsTopic: 'topic.device.signals',
      eventsTopic: 'topic.device.events',
      sessionMs: 10_000,
      createTopicsPartitions: undefined,
    },
    catalogFile: undefined,
    tokens: { jwksUrl: REQUIRED.JWK_KEY_SET_URL, issuer: undefined, audience: undefined },
    dimo: undefined,
    permissionCacheSeconds: 60,
    allowsAll: false,
    vehicleContract: undefined,
    encryptionKeys: [Buffer.alloc(32, 7)],
    targetAllow: [],
    targetProxyUrl: undefined,
    delivery: {
      timeoutMs: 10_000,
      retrySchedule: 'stepped',
      concurrency: 100,
      concurrencyPerEndpoint: 10,
      leaseSeconds: 15,
      maxFailureCount: undefined,
      maxFailureHours: 120,
    },
    quotas: {
      ...{ webhooks: 1_000, endpoints: 100, subscriptions: 5_000_000, apiKeys: 100 },
      ...{ requestsPerMinute: 6_000, probesPerMinute: 60, firingsPerMinute: 60_000, deliveriesPerMinute: 120_000 },
      pendingDeliveries: 1_000_000,
    },
    eventRetentionDays: 30,
  });
});

test('a setting that is blank counts as not set', () => {
  expect(settingsOf({ PORT: '', LOG_LEVEL: '  ', ADMIN_TOKEN: '' })).toEqual(settingsOf({}));
});

test('blanks around a value are dropped', () => {
  expect(settingsOf({ PORT: ' 80 ', KAFKA_BROKERS: ' a:1 , b:2, ' })).toMatchObject({
    http: { port: 80 },
    kafka: { brokers: ['a:1', 'b:2'] },
  });
});

describe('what is set is read', () => {
  test.each<[Record<string, string>, object]>([
    [
      { ROLE: 'ENGINE', INSTANCE_NAME: 'engine-1' },
      { role: 'engine', instanceName: 'engine-1' },
    ],
    [{ PORT: '0', MON_PORT: '0', HOST: '::' }, { http: { port: 0, monitoringPort: 0, host: '::' } }],
    [{ CONSOLE: 'OFF' }, { http: { console: undefined } }],
    ...['127.0.0.1', 'localhost', '::1'].map((HOST): [Record<string, string>, object] => [
      { CONSOLE_SIGN_IN_FILE: '/x.json', HOST },
      { http: { console: { signInFile: '/x.json' } } },
    ]),
    [
      { QUOTA_FIRINGS_PER_MINUTE: '1', QUOTA_PENDING_DELIVERIES: '5000' },
      { quotas: { firingsPerMinute: 1, pendingDeliveries: 5_000 } },
    ],
    [{ KAFKA_SSL: 'TRUE', KAFKA_CREATE_TOPICS_PARTITIONS: '12' }, { kafka: { ssl: true, createTopicsPartitions: 12 } }],
    [
      { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' },
      { kafka: { sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' } } },
    ],
    [
      { IDENTITY_API_URL: 'http://identity/query', TOKEN_EXCHANGE_GRPC_ADDR: 'exchange:8086' },
      { dimo: { identityUrl: 'http://identity/query', tokenExchangeAddress: 'exchange:8086' } },
    ],
    [
      { VEHICLE_NFT_ADDRESS: '0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF', DIMO_REGISTRY_CHAIN_ID: '137' },
      { vehicleContract: { address: '0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF', chainId: 137 } },
    ],
    [
      { SECRET_ENCRYPTION_KEY: `${KEY}, ${Buffer.alloc(32, 255).toString('base64url')}` },
      { encryptionKeys: [Buffer.alloc(32, 7), Buffer.alloc(32, 255)] },
    ],
    [
      { TARGET_ALLOW_CIDRS: '10.0.0.0/8, fd00::/8,127.0.0.1:8443,[::1]:8443,192.168.1.1' },
      { targetAllow: ['10.0.0.0/8', 'fd00::/8', '127.0.0.1:8443', '[::1]:8443', '192.168.1.1'] },
    ],
    [
      { TARGET_PROXY_URL: 'https://me:p%40ss@proxy.example:3128' },
      { targetProxyUrl: 'https://me:p%40ss@proxy.example:3128' },
    ],
    [{ DELIVERY_RETRY_SCHEDULE: '1s,2m,1h' }, { delivery: { retrySchedule: '1s,2m,1h' } }],
    [
      { KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: '/etc/kafka/ca.pem' },
      { kafka: { ssl: true, sslAuthorityFile: '/etc/kafka/ca.pem' } },
    ],
    [{ SHUTDOWN_DRAIN_SECONDS: '12' }, { shutdownDrainMs: 12_000 }],
    [{ SHUTDOWN_GRACE_SECONDS: '4' }, { shutdownDrainMs: 1_000 }],
    [{ DELIVERY_LEASE_SECONDS: '5' }, { delivery: { leaseSeconds: 5 } }],
    [{ MAX_WEBHOOK_FAILURE_COUNT: '100' }, { delivery: { maxFailureCount: 100 } }],
    [{ MAX_WEBHOOK_FAILURE_HOURS: '8760' }, { delivery: { maxFailureHours: 8_760 } }],
  ])('%j', (env, expected) => {
    expect(settingsOf(env)).toMatchObject(expected);
  });
});

describe("the database in upstream's parts", () => {
  const PARTS = { DATABASE_URL: undefined, DB_HOST: 'db', DB_USER: 'me', DB_PASSWORD: 'p@ss/w:rd', DB_NAME: 'x' };

  test.each<[Record<string, string | undefined>, string]>([
    [{}, 'postgres://me:p%40ss%2Fw%3Ard@db:5432/x?sslmode=disable'],
    [{ DB_PORT: '6432', DB_PASSWORD: undefined }, 'postgres://me@db:6432/x?sslmode=disable'],
    [{ DB_SSL_MODE: 'require' }, 'postgres://me:p%40ss%2Fw%3Ard@db:5432/x?uselibpqcompat=true&sslmode=require'],
    [{ DB_SSL_MODE: 'verify-ca' }, 'postgres://me:p%40ss%2Fw%3Ard@db:5432/x?sslmode=verify-full'],
    [
      { DB_SSL_MODE: 'verify-full', DB_SSL_ROOT_CERT: '/etc/ca & co.pem' },
      'postgres://me:p%40ss%2Fw%3Ard@db:5432/x?sslmode=verify-full&sslrootcert=%2Fetc%2Fca%20%26%20co.pem',
    ],
    [{ DB_HOST: '::1' }, 'postgres://me:p%40ss%2Fw%3Ard@[::1]:5432/x?sslmode=disable'],
    [{ DATABASE_URL: 'postgres://other/y' }, 'postgres://other/y'],
    [{ DATABASE_URL: 'postgres://other/y', DB_SSL_ROOT_CERT: '/etc/ca.pem' }, 'postgres://other/y'],
  ])('%j', (env, url) => {
    expect(settingsOf({ ...PARTS, ...env }).database.url).toBe(url);
  });
});

const OWN_DATABASE = { DATABASE_URL: undefined, DB_USER: 'me', DB_NAME: 'x', PERMISSIONS_ALLOW_ALL: 'true' };

test.each(['localhost', '127.0.0.1', '127.9.9.9', '::1'])(
  'everything may be allowed on a database at %s',
  (DB_HOST) => {
    expect(settingsOf({ ...OWN_DATABASE, DB_HOST }).allowsAll).toBe(true);
  },
);

describe('an error names the setting and what it must be', () => {
  test.each<[Record<string, string | undefined>, string]>([
    [{ KAFKA_BROKERS: undefined }, 'KAFKA_BROKERS is not set: it must be a list of host:port, separated by commas'],
    [{ JWK_KEY_SET_URL: undefined }, 'JWK_KEY_SET_URL is not set'],
    [{ SECRET_ENCRYPTION_KEY: undefined }, 'SECRET_ENCRYPTION_KEY is not set: it must be keys of 32 bytes in base64'],
    [{ DATABASE_URL: undefined }, 'DATABASE_URL is not set: set it, or DB_HOST'],
    [{ DATABASE_URL: undefined, DB_HOST: 'db', DB_NAME: 'x' }, 'DB_USER is not set'],
    [{ DATABASE_URL: 'mysql://db/x' }, 'DATABASE_URL must be a URL that begins with postgres://'],
    [{ PORT: 'abc' }, 'PORT must be a whole number from 0 to 65535, but is "abc"'],
    [{ PORT: '65536' }, 'PORT must be'],
    [{ PORT: '-1' }, 'PORT must be'],
    [{ PORT: '80.5' }, 'PORT must be'],
    [{ PORT: '1e3' }, 'PORT must be'],
    [{ ROLE: 'worker' }, 'ROLE must be one of all, api, engine, delivery, but is "worker"'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of'],
    [{ KAFKA_BROKERS: 'kafka' }, 'KAFKA_BROKERS must be a list of host:port'],
    [{ KAFKA_BROKERS: 'a:9092,b' }, 'KAFKA_BROKERS must be'],
    [{ KAFKA_BROKERS: ',' }, 'KAFKA_BROKERS must be'],
    [{ KAFKA_BROKERS: 'a:70000' }, 'KAFKA_BROKERS must be'],
    [{ KAFKA_SSL: 'yes' }, 'KAFKA_SSL must be true or false, but is "yes"'],
    [{ DEVICE_SIGNALS_TOPIC: 'a b' }, 'DEVICE_SIGNALS_TOPIC must be'],
    [{ JWK_KEY_SET_URL: 'auth.example/keys' }, 'JWK_KEY_SET_URL must be a URL that begins with https:// or http://'],
    [{ IDENTITY_API_URL: 'http://i/q' }, 'TOKEN_EXCHANGE_GRPC_ADDR must be set beside IDENTITY_API_URL'],
    [{ TOKEN_EXCHANGE_GRPC_ADDR: 'x:1' }, 'IDENTITY_API_URL must be set beside TOKEN_EXCHANGE_GRPC_ADDR'],
    [{ KAFKA_SASL_USERNAME: 'u' }, 'KAFKA_SASL_MECHANISM and KAFKA_SASL_PASSWORD must be set beside'],
    [{ VEHICLE_NFT_ADDRESS: `0x${'1'.repeat(40)}` }, 'DIMO_REGISTRY_CHAIN_ID must be set beside VEHICLE_NFT_ADDRESS'],
    [{ KAFKA_SSL_CA_FILE: '/ca.pem' }, 'KAFKA_SSL must be true beside KAFKA_SSL_CA_FILE'],
    [{ KAFKA_SSL_CA_FILE: '/ca.pem', KAFKA_SSL: '0' }, 'KAFKA_SSL must be true beside KAFKA_SSL_CA_FILE'],
    [
      { DATABASE_URL: undefined, DB_HOST: 'db', DB_USER: 'me', DB_NAME: 'x', DB_SSL_ROOT_CERT: '/ca.pem' },
      'DB_SSL_MODE must not be disable beside DB_SSL_ROOT_CERT',
    ],
    [{ VEHICLE_NFT_ADDRESS: '0x12', DIMO_REGISTRY_CHAIN_ID: '1' }, 'VEHICLE_NFT_ADDRESS must be an Ethereum address'],
    [{ SECRET_ENCRYPTION_KEY: 'short' }, 'SECRET_ENCRYPTION_KEY must be keys of 32 bytes'],
    [{ SECRET_ENCRYPTION_KEY: `${KEY},x` }, 'SECRET_ENCRYPTION_KEY must be keys of 32 bytes'],
    [{ TARGET_ALLOW_CIDRS: '10.0.0.0/33' }, 'TARGET_ALLOW_CIDRS must be networks'],
    [{ TARGET_ALLOW_CIDRS: '300.0.0.0/8' }, 'TARGET_ALLOW_CIDRS must be networks'],
    [{ TARGET_ALLOW_CIDRS: 'localhost:80' }, 'TARGET_ALLOW_CIDRS must be networks'],
    [{ TARGET_ALLOW_CIDRS: '127.0.0.1:0' }, 'TARGET_ALLOW_CIDRS must be networks'],
    [{ TARGET_ALLOW_CIDRS: 'fd00::/129' }, 'TARGET_ALLOW_CIDRS must be networks'],
    [{ TARGET_ALLOW_CIDRS: '10.0.0.0/8/8' }, 'TARGET_ALLOW_CIDRS must be networks'],
    ...['proxy:3128', 'socks5://proxy:1080', 'http://', 'http://proxy/path', 'http://proxy:0', 'http://%ff@proxy'].map(
      (url): [Record<string, string>, string] => [{ TARGET_PROXY_URL: url }, 'TARGET_PROXY_URL must be a URL such as'],
    ),
    [{ DELIVERY_RETRY_SCHEDULE: 'often' }, 'DELIVERY_RETRY_SCHEDULE must be stepped'],
    [
      { SHUTDOWN_DRAIN_SECONDS: '13' },
      'SHUTDOWN_DRAIN_SECONDS must be at most half of SHUTDOWN_GRACE_SECONDS, which is 25',
    ],
    [{ DELIVERY_LEASE_SECONDS: '0' }, 'DELIVERY_LEASE_SECONDS must be'],
    [{ MAX_WEBHOOK_FAILURE_COUNT: '0' }, 'MAX_WEBHOOK_FAILURE_COUNT must be'],
    [{ MAX_WEBHOOK_FAILURE_HOURS: '8761' }, 'MAX_WEBHOOK_FAILURE_HOURS must be'],
    [{ EVENT_RETENTION_DAYS: '2' }, 'EVENT_RETENTION_DAYS must be a whole number from 3'],
    [{ PERMISSION_CACHE_SECONDS: '61' }, 'PERMISSION_CACHE_SECONDS must be a whole number from 0 to 60'],
    [{ CONSOLE: 'no' }, 'CONSOLE must be one of on, off'],
    ...[undefined, '0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example'].map(
      (HOST): [Record<string, string | undefined>, string] => [
        { CONSOLE_SIGN_IN_FILE: '/x.json', HOST },
        'CONSOLE_SIGN_IN_FILE must not be set unless HOST is this machine alone (127.0.0.1)',
      ],
    ),
    [{ PERMISSIONS_ALLOW_ALL: 'true' }, 'PERMISSIONS_ALLOW_ALL must not be set beside DATABASE_URL: it lets every'],
    [{ ...OWN_DATABASE, PERMISSIONS_ALLOW_ALL: '1', DATABASE_URL: 'postgres://localhost/x' }, 'beside DATABASE_URL:'],
    ...['db', '10.0.0.1', 'localhost.example', '127.0.0.1.example', '128.0.0.1'].map(
      (DB_HOST): [Record<string, string | undefined>, string] => [
        { ...OWN_DATABASE, DB_HOST },
        'PERMISSIONS_ALLOW_ALL must not be set beside a DB_HOST that is not this machine',
      ],
    ),
    [
      { ...OWN_DATABASE, DB_HOST: '::1', IDENTITY_API_URL: 'http://i/q', TOKEN_EXCHANGE_GRPC_ADDR: 'x:1' },
      'PERMISSIONS_ALLOW_ALL must not be set beside IDENTITY_API_URL and TOKEN_EXCHANGE_GRPC_ADDR',
    ],
    [
      { ...OWN_DATABASE, DB_HOST: '::1', DATABASE_DIRECT_URL: 'postgres://elsewhere/x' },
      'PERMISSIONS_ALLOW_ALL must not be set beside DATABASE_DIRECT_URL',
    ],
    ...[
      'short',
      'sixteen with blanks',
      'sechzehn-zeichen-ä',
      `sixteen\u0007-characters`,
      `sixteen\u00a0-characters`,
    ].map((ADMIN_TOKEN): [Record<string, string>, string] => [
      { ADMIN_TOKEN },
      'ADMIN_TOKEN must be at least 16 characters',
    ]),
    ...['https://*.example', 'https://*', 'https://a.example,http://*:80', 'https://a.example/'].map(
      (CORS_ORIGINS): [Record<string, string>, string] => [{ CORS_ORIGINS }, 'CORS_ORIGINS must be origins such as'],
    ),
  ])('%j', (env, error) => {
    expect(errorsOf({ ...REQUIRED, ...env })).toEqual([expect.stringContaining(error)]);
  });
});

test('every error is named at once, those between settings too', () => {
  const errors = errorsOf({ PORT: 'x', ROLE: 'y', IDENTITY_API_URL: 'z', KAFKA_SASL_USERNAME: 'u' });
  for (const name of ['PORT', 'ROLE', 'IDENTITY_API_URL', 'TOKEN_EXCHANGE_GRPC_ADDR', 'KAFKA_SASL_MECHANISM']) {
    expect(errors).toContainEqual(expect.stringContaining(name));
  }
  for (const name of ['DATABASE_URL', 'KAFKA_BROKERS', 'JWK_KEY_SET_URL', 'SECRET_ENCRYPTION_KEY']) {
    expect(errors).toContainEqual(expect.stringMatching(`^${name} is not set`));
  }
  expect(errors).toHaveLength(9);
});

test.each([
  ['DATABASE_URL', `mysql://user:${SECRET}@db/x`],
  ['DATABASE_DIRECT_URL', SECRET],
  ['SECRET_ENCRYPTION_KEY', SECRET],
  ['ADMIN_TOKEN', `with blank ${SECRET}`],
  ['TARGET_PROXY_URL', `socks5://user:${SECRET}`],
  ['JWK_KEY_SET_URL', `ftp://user:${SECRET}@host/keys`],
])('an error does not repeat a secret: %s', (name, text) => {
  const errors = errorsOf({ ...REQUIRED, [name]: text });
  expect(errors).toHaveLength(1);
  expect(errors.join()).toContain(name);
  expect(errors.join()).not.toContain(SECRET);
});
