import { describe, expect, test } from '@jest/globals';
import { createLog, silentLog } from './log.js';

/** A log at `info` and what it wrote, parsed. */
function recordingLog(level = 'info', ownSecrets: string[] = []) {
  const lines: string[] = [];
  const log = createLog(level, 'tripline', { write: (line: string) => void lines.push(line) }, ownSecrets);
  return { log, lines, entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const OWN_NAME = 'own-secret-as-name';
const SECRET = 'correct-horse-battery';
const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';

test('a line is JSON with level, time, name, fields and message', () => {
  const { log, entries } = recordingLog();
  log.info({ vehicle: 'did:x', count: 3 }, 'Something happened');
  expect(entries()).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      name: 'tripline',
      vehicle: 'did:x',
      count: 3,
      msg: 'Something happened',
    },
  ]);
});

test('lines below the level are not written', () => {
  const { log, lines } = recordingLog('warn');
  log.debug({}, 'a');
  log.info({}, 'b');
  log.warn({}, 'c');
  log.error({}, 'd');
  expect(lines).toHaveLength(2);
});

test('an unknown level is refused', () => {
  expect(() => createLog('loud')).toThrow();
});

test.each<[string, object]>([
  ['token', { token: SECRET }],
  ['authorization header', { headers: { Authorization: SECRET } }],
  ['nested deep', { a: { b: [{ c: { secret: SECRET } }] } }],
  ['kebab case', { headers: { 'x-api-key': SECRET, 'webhook-signature': SECRET } }],
  ['snake case', { env: { ADMIN_TOKEN: SECRET, KAFKA_SASL_PASSWORD: SECRET, SECRET_ENCRYPTION_KEY: SECRET } }],
  ['camel case', { verificationToken: SECRET, signingSecret: SECRET }],
  ['a list of secrets', { secrets: [SECRET] }],
  ['an object of secrets', { credentials: { user: SECRET } }],
  ['bearer in a text', { note: `got Bearer ${SECRET} from a client` }],
  ['password in a URL', { url: `postgres://user:${SECRET}@db:5432/x` }],
  ['password with an @ in a URL', { url: `postgres://user:p@ss${SECRET}@db:5432/x` }],
  ['a signing secret in a text', { body: `{"secret":"whsec_${SECRET}"}` }],
  ['an API key in a text', { note: `tl_live_${SECRET}` }],
  ['an error', { err: new Error(`cannot connect to https://user:${SECRET}@x/`) }],
  ['the cause of an error', { err: new Error('a', { cause: new Error(`Bearer ${SECRET}`) }) }],
  ['a member of an error', { err: Object.assign(new Error('a'), { config: { password: SECRET } }) }],
  ['a URL object', { target: new URL(`https://user:${SECRET}@host/`) }],
])('a secret is never written: %s', (_, fields) => {
  const { log, lines } = recordingLog();
  log.info(fields, 'x');
  log.child(fields).info({}, 'y');
  expect(lines).toHaveLength(2);
  expect(lines.join()).not.toContain(SECRET);
});

test('a token is taken out of the message and of any field', () => {
  const { log, lines } = recordingLog();
  log.warn({ reason: `cannot read ${JWT}` }, `refused ${JWT}`);
  expect(lines.join()).not.toMatch(/eyJ|c2lnbmF0dXJl/);
});

describe('secrets of our own', () => {
  const OWN = 'pa55 (w\u00f6rd)/+"%$end';

  test.each<[string, string]>([
    ['as it is', OWN],
    ['in a text', `a${OWN}b`],
    ['in the path of a request', `/v1/${encodeURIComponent(OWN)}/x`],
    ['with small letters of escapes', encodeURIComponent(OWN).toLowerCase()],
    ['with every character escaped', [...Buffer.from(OWN)].map((byte) => `%${byte.toString(16)}`).join('')],
    ['in a query, as forms write it', new URLSearchParams({ a: OWN }).toString()],
    ['in JSON', JSON.stringify({ a: OWN })],
    ['where a long text is cut', 'x'.repeat(8180) + OWN],
    ['where a long text is cut after others', OWN.repeat(1000)],
  ])('are hidden wherever they turn up: %s', (_, text) => {
    const { log, lines } = recordingLog('info', ['another-secret', OWN]);
    log.info({ text, list: [{ text }], err: new Error(text), [text]: 1 }, text);
    log.child({ text }).info({}, text);
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toMatch(/pa55|%70%61|rd\)?\/|end/i);
    expect(lines.join()).toMatch(/\[hidden\]|x… \(8\d+ characters\)/);
  });

  test('leave the rest of a line as it was, and blank ones hide nothing', () => {
    const { log, entries } = recordingLog('info', ['', 'abc', 'p.ssword', 'p.ss']);
    log.info({ path: '/abc/password/p%2Essword/p.ss%2Fx' }, 'x');
    expect(entries()[0]).toMatchObject({ path: '/abc/password/[hidden]/[hidden]%2Fx' });
  });
});

