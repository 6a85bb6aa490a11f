import { expect, test } from '@jest/globals';
import { ownSecrets } from './own-secrets.js';
import { readSettings } from './settings.js';

const KEYS = [Buffer.alloc(32, 0xfb), Buffer.alloc(32, 7)];

const ENV = {
  ADMIN_TOKEN: 'the-admin-token-1',
  DATABASE_URL: 'postgres://user:pa%2Fss@db:5432/x',
  DATABASE_DIRECT_URL: 'postgres://user@db:5432/x?password=direct-secret',
  KAFKA_BROKERS: 'broker:9092',
  KAFKA_SASL_MECHANISM: 'plain',
  KAFKA_SASL_USERNAME: 'user',
  KAFKA_SASL_PASSWORD: 'kafka-secret',
  JWK_KEY_SET_URL: 'https://issuer.example/keys',
  SECRET_ENCRYPTION_KEY: KEYS.map((key) => key.toString('base64')).join(','),
  TARGET_PROXY_URL: 'http://user:pr%40xy@proxy:3128',
};

function secretsOf(env: Record<string, string>): string[] {
  const read = readSettings(env, 'spec');
  if (read.kind === 'invalid') throw new Error(read.errors.join());
  return ownSecrets(read.settings);
}

function without(...names: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(ENV).filter(([name]) => !names.includes(name)));
}

test('every secret among the settings is named, as it was given and as it is meant', () => {
  const secrets = secretsOf(ENV);
  expect(secrets).toEqual(
    expect.arrayContaining([
      ENV.ADMIN_TOKEN,
      'pa%2Fss',
      'pa/ss',
      'direct-secret',
      ENV.KAFKA_SASL_PASSWORD,
      'pr%40xy',
      'pr@xy',
      ...KEYS.flatMap((key) => [
        key.toString('base64').replace(/=+$/, ''),
        key.toString('base64url'),
        key.toString('hex'),
      ]),
    ]),
  );
  expect(secrets).not.toContain('user');
});

test('the password of the database that is given by parts is named too', () => {
  const parts = { DB_HOST: 'db', DB_USER: 'user', DB_PASSWORD: 'by parts/', DB_NAME: 'x' };
  expect(secretsOf({ ...without('DATABASE_URL', 'DATABASE_DIRECT_URL'), ...parts })).toContain('by parts/');
});

test('what is not set is no secret', () => {
  const others = without('ADMIN_TOKEN', 'TARGET_PROXY_URL');
  expect(secretsOf({ ...others, DATABASE_URL: 'postgres://db/x' }).filter((secret) => secret.length < 4)).toEqual([]);
});
