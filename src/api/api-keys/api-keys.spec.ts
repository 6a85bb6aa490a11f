import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ApiDeveloper, each, send, TestApi } from '../../../test/support/api.js';
import type { Answer } from '../../../test/support/api.js';
import { testSettings } from '../../../test/support/database.js';
import { newApiKey } from '../../access/api-key.js';
import type { Verdict } from '../../access/permission-provider.js';
import { ALL_SCOPES } from '../../core/scopes.js';
import { silentLog } from '../../observability/log.js';
import { ApiKeyStore } from '../../store/api-keys.js';
import { Database } from '../../store/database.js';
import { LogFeed } from '../../store/log-feed.js';
import { ApiModule, createHttpApp } from '../api.module.js';
import { Operation } from '../openapi-operation.js';

const HOUR_MS = 3_600_000;
const PATH = '/v1/api-keys';

const lines: string[] = [];
const note = (fields: object, message?: string) => void lines.push(JSON.stringify([fields, message]));
const log = { ...silentLog, debug: note, info: note, warn: note, error: note };

let verdict: Verdict = 'granted';
let api: TestApi;
let developer: ApiDeveloper;
beforeAll(async () => {
  api = await TestApi.start({ log, licenses: { isDeveloperLicense: () => Promise.resolve(verdict) } });
});
afterAll(() => api.stop());
afterEach(() => void jest.restoreAllMocks());
beforeEach(async () => {
  verdict = 'granted';
  developer = await api.developer();
});

