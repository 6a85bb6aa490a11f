import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADMIN_TOKEN, send, TestApi, vehicle, type Answer, type ApiDeveloper } from '../../test/support/api.js';

const ORIGIN = 'https://console.example';

let api: TestApi;
let developer: ApiDeveloper;
beforeAll(async () => {
  api = await TestApi.start({}, [ORIGIN, 'http://localhost:5173']);
  developer = await api.developer();
});
afterAll(() => api.stop());

const corsOf = ({ headers }: Answer) => [...headers].filter(([name]) => name.startsWith('access-control-'));
const listOf = ({ headers }: Answer, name: string) => (headers.get(name) ?? '').split(',').map((each) => each.trim());

function preflight(origin: string, method: string, headers: string): Promise<Answer> {
  return send(api.url, 'OPTIONS', '/v1/webhooks/1', {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': headers,
  });
}

describe('scripts of pages', () => {
  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])(
    'of a listed origin may %s with every header we know',
    async (method) => {
      const names = ['authorization', 'content-type', 'idempotency-key', 'last-event-id', 'x-request-id'];
      const answer = await preflight(ORIGIN, method, names.join(','));
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, ORIGIN]);
      expect(listOf(answer, 'access-control-allow-methods')).toContain(method);
      expect(listOf(answer, 'access-control-allow-headers')).toEqual(expect.arrayContaining(names));
      expect(answer.headers.get('access-control-max-age')).toBe('600');
      expect(listOf(answer, 'vary')).toContain('Origin');
    },
  );

  test.each([
    ['another', 'https://evil.example'],
    ['one that begins like a listed one', `${ORIGIN}.evil.example`],
    ['one that ends like a listed one', 'https://evil-console.example'],
    ['a listed one without TLS', 'http://console.example'],
    ['a listed one at another port', 'http://localhost:5174'],
    ['one that a file has', 'null'],
  ])('of %s origin hear nothing of what they may do', async (_, origin) => {
    const headers = { origin, authorization: `Bearer ${developer.token}` };
    const answers = [
      await preflight(origin, 'PUT', 'authorization'),
      await send(api.url, 'GET', '/v1/webhooks', headers),
    ];
    for (const answer of answers) {
      expect(corsOf(answer)).toEqual([]);
      expect(listOf(answer, 'vary')).toContain('Origin');
    }
  });

  test('are never asked for cookies, and may read what our headers say, of refusals too', async () => {
    const answers = [
      await preflight(ORIGIN, 'POST', 'authorization'),
      await developer.call('GET', '/v1/webhooks', undefined, { origin: ORIGIN }),
      await send(api.url, 'GET', '/v1/webhooks', { origin: ORIGIN }),
      await send(api.url, 'GET', '/nowhere', { origin: ORIGIN }),
    ];
    for (const answer of answers) {
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    }
    const exposed = ['Link', 'Location', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'];
    for (const answer of answers.slice(1)) {
      expect(listOf(answer, 'access-control-expose-headers')).toEqual(
        expect.arrayContaining([...exposed, 'Idempotency-Replayed', 'WWW-Authenticate']),
      );
    }
  });

  test.each<[string, string[] | undefined, string | null]>([
    ['of no origin may call when none is listed', undefined, null],
    ['of any origin may call when * is, without cookies', ['*'], '*'],
  ])('%s', async (_, origins, allowed) => {
    const own = await TestApi.start({}, origins);
    try {
      const answer = await send(own.url, 'GET', '/health', { origin: ORIGIN });
      expect(answer.headers.get('access-control-allow-origin')).toBe(allowed);
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      if (allowed === null) expect(corsOf(answer)).toEqual([]);
    } finally {
      await own.stop();
    }
  });
});

describe('pages', () => {
  /** The directives of a policy. */
  function policyOf(answer: Answer): Map<string, string[]> {
    const directives = (answer.headers.get('content-security-policy') ?? '').split(';');
    return new Map(
      directives.map((each) => each.trim().split(/\s+/)).map(([name = '', ...sources]) => [name, sources]),
    );
  }

  test('may run their own scripts alone, stand in no other page and tell nobody where they are', async () => {
    for (const path of ['/swagger', '/swagger/index.html']) {
      const page = await send(api.url, 'GET', path);
      expect(page.status).toBe(200);
      const policy = policyOf(page);
      expect(policy.get('default-src')).toEqual(["'none'"]);
      expect(policy.get('script-src')).toEqual(["'self'"]);
      expect(policy.get('connect-src')).toEqual(["'self'"]);
      expect(policy.get('frame-ancestors')).toEqual(["'none'"]);
      expect(policy.get('base-uri')).toEqual(["'none'"]);
      expect(page.headers.get('x-frame-options')).toBe('DENY');
      expect(page.headers.get('x-content-type-options')).toBe('nosniff');
      expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    }
  });

  test('load nothing that their policy forbids', async () => {
    const { text } = await send(api.url, 'GET', '/swagger');
    const inline = [...text.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([^<]*)/g)].filter(([, code]) => code!.trim() !== '');
    expect(inline).toEqual([]);
    expect(text).not.toMatch(/\son\w+=|javascript:/i);
    const loaded = [...text.matchAll(/<(?:script|link)[^>]*(?:src|href)="([^"]*)"/g)].map(([, url]) => url!);
    expect(loaded.length).toBeGreaterThan(3);
    for (const url of loaded) {
      const { origin, pathname } = new URL(url, `${api.url}/swagger`);
      expect([origin, (await send(api.url, 'GET', pathname)).status]).toEqual([api.url, 200]);
    }
  });

  test('work without TLS: whoever ends it in front of us asks for it', async () => {
    const page = await send(api.url, 'GET', '/swagger');
    expect([...policyOf(page).keys()]).not.toContain('upgrade-insecure-requests');
    expect(page.headers.get('strict-transport-security')).toBeNull();
  });
});

test('answers of the API say what they are and are kept by nobody, and have no headers of pages', async () => {
  const answers = [await developer.call('GET', '/v1/webhooks'), await send(api.url, 'GET', '/v1/nowhere')];
  for (const { headers } of answers) {
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  }
});

test('without an admin token there are no admin routes, whatever is sent', async () => {
  const own = await TestApi.start({ adminToken: undefined as never });
  try {
    for (const [method, path] of [
      ['GET', '/v1/admin/dead-letters'],
      ['GET', `/v1/admin/grants/${developer.license}/${vehicle(1)}`],
      ['PUT', `/v1/admin/licenses/${developer.license}/quota`],
    ] as const) {
      expect((await send(api.url, method, path)).status).toBe(401);
      for (const token of [ADMIN_TOKEN, 'undefined', '']) {
        const body = method === 'PUT' ? '{}' : undefined;
        const answer = await send(own.url, method, path, { authorization: `Bearer ${token}` }, body);
        const unknown = await send(own.url, method, '/v1/nowhere', { authorization: `Bearer ${token}` }, body);
        expect(answer.status).toBe(404);
        expect(answer.text).toBe(unknown.text.replace('/v1/nowhere', path));
      }
    }
  } finally {
    await own.stop();
  }
});
