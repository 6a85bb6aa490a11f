import { expect, test } from '@jest/globals';
import { envExample } from './env-example.js';
import { environment } from './environment.js';
import { readSettings } from './settings.js';

const REQUIRED = {
  DATABASE_URL: 'postgres://db/x',
  KAFKA_BROKERS: 'kafka:9092',
  JWK_KEY_SET_URL: 'https://auth.example/keys',
  SECRET_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
};

/** The assignments of a text, commented out or not. */
function assignments(text: string): [name: string, value: string, isComment: boolean][] {
  return [...text.matchAll(/^(#?)([A-Z_]+)=(.*)$/gm)].map(([, hash, name, value]) => [name!, value!, hash === '#']);
}

test('every setting stands in it once, under a description', () => {
  const names = assignments(envExample()).map(([name]) => name);
  expect(names).toEqual(Object.keys(environment.shape));
  for (const block of envExample().trim().split('\n\n').slice(1)) expect(block).toMatch(/^# \S.{9,}\n/);
});

test('what is required is to be filled in, all else is a comment', () => {
  const open = assignments(envExample()).filter(([, , isComment]) => !isComment);
  expect(open.map(([name]) => name)).toEqual(['KAFKA_BROKERS', 'JWK_KEY_SET_URL', 'SECRET_ENCRYPTION_KEY']);
});

test('its defaults, set, change nothing', () => {
  const defaults = Object.fromEntries(assignments(envExample()).map(([name, value]) => [name, value]));
  expect(readSettings({ ...defaults, ...REQUIRED }, 'h')).toEqual(readSettings(REQUIRED, 'h'));
  expect(readSettings(REQUIRED, 'h').kind).toBe('ok');
});

test('no line is too long to read', () => {
  for (const line of envExample().split('\n')) expect(line.length).toBeLessThanOrEqual(120);
});