const make = (fields: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  developer.call('POST', PATH, { name: 'a key', scopes: ALL_SCOPES, ...fields }, headers);

const inAnHour = () => new Date(Date.now() + HOUR_MS).toISOString();

async function set(id: string, sql: string): Promise<void> {
  await api.database.pool.query(`update api_keys set ${sql} where id = $1`, [id]);
}

async function eventTypes(): Promise<unknown[]> {
  return each((await developer.call('GET', '/v1/events')).body.data, 'type');
}

/** Every row of every table, as one text. */
async function everything(): Promise<string> {
  const { pool } = api.database;
  const { rows: tables } = await pool.query<{ name: string }>(
    "select quote_ident(relname) as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
  );
  const rows = await Promise.all(
    tables.map(({ name }) => pool.query<{ row: string }>(`select t::text as row from ${name} t`)),
  );
  return rows.flatMap((result) => result.rows.map(({ row }) => row)).join('\n');
}

describe('making', () => {
  test('a key is answered once, with what it may do', async () => {
    const expiresAt = inAnHour();
    const { status, headers, body } = await make({ name: 'dashboard', scopes: ['events:read'], expiresAt });
    const { key, ...view } = body;
    expect([status, headers.get('location'), headers.get('cache-control')]).toEqual([
      ...[201, `${PATH}/${view.id}`, 'no-store'],
    ]);
    expect(key).toMatch(/^tl_live_[\w-]{43}$/);
    expect(view).toEqual({
      ...{ id: expect.any(String), name: 'dashboard', prefix: String(key).slice(0, 14), scopes: ['events:read'] },
      ...{ status: 'active', createdBy: null, createdAt: expect.any(String), expiresAt, lastUsedAt: null },
    });
    expect((await developer.call('GET', `${PATH}/${view.id}`)).body).toEqual(view);
    expect((await developer.call('GET', PATH)).body).toEqual({ data: [view], next: null });
  });

  test('a key is nowhere to be found again: in no answer, event, log line or table', async () => {
    const { key, id } = (await make({}, { 'idempotency-key': randomUUID() })).body;
    const other = new ApiDeveloper(api, developer.license, key);
    await other.call('GET', PATH);
    await other.call('GET', `${PATH}/${id}`);
    await other.call('POST', PATH, { name: '' });
    await other.call('DELETE', `${PATH}/${id}`);
    const refused = await other.call('GET', PATH);
    const answers = [refused, await developer.call('GET', PATH), await developer.call('GET', '/v1/events')];
    const texts = [...answers.map(({ text }) => text), lines.join('\n'), await everything()];
    const secret = (key as string).slice(14);
    const hex = Buffer.from(key as string).toString('hex');
    for (const text of texts) {
      expect(text.length).toBeGreaterThan(0);
      expect([text.includes(secret), text.includes(hex)]).toEqual([false, false]);
    }
    expect([texts[3]!.includes(id as string), texts[4]!.includes(id as string)]).toEqual([true, true]);
  });

  test('scopes go by any of their names', async () => {
    const given = ['workspace:webhooks', 'platform:events:read', 'events:read'];
    expect((await make({ scopes: given })).body.scopes).toEqual(['webhooks:read', 'webhooks:manage', 'events:read']);
  });

  test.each([
    [{ name: ' ' }, '#/name', 'name must not be empty'],
    [{ name: '\u200b\u3164\u2800' }, '#/name', 'name must not be empty'],
    [{ name: 'a\nb' }, '#/name', 'name must not contain control characters'],
    [{ name: '\u0085a' }, '#/name', 'name must not contain control characters'],
    [{ name: 'x'.repeat(101) }, '#/name', '100'],
    [
      { scopes: undefined },
      '#/scopes',
      'scopes is required: send what the key may do, as a list of some of webhooks:read',
    ],
    [{ scopes: null }, '#/scopes', 'scopes is required: send what the key may do'],
    [{ scopes: [] }, '#/scopes', 'scopes must name at least one scope'],
    [{ scopes: ['events:read', 'event:read'] }, '#/scopes/1', 'Did you mean events:read'],
    [{ scopes: 'events:read' }, '#/scopes', 'must be a list'],
    [{ expiresAt: '2020-01-01T00:00:00Z' }, '#/expiresAt', 'expiresAt must be in the future'],
    [{ expiresAt: 'tomorrow' }, '#/expiresAt', 'must be a time'],
    [
      { expiresAt: '9999-12-31T23:59:59-01:00' },
      '#/expiresAt',
      'expiresAt must be in the year 9999 (UTC) at the latest',
    ],
    [{ expires: '2020-01-01T00:00:00Z' }, '#/expires', 'Nothing was done'],
  ])('%j is refused', async (fields, pointer, detail) => {
    const { status, body } = await make(fields);
    expect([status, body.errors[0]]).toEqual([400, { pointer, detail: expect.stringContaining(detail) }]);
    expect((await developer.call('GET', PATH)).body.data).toEqual([]);
  });

  test.each(['9999-12-31T23:59:59.000Z', '9999-12-31T23:59:59.999Z'])(
    'a key ends when it was said, at %s',
    async (end) => {
      const { id, expiresAt } = (await make({ expiresAt: end })).body;
      expect([expiresAt, (await developer.call('GET', `${PATH}/${id}`)).body.expiresAt]).toEqual([end, end]);
    },
  );

  test('the name of a key may have what is not seen beside what is', async () => {
    const name = '👩‍🔧 نام‌ها';
    expect((await make({ name })).body.name).toBe(name);
  });

  test('a license has so many keys as its limit says', async () => {
    await api.parts.quotas.set({ license: '', requestId: 'spec' }, developer.license, { apiKeys: 1 });
    const { id } = (await make()).body;
    const { status, body } = await make();
    expect([status, body]).toMatchObject([
      403,
      { type: 'urn:tripline:problem:quota-exceeded', limit: 'apiKeys', most: 1 },
    ]);
    await developer.call('DELETE', `${PATH}/${id}`);
    expect((await make()).status).toBe(201);
  });
});

describe('never wider than its maker', () => {
  test('a key makes others with its own scopes at most', async () => {
    const maker = await developer.withKey({ scopes: ['api-keys:manage', 'events:read'] });
    const { status, headers, body } = await maker.call('POST', PATH, { name: 'x', scopes: ['workspace:webhooks'] });
    expect([status, body.type]).toEqual([403, 'urn:tripline:problem:insufficient-scope']);
    expect(body.detail).toContain('webhooks:read, webhooks:manage');
    expect(headers.get('www-authenticate')).toBe(
      'Bearer realm="tripline", error="insufficient_scope", scope="webhooks:read webhooks:manage"',
    );
    const made = (await maker.call('POST', PATH, { name: 'x', scopes: ['events:read', 'api-keys:manage'] })).body;
    expect([made.scopes, made.createdBy]).toEqual([['events:read', 'api-keys:manage'], maker.keyId]);
  });

  test('a key makes none that lasts longer, and bounds what has no end of its own', async () => {
    const expiresAt = inAnHour();
    const maker = await developer.withKey({ expiresAt });
    const later = new Date(Date.parse(expiresAt) + 1).toISOString();
    const body = { name: 'x', scopes: ['events:read'] };
    const refused = await maker.call('POST', PATH, { ...body, expiresAt: later });
    expect([refused.status, refused.body.detail]).toEqual([403, expect.stringContaining(expiresAt)]);
    expect((await maker.call('POST', PATH, { ...body, expiresAt })).body.expiresAt).toBe(expiresAt);
    expect((await maker.call('POST', PATH, body)).body.expiresAt).toBe(expiresAt);
  });

  test('a key is not shown what a wider one, or a token, was answered', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const body = { name: 'x', scopes: ['api-keys:manage'] };
    const wide = await developer.withKey();
    const narrow = await developer.withKey({ scopes: ['api-keys:manage'] });
    const made = await wide.call('POST', PATH, body, headers);
    expect((await wide.call('POST', PATH, body, headers)).body).toEqual(made.body);
    for (const other of [narrow, developer]) {
      expect(await other.call('POST', PATH, body, headers)).toMatchObject({
        ...{ status: 422, body: { type: 'urn:tripline:problem:key-reused' } },
      });
    }
    expect((await developer.call('GET', PATH)).body.data).toHaveLength(3);
  });
});

