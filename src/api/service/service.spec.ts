import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TestApi, send, type ApiDeveloper } from '../../../test/support/api.js';
import type { LicenseDirectory } from '../../access/license-directory.js';
import type { Verdict } from '../../access/permission-provider.js';
import { Health } from '../../observability/health.js';
import type { Log } from '../../observability/log.js';

class ScriptedLicenses implements LicenseDirectory {
  verdict: Verdict = 'granted';
  isDeveloperLicense(): Promise<Verdict> {
    return Promise.resolve(this.verdict);
  }
}

interface Line {
  level: string;
  fields: Record<string, unknown>;
  message: string;
}

function recordingLog(lines: Line[]): Log {
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as Record<string, unknown>, message });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => recordingLog(lines),
  };
}

let api: TestApi;
let developer: ApiDeveloper;
let isReady = true;
const licenses = new ScriptedLicenses();
const lines: Line[] = [];

beforeAll(async () => {
  const health = new Health();
  health.register('database', () => isReady);
  api = await TestApi.start({ licenses, health, log: recordingLog(lines) }, ['https://console.example']);
  developer = await api.developer();
});
afterAll(() => api.stop());

const get = (path: string, headers = {}) => send(api.url, 'GET', path, headers);

describe('open to anyone', () => {
  test('the root says who answers', async () => {
    const answer = await get('/');
    expect([answer.status, answer.text]).toEqual([200, 'Tripline: telemetry triggers\n']);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  test('the process lives, whether or not it can work', async () => {
    isReady = false;
    const health = await get('/health');
    expect([health.status, health.body]).toEqual([200, { data: 'Server is up and running' }]);
    const ready = await get('/ready');
    expect([ready.status, ready.body]).toEqual([503, { ready: false, checks: { database: false } }]);
    isReady = true;
    expect((await get('/ready')).status).toBe(200);
  });

  test.each([
    ['/v1/swagger', '/swagger'],
    ['/v1/swagger/index.html', '/swagger/index.html'],
    ['/v1/swagger/doc.json', '/swagger/doc.json'],
  ])('%s leads to %s', async (path, location) => {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('location')]).toEqual([307, location]);
    expect((await get(location)).status).toBe(200);
  });

  test('the page of the document loads nothing from elsewhere', async () => {
    const page = await get('/swagger');
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    expect(page.text.match(/(?:src|href)="[^"]*"/g)?.filter((link) => /\/\/|:/.test(link))).toEqual([]);
    const scripts = [...page.text.matchAll(/(?:src|href)="\.\/([^"]*)"/g)].map(([, path]) => `/${path}`);
    expect(scripts.length).toBeGreaterThan(3);
    for (const path of scripts) expect((await get(path)).status).toBe(200);
    expect((await get('/swagger/swagger-ui-init.js')).text).toContain('"validatorUrl": null');
  });
});

describe('who calls', () => {
  test.each([
    ['no header', undefined, 'missing or malformed JWT'],
    ['another scheme', 'Basic abc', 'missing or malformed JWT'],
    ['no token', 'Bearer ', 'missing or malformed JWT'],
    ['two tokens', 'Bearer a b', 'missing or malformed JWT'],
    ['what is no JWT', 'Bearer abc', 'Invalid or expired JWT'],
  ])('%s is not let in', async (_what, authorization, message) => {
    const answer = await get('/v1/webhooks', authorization === undefined ? {} : { authorization });
    expect(answer.body).toMatchObject({ status: 401, code: 401, message });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const isRefused = message.startsWith('Invalid');
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="tripline"${isRefused ? ', error="invalid_token"' : ''}`,
    );
  });

  test.each([
    ['expired', { expiresIn: -120 }],
    ['of nobody', { license: undefined }],
    ['of another key', { header: { kid: 'other' } }],
  ])('a token that is %s is not let in', async (_what, request) => {
    const token = await api.issuer.issue({ license: developer.license, ...request });
    const answer = await get('/v1/webhooks', { authorization: `Bearer ${token}` });
    expect(answer.body).toMatchObject({ status: 401, message: 'Invalid or expired JWT' });
  });

  test('the scheme may be written in any letter case', async () => {
    expect((await get('/v1/webhooks', { authorization: `bearer ${developer.token}` })).status).toBe(200);
  });

  test.each<[Verdict, number, string]>([
    ['denied', 403, 'JWT is not from a developer license'],
    ['unknown', 503, 'Failed to verify developer license'],
  ])('a license of which the register says %s answers %i', async (verdict, status, message) => {
    licenses.verdict = verdict;
    const answer = await developer.call('GET', '/v1/webhooks');
    licenses.verdict = 'granted';
    expect(answer.body).toMatchObject({ status, message });
    expect(answer.headers.has('retry-after')).toBe(status === 503);
  });

  test('keys that cannot be had answer 503 with a time to ask again', async () => {
    const own = await TestApi.start();
    try {
      const someone = await own.developer();
      own.issuer.state = 'down';
      const answer = await someone.call('GET', '/v1/webhooks');
      expect(answer.body).toMatchObject({ status: 503, message: 'Failed to verify JWT' });
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    } finally {
      await own.stop();
    }
  });
});

describe('every answer', () => {
  test.each([
    ['of a client, when it is one', 'abc-123', 'abc-123'],
    ['of ours, when the client has none', undefined, /^[0-9a-f-]{36}$/],
    ['of ours, when the client has a bad one', 'a b"c', /^[0-9a-f-]{36}$/],
    ['of ours, when the client has a very long one', 'x'.repeat(129), /^[0-9a-f-]{36}$/],
  ])('has the request id %s', async (_whose, given, expected) => {
    for (const path of ['/', '/v1/webhooks', '/nowhere', '/swagger/doc.json']) {
      const answer = await get(path, given === undefined ? {} : { 'x-request-id': given });
      expect(answer.headers.get('x-request-id')).toEqual(
        typeof expected === 'string' ? expected : expect.stringMatching(expected),
      );
    }
  });

  test('is kept by no cache and names no framework', async () => {
    const answer = await developer.call('GET', '/v1/webhooks');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.has('x-powered-by')).toBe(false);
    expect(answer.headers.has('etag')).toBe(false);
  });

  test('is one line in the log, without the token', async () => {
    lines.length = 0;
    await developer.call('GET', '/v1/webhooks?limit=2', undefined, { 'x-request-id': 'seen' });
    await developer.call('GET', '/nowhere');
    expect(lines).toMatchObject([
      {
        level: 'info',
        fields: { requestId: 'seen', method: 'GET', path: '/v1/webhooks', status: 200, license: developer.license },
      },
      { level: 'info', fields: { path: '/nowhere', status: 404 } },
    ]);
    expect(JSON.stringify(lines)).not.toContain(developer.token);
  });

  test('may be read by the pages that were named, and by no others', async () => {
    const origin = 'https://console.example';
    expect((await get('/health', { origin })).headers.get('access-control-allow-origin')).toBe(origin);
    expect(
      (await get('/health', { origin: 'https://evil.example' })).headers.get('access-control-allow-origin'),
    ).toBeNull();
  });
});

test.each([
  ['GET', '/nowhere', 404, undefined],
  ['GET', '/v2/webhooks', 404, undefined],
  ['POST', '/health', 405, 'GET'],
  ['PUT', '/v1/webhooks', 405, 'GET, POST'],
  ['GET', '/v1/conditions/check', 405, 'POST'],
])('%s %s answers %i', async (method, path, status, allow) => {
  const answer = await send(api.url, method, path);
  expect(answer.body).toMatchObject({ status, code: status });
  expect(answer.headers.get('allow') ?? undefined).toBe(allow);
});

test('our own faults say no more than an id, which the log explains', async () => {
  const own = await TestApi.start({ log: recordingLog(lines), triggers: undefined as never });
  try {
    lines.length = 0;
    const someone = await own.developer();
    const answer = await someone.call('GET', '/v1/webhooks');
    expect(answer.body).toMatchObject({ status: 500, message: 'Internal error' });
    const requestId = answer.headers.get('x-request-id');
    expect(answer.body.detail).toContain(requestId);
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([{ fields: { requestId } }]);
  } finally {
    await own.stop();
  }
});
