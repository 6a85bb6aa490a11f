import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ADMIN_TOKEN, send, TestApi, type ApiDeveloper } from '../../test/support/api.js';
import { newApiKey } from '../access/api-key.js';
import { createLog } from '../observability/log.js';
import { newSigningSecret } from '../target/secret-box.js';

/** With characters that URLs and JSON write otherwise. */
const DATABASE_PASSWORD = 'pa55 wörd/+"%&=end';

const lines: string[] = [];
let api: TestApi;
let developer: ApiDeveloper;
let secrets: Record<string, string>;
beforeAll(async () => {
  const own = [ADMIN_TOKEN, DATABASE_PASSWORD];
  const log = createLog('debug', 'spec', { write: (line: string) => void lines.push(line) }, own);
  api = await TestApi.start({ log });
  developer = await api.developer();
  secrets = {
    'the admin token': ADMIN_TOKEN,
    'the password of the database': DATABASE_PASSWORD,
    'an API key': newApiKey(),
    'a signing secret': newSigningSecret(),
    'a key of asymmetric signatures': `whsk_${randomBytes(64).toString('base64')}`,
    'a JWT': developer.token,
  };
});
afterAll(() => api.stop());

/** Every character as `%XX`. */
const escapedWhole = (text: string) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join('');

/** What would betray a secret: it, its forms, and any eight characters in a row of what is random in it. */
function tracesOf(secret: string): string[] {
  const [, rest = secret] = /^(?:tl_live_|whs(?:ec|k)_|eyJ)(.*)$/.exec(secret) ?? [];
  const pieces = Array.from({ length: rest.length - 7 }, (_, at) => rest.slice(at, at + 8));
  return [secret, encodeURIComponent(secret), escapedWhole(secret), JSON.stringify(secret).slice(1, -1), ...pieces];
}

function expectNoTrace(): void {
  const written = lines.join('');
  expect(lines.length).toBeGreaterThan(0);
  for (const [what, secret] of Object.entries(secrets)) {
    expect([what, tracesOf(secret).filter((trace) => written.includes(trace))]).toEqual([what, []]);
  }
}

const asHeader = (text: string) => encodeURIComponent(text);

test.each<[string, (secret: string) => Promise<unknown>]>([
  ['a path', (secret) => developer.call('GET', `/v1/webhooks/${encodeURIComponent(secret)}/config`)],
  ['a path that there is not', (secret) => developer.call('GET', `/x%3D${encodeURIComponent(secret)}`)],
  ['a path where everything is escaped', (secret) => developer.call('GET', `/v1/${escapedWhole(secret)}`)],
  ['a query', (secret) => developer.call('GET', `/v1/webhooks?cursor=${encodeURIComponent(secret)}`)],
  [
    'the credentials',
    (secret) => send(api.url, 'GET', '/v1/webhooks', { authorization: `Bearer ${asHeader(secret)}` }),
  ],
  ['other credentials', (secret) => send(api.url, 'GET', '/v1/webhooks', { authorization: asHeader(secret) })],
  ['a cookie', (secret) => developer.call('GET', '/v1/webhooks', undefined, { cookie: asHeader(secret) })],
  ['a request id', (secret) => developer.call('GET', '/v1/webhooks', undefined, { 'x-request-id': asHeader(secret) })],
  [
    'a key of idempotency',
    (secret) => developer.call('POST', '/v1/webhooks', {}, { 'idempotency-key': `"${asHeader(secret)}"` }),
  ],
  ['a body', (secret) => developer.call('POST', '/v1/webhooks', developer.webhook({ secret, description: secret }))],
  ['a name in a body', (secret) => developer.call('POST', '/v1/webhooks', { [secret]: 1 })],
  ['a condition', (secret) => developer.call('POST', '/v1/webhooks', developer.webhook({ condition: `"${secret}` }))],
  [
    'a target',
    (secret) =>
      developer.call(
        'POST',
        '/v1/webhooks',
        developer.webhook({ targetURL: `https://u:${encodeURIComponent(secret)}@127.0.0.1/` }),
      ),
  ],
  [
    'a verification token',
    (secret) => developer.call('POST', '/v1/webhooks', developer.webhook({ verificationToken: secret })),
  ],
  [
    'what is no JSON',
    (secret) => developer.send('POST', '/v1/webhooks', { 'content-type': 'application/json' }, `{"a": ${secret}`),
  ],
  [
    'a type of body',
    (secret) => developer.send('POST', '/v1/webhooks', { 'content-type': `a/${asHeader(secret)}` }, '{}'),
  ],
  ['a request line', (secret) => api.raw(`GET /${secret} HTTP/9.9`)],
  ['a header that is none', (secret) => api.raw(`GET / HTTP/1.1\r\n${secret} : x\u0000`)],
  ['an admin’s path', (secret) => api.admin('GET', `/v1/admin/grants/${encodeURIComponent(secret)}`)],
])('a secret that is sent in %s is in no line of the log', async (_where, call) => {
  lines.length = 0;
  for (const secret of Object.values(secrets)) await call(secret);
  // What is no request is in no line at all.
  await developer.call('GET', '/v1/webhooks/signals');
  expectNoTrace();
});

test('a secret in an error of ours, or of the database, is in no line of the log', async () => {
  const log = createLog('debug', 'spec', { write: (line: string) => void lines.push(line) }, [
    ADMIN_TOKEN,
    DATABASE_PASSWORD,
  ]);
  let error: Error;
  const own = await TestApi.start({ log, triggers: { list: () => Promise.reject(error) } as never });
  try {
    const someone = await own.developer();
    lines.length = 0;
    for (const secret of Object.values(secrets)) {
      const cause = Object.assign(new Error(`connecting as ${secret}`), { code: 'ECONNREFUSED', password: secret });
      error = new Error(`with ${JSON.stringify({ secret })}`, { cause });
      expect((await someone.call('GET', '/v1/webhooks')).status).toBe(503);
      error = Object.assign(new Error(secret), { detail: `Key (name)=(${secret})`, [secret]: 1 });
      expect((await someone.call('GET', '/v1/webhooks')).status).toBe(500);
    }
    expect(lines).toHaveLength(4 * Object.keys(secrets).length);
  } finally {
    await own.stop();
  }
  expectNoTrace();
});