describe('calling with a key', () => {
  test('a key acts for its license, by its own name', async () => {
    const caller = await developer.withKey();
    const id = await caller.register();
    const { data } = (await developer.call('GET', `/v1/events?webhookId=${id}`)).body;
    expect(each(data, 'actor')).toContainEqual({ license: developer.license, keyId: caller.keyId });
    const stranger = await (await api.developer()).withKey();
    expect((await stranger.call('GET', `/v1/webhooks/${id}/config`)).status).toBe(404);
  });

  test('a missing scope is the same 403 whatever is asked for', async () => {
    const id = await developer.register();
    const caller = await developer.withKey({ scopes: ['webhooks:read'] });
    expect((await caller.call('GET', `/v1/webhooks/${id}/config`)).status).toBe(200);
    const asked: [string, string, string?][] = [
      ['DELETE', `/v1/webhooks/${id}`],
      ['DELETE', `/v1/webhooks/${randomUUID()}`],
      ['DELETE', '/v1/webhooks/no-id'],
      ['PUT', `/v1/webhooks/${id}`, '{'],
    ];
    const answers: Answer[] = [];
    for (const [method, path, body] of asked) {
      const headers = { authorization: `Bearer ${caller.token}` };
      answers.push(await send(api.url, method, path, headers, body));
    }
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]!.body).toMatchObject({
      ...{ type: 'urn:tripline:problem:insufficient-scope', message: 'Insufficient scope' },
      ...{ detail: 'The API key lacks the scope webhooks:manage.' },
    });
    expect(answers[0]!.headers.get('www-authenticate')).toBe(
      'Bearer realm="tripline", error="insufficient_scope", scope="webhooks:manage"',
    );
  });

  test('an operation of developers that does not say its scope stops the start', () => {
    const forgotten = { id: 'forgotten', tag: 'Service', summary: 'x', access: 'developer', status: 200 } as const;
    expect(() => Operation(forgotten)).toThrow('the operation forgotten does not say which scope it needs');
  });

  test.each([
    ['unknown', () => Promise.resolve(newApiKey()), 'There is no such API key.'],
    ['malformed', () => Promise.resolve('tl_live_x'), 'There is no such API key.'],
    ['expired', () => ended("expires_at = now() - interval '1 ms'"), 'The API key has expired. Make another one.'],
    ['revoked', () => ended('revoked_at = now()'), 'The API key was revoked.'],
  ])('a key that is %s is a 401 that says so to its holder', async (_which, keyOf, detail) => {
    const { status, headers, body } = await new ApiDeveloper(api, developer.license, await keyOf()).call('GET', PATH);
    expect([status, body.message, body.detail]).toEqual([401, 'Invalid API key', detail]);
    expect(headers.get('www-authenticate')).toBe('Bearer realm="tripline", error="invalid_token"');
  });

  async function ended(sql: string): Promise<string> {
    const { token, keyId } = await developer.withKey();
    await set(keyId, sql);
    return token;
  }

  test('a key ends by the clock of the database, whatever that of the process says', async () => {
    const caller = await developer.withKey({ expiresAt: inAnHour() });
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 2 * HOUR_MS);
    expect((await caller.call('GET', PATH)).status).toBe(200);
    await set(caller.keyId, 'expires_at = now()');
    clock.mockReturnValue(Date.now() - 4 * HOUR_MS);
    expect((await caller.call('GET', PATH)).status).toBe(401);
    jest.restoreAllMocks();
    expect((await developer.call('GET', `${PATH}/${caller.keyId}`)).body.status).toBe('expired');
  });

  test('it is shown when a key was used last', async () => {
    const caller = await developer.withKey({ scopes: ['events:read'] });
    await caller.call('GET', '/v1/events');
    const { lastUsedAt, createdAt } = (await developer.call('GET', `${PATH}/${caller.keyId}`)).body;
    expect(Date.parse(lastUsedAt as string)).toBeGreaterThanOrEqual(Date.parse(createdAt as string));
  });

  test('the key of a license that is no developer license any more is refused', async () => {
    const caller = await developer.withKey();
    verdict = 'denied';
    const { status, body } = await caller.call('GET', PATH);
    expect([status, body.message]).toEqual([403, 'API key is not from a developer license']);
  });

  test('while nobody can say whether it still is one, it is asked to come again', async () => {
    const caller = await developer.withKey();
    verdict = 'unknown';
    const { status, headers } = await caller.call('GET', PATH);
    expect([status, headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  });
});