test.each([
  ['a key behind an escape', '/x%3Dtl_live_AbCd-123'],
  ['a key in escapes', '/tl%5Flive%5F%41bCd-123'],
  ['a signing secret with escapes', '/whsec_AbCd%2B123%3D'],
  ['a private key', 'whsk_AbCd/123'],
  ['a bearer token in a path', '/Bearer%20AbCd-123'],
])('what betrays itself is hidden in a URL too: %s', (_, text) => {
  const { log, lines } = recordingLog();
  log.info({ text }, 'x');
  expect(lines.join()).not.toMatch(/bCd|123/);
});

test('what only sounds like a secret stays', () => {
  const { log, entries } = recordingLog();
  log.info({ hasToken: true, token: undefined, tokenId: 7, secretary: 'Ann', url: 'https://a.example/b@c' }, 'x');
  expect(entries()[0]).toMatchObject({ hasToken: true, tokenId: 7, secretary: 'Ann', url: 'https://a.example/b@c' });
});

test('an error is written with type, message, stack, code and cause', () => {
  const { log, entries } = recordingLog();
  log.error(
    { err: Object.assign(new TypeError('no'), { code: 'E1' }), other: new Error('a', { cause: new Error('b') }) },
    'x',
  );
  expect(entries()[0]).toMatchObject({
    err: { type: 'TypeError', message: 'no', code: 'E1', stack: expect.stringContaining('log.spec') },
    other: { message: 'a', cause: { message: 'b' } },
  });
});

test('cycles, big integers, buffers and long texts cannot harm a line', () => {
  const { log, lines, entries } = recordingLog();
  const cycle: Record<string, unknown> = {
    at: new Date(0),
    big: 2n ** 64n,
    bytes: Buffer.from('abc'),
    text: 'x'.repeat(1_000_000),
  };
  cycle.self = cycle;
  log.info(cycle, 'x');
  expect(entries()[0]).toMatchObject({
    at: '1970-01-01T00:00:00.000Z',
    big: '18446744073709551616',
    bytes: '[3 bytes]',
  });
  expect(lines[0]!.length).toBeLessThan(200_000);
});

test('a child writes its fields with each line', () => {
  const { log, entries } = recordingLog();
  log.child({ topic: 't' }).child({ partition: 1 }).info({ offset: 5n }, 'x');
  expect(entries()[0]).toMatchObject({ topic: 't', partition: 1, offset: '5' });
});

test('the silent log can be used like any other', () => {
  expect(() => silentLog.child({}).error({}, 'x')).not.toThrow();
});

test.each<[string, string]>([
  ['in capitals', `BEARER ${SECRET}`],
  ['basic', `basic ${SECRET}`],
  ['behind an escaped letter', `https://us%65r:${SECRET}@host/`],
  ['with an escaped letter in the mark', `whs%65c_${SECRET}`],
  ['a text as long as is written', `${'x'.repeat(8_192 - SECRET.length - 8)} Bearer ${SECRET}`],
])('a quick look at a text misses no secret: %s', (_, text) => {
  const { log, lines } = recordingLog();
  log.info({ text }, text);
  expect(lines.join()).not.toContain(SECRET);
});

test('a field is as secret the second time as the first', () => {
  const { log, entries } = recordingLog('info', [OWN_NAME]);
  for (let time = 0; time < 2; time++) log.info({ apiKey: SECRET, [OWN_NAME]: 1, plain: 'a' }, 'x');
  const [first, second] = entries().map((entry) => ({ ...entry, time: undefined }));
  expect(second).toEqual(first);
  expect(second).toMatchObject({ apiKey: '[hidden]', '[hidden]': 1, plain: 'a' });
});