describe('revoking', () => {
  test('it counts at once, in every process', async () => {
    const caller = await developer.withKey();
    const database = await Database.open(testSettings(api.database.directUrl));
    const apiKeys = new ApiKeyStore(database, api.parts.quotas);
    const feed = new LogFeed({ database, log: silentLog, intervalMs: 20 });
    const other = await createHttpApp(ApiModule.with({ ...api.parts, apiKeys, feed }), { log: silentLog });
    try {
      await other.listen(0, '127.0.0.1');
      const { port } = other.getHttpServer().address() as AddressInfo;
      const there = (method: string, path: string) =>
        send(`http://127.0.0.1:${port}`, method, path, { authorization: `Bearer ${caller.token}` });
      expect((await there('GET', PATH)).status).toBe(200);
      await developer.call('DELETE', `${PATH}/${caller.keyId}`);
      expect([(await there('GET', PATH)).status, (await caller.call('GET', PATH)).status]).toEqual([401, 401]);
    } finally {
      await other.close();
      await database.close();
    }
  });

  test('again it is no mistake, and no second event; the list still has it', async () => {
    const { keyId } = await developer.withKey();
    const answers = [];
    for (let n = 0; n < 2; n++) answers.push(await developer.call('DELETE', `${PATH}/${keyId}`));
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [204, ''],
      [204, ''],
    ]);
    expect(await eventTypes()).toEqual(['api_key.revoked', 'api_key.created']);
    expect((await developer.call('GET', PATH)).body.data).toMatchObject([{ id: keyId, status: 'revoked' }]);
  });

  test('a key may revoke itself', async () => {
    const caller = await developer.withKey({ scopes: ['api-keys:manage'] });
    expect((await caller.call('DELETE', `${PATH}/${caller.keyId}`)).status).toBe(204);
    expect((await caller.call('DELETE', `${PATH}/${caller.keyId}`)).status).toBe(401);
  });

  test("another license's key is as unknown as none", async () => {
    const { keyId, ...theirs } = await (await api.developer()).withKey();
    for (const method of ['GET', 'DELETE']) {
      const foreign = await developer.call(method, `${PATH}/${keyId}`);
      const unknown = await developer.call(method, `${PATH}/${randomUUID()}`);
      expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);
    }
    const holder = new ApiDeveloper(api, theirs.license, theirs.token);
    expect((await holder.call('GET', PATH)).status).toBe(200);
  });

  test('an id that is none is refused', async () => {
    expect(await developer.call('DELETE', `${PATH}/1`)).toMatchObject({
      ...{ status: 400, body: { message: 'Invalid API key id' } },
    });
  });
});
