import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { each, TestApi, type ApiDeveloper } from '../../../test/support/api.js';
import { giveUpEndpoint } from '../../../test/support/give-up.js';

let api: TestApi;
let developer: ApiDeveloper;
/** Moves on with each look, so that every test event has its turn. */
let clockMs = Date.now();

beforeAll(async () => {
  api = await TestApi.start({ now: () => (clockMs += 2_000) });
});
afterAll(() => api.stop());
beforeEach(async () => {
  developer = await api.developer();
  api.target.received.length = 0;
});

const NOBODYS_ID = '00000000-0000-4000-8000-000000000000';

function fieldsOf(fields: object = {}): object {
  return { url: api.target.url('/token/abc'), verificationToken: 'abc', ...fields };
}

async function make(fields: object = {}, of = developer): Promise<string> {
  const answer = await of.call('POST', '/v1/endpoints', fieldsOf(fields));
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.id as string;
}

function call(method: string, id: string, body?: object) {
  return developer.call(method, `/v1/endpoints/${id}`, body);
}

async function view(id: string): Promise<Record<string, unknown>> {
  return (await call('GET', id)).body as Record<string, unknown>;
}

/** A webhook at a shared endpoint. */
async function share(endpointId: string, fields: object = {}): Promise<string> {
  const base = { service: 'signals', metricName: 'speed', condition: 'value > 55', endpointId, ...fields };
  const answer = await developer.call('POST', '/v1/webhooks', base);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.id as string;
}

function giveUp(id: string): Promise<boolean> {
  return giveUpEndpoint(api.database, id, 'failed', 'Nothing but failures.');
}

async function logged(): Promise<Record<string, unknown>[]> {
  const sql = 'select type, trigger_id, endpoint_id from events where license = $1 order by id';
  return (await api.database.pool.query<Record<string, unknown>>(sql, [developer.license])).rows;
}

describe('making a shared endpoint', () => {
  test('it is shown as it was made, and its secret is told once', async () => {
    const fields = {
      description: 'Ours',
      enabledEvents: ['webhook.*', 'trigger.fired:signals/vss.speed'],
      timeoutSeconds: 3,
    };
    const answer = await developer.call('POST', '/v1/endpoints', fieldsOf(fields));
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.any(String),
      message: 'Endpoint created successfully',
      secret: expect.stringMatching(/^whsec_/),
      warnings: [],
    });
    expect(answer.headers.get('location')).toBe(`/v1/endpoints/${answer.body.id}`);
    const time = expect.stringMatching(/Z$/);
    expect(await view(answer.body.id as string)).toEqual({
      ...{
        id: answer.body.id,
        url: api.target.url('/token/abc'),
        description: 'Ours',
        enabled: true,
        status: 'active',
      },
      ...{ statusReason: null, enabledEvents: ['webhook.*', 'trigger.fired:telemetry.signals/speed'] },
      ...{ profile: 'standard', headerPrefix: null, headers: {}, contentType: 'application/json', timeoutSeconds: 3 },
      ...{ retry: null, maxPerSecond: null, asymmetric: false, publicKey: null, webhookId: null, webhookCount: 0 },
      ...{ failureCount: 0, lastDeliveredAt: null, lastError: null, pausedUntil: null },
      ...{ verifiedAt: time, createdAt: time, updatedAt: time },
    });
    expect(await logged()).toEqual([{ type: 'endpoint.created', trigger_id: null, endpoint_id: answer.body.id }]);
    expect(await api.contents()).not.toContain((answer.body.secret as string).slice(6));
  });

  test.each([
    ['an unknown event', { enabledEvents: ['*', 'webhook.fail'] }, '#/enabledEvents/1', /webhook\.failed/],
    ['no https', { url: 'http://example.com' }, '#/url', /https/],
    ['a wrong token', { verificationToken: 'other' }, '#/verificationToken', /token/],
    ['a target that does not answer well', { url: '/status/500' }, '#/url', /200/],
    ['an option that is wrong', { retry: 'often' }, '#/retry', /retry/],
    ['no token', { verificationToken: undefined }, '#/verificationToken', /required/],
  ])('%s is refused', async (_what, fields, pointer, detail) => {
    const before = await api.contents();
    const url = 'url' in fields && fields.url.startsWith('/') ? { url: api.target.url(fields.url) } : {};
    const answer = await developer.call('POST', '/v1/endpoints', fieldsOf({ ...fields, ...url }));
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ pointer, detail: expect.stringMatching(detail) }] },
    });
    expect(await api.contents()).toBe(before);
  });

  test("shared ones alone are listed, newest first, in pages; a webhook's own is shown by its id", async () => {
    const ids = [await make(), await make(), await make()].reverse();
    const webhook = await developer.register();
    const pages = await developer.call('GET', '/v1/endpoints?limit=2');
    expect([each(pages.body.data, 'id'), typeof pages.body.next]).toEqual([ids.slice(0, 2), 'string']);
    const rest = await developer.call('GET', `/v1/endpoints?limit=2&cursor=${pages.body.next}`);
    expect([each(rest.body.data, 'id'), rest.body.next]).toEqual([ids.slice(2), null]);
    expect((await (await api.developer()).call('GET', '/v1/endpoints')).body).toEqual({ data: [], next: null });
    const { endpointId } = await developer.config(webhook);
    expect(await view(endpointId as string)).toMatchObject({ webhookId: webhook, webhookCount: 1 });
  });
});

describe('an endpoint of another license', () => {
  test.each([
    ['GET', '', undefined],
    ['PUT', '', { description: 'mine' }],
    ['PATCH', '', { enabled: false }],
    ['DELETE', '', undefined],
    ['POST', '/verify', { verificationToken: 'abc' }],
    ['POST', '/rotate', {}],
    ['POST', '/test', undefined],
  ])('%s %s answers as for an unknown one, to the byte', async (method, action, body) => {
    const other = await api.developer();
    const ids = [await make({}, other), (await other.config(await other.register())).endpointId as string];
    const before = await api.contents();
    const unknown = await call(method, NOBODYS_ID + action, body);
    expect(unknown.status).toBe(404);
    for (const id of ids) {
      const answer = await call(method, id + action, body);
      expect([answer.status, answer.text]).toEqual([404, unknown.text]);
    }
    expect(await api.contents()).toBe(before);
  });

  test('is none that a webhook can be made at or moved to', async () => {
    const other = await api.developer();
    const id = await developer.register();
    const before = await api.contents();
    const of = [NOBODYS_ID, (await other.config(await other.register())).endpointId as string, await make({}, other)];
    const own = (await developer.config(await developer.register())).endpointId as string;
    const texts = new Set<string>();
    for (const endpointId of [...of, own]) {
      const base = { service: 'signals', metricName: 'speed', condition: 'value > 55', endpointId };
      const made = await developer.call('POST', '/v1/webhooks', base);
      const moved = await developer.call('PATCH', `/v1/webhooks/${id}`, { endpointId });
      expect([made.status, moved.status]).toEqual([400, 400]);
      texts.add(made.text).add(moved.text);
    }
    expect(texts.size).toBe(1);
    expect(before).toContain(id);
    expect(await developer.config(id)).toMatchObject({ updatedAt: (await developer.config(id)).createdAt });
  });
});

describe('changing a shared endpoint', () => {
  test('only what is given changes', async () => {
    const id = await make({ enabledEvents: ['*'], timeoutSeconds: 3 });
    const before = await view(id);
    expect(await call('PUT', id, { description: 'new', retry: '1s' })).toMatchObject({
      status: 200,
      body: { warnings: [] },
    });
    const changed = { description: 'new', retry: '1s', updatedAt: expect.any(String) };
    expect(await view(id)).toEqual({ ...before, ...changed });
    await call('PATCH', id, { enabledEvents: [], timeoutSeconds: null });
    expect(await view(id)).toEqual({ ...before, ...changed, enabledEvents: [], timeoutSeconds: null });
    expect((await logged()).map(({ type }) => type)).toEqual([
      'endpoint.created',
      'endpoint.updated',
      'endpoint.updated',
    ]);
  });

  test('another URL must prove itself, or nothing changes', async () => {
    const id = await make();
    const before = await api.contents();
    const other = { url: api.target.url('/token/new'), description: 'new' };
    expect((await call('PUT', id, other)).body.errors).toMatchObject([{ pointer: '#/verificationToken' }]);
    expect((await call('PUT', id, { ...other, verificationToken: 'abc' })).status).toBe(400);
    expect(await api.contents()).toBe(before);
    expect((await call('PUT', id, { ...other, verificationToken: 'new' })).status).toBe(200);
    expect(await view(id)).toMatchObject(other);
  });

  test('a disabled one is paused until it is enabled', async () => {
    const id = await make();
    await call('PATCH', id, { enabled: false });
    expect(await view(id)).toMatchObject({ enabled: false, status: 'paused' });
    await call('PATCH', id, { description: 'still paused' });
    expect(await view(id)).toMatchObject({ status: 'paused' });
    await call('PATCH', id, { enabled: true });
    expect(await view(id)).toMatchObject({ enabled: true, status: 'active' });
  });

  test.each(['active', 'paused', 'failed', 'gone'] as const)(
    'one that is %s does not change when it is sent back as it is shown',
    async (status) => {
      const headers = { Authorization: 'Bearer x', 'X-A': 'a' };
      const id = await make({ headers, asymmetric: true, enabledEvents: ['*'], enabled: status !== 'paused' });
      await share(id);
      if (status === 'failed' || status === 'gone')
        await giveUpEndpoint(api.database, id, status, 'Nothing but failures.');
      const before = await api.contents();
      const shown = await view(id);
      expect(shown).toMatchObject({ status, enabled: status === 'active' });
      expect((await call('PUT', id, shown)).status).toBe(200);
      expect(await api.contents()).toBe(before);
    },
  );

  test('what listens to log events, or would, takes the scope to read them', async () => {
    const manager = await developer.withKey({ scopes: ['webhooks:manage'] });
    const reader = await developer.withKey({ scopes: ['webhooks:manage', 'events:read'] });
    const [deaf, listener] = [await make(), await make({ enabledEvents: ['*'] })];
    const elsewhere = { url: api.target.url('/token/abc/2'), verificationToken: 'abc' };
    const refused: [string, string, object][] = [
      ['POST', '', fieldsOf({ enabledEvents: ['*'] })],
      ['PATCH', `/${deaf}`, { enabledEvents: ['delivery.failed'] }],
      ['PUT', `/${listener}`, { enabledEvents: ['webhook.*'] }],
      ['PATCH', `/${listener}`, elsewhere],
      ['PATCH', `/${deaf}`, { ...elsewhere, enabledEvents: ['*'] }],
    ];
    for (const [method, path, body] of refused) {
      const before = await api.contents();
      const asked = api.target.calls.length;
      const answer = await manager.call(method, `/v1/endpoints${path}`, body);
      expect([answer.status, answer.body.type, answer.body.detail]).toEqual([
        ...[403, 'urn:tripline:problem:insufficient-scope', expect.stringContaining('events:read')],
      ]);
      expect([await api.contents(), api.target.calls.length]).toEqual([before, asked]);
    }
    const allowed: [ApiDeveloper, string, string, object][] = [
      [manager, 'POST', '', fieldsOf()],
      [manager, 'PATCH', `/${listener}`, { enabledEvents: ['*'], description: 'as it is' }],
      [manager, 'PATCH', `/${deaf}`, elsewhere],
      ...refused.map((call): [ApiDeveloper, string, string, object] => [reader, ...call]),
      [
        manager,
        'PATCH',
        `/${listener}`,
        { enabledEvents: [], url: api.target.url('/token/abc/3'), verificationToken: 'abc' },
      ],
    ];
    for (const [caller, method, path, body] of allowed) {
      expect((await caller.call(method, `/v1/endpoints${path}`, body)).status).toBeLessThan(300);
    }
  });

  test('the log names what really changed, as the fields are called', async () => {
    const id = await make({ description: 'd', timeoutSeconds: 3 });
    await call('PATCH', id, {
      description: 'd',
      timeoutSeconds: 4,
      enabled: false,
      asymmetric: true,
      enabledEvents: [],
    });
    const [event] = (await developer.call('GET', '/v1/events?type=endpoint.updated')).body.data as { data: object }[];
    expect(event!.data).toEqual({ changed: expect.any(Array) });
    expect((event!.data as { changed: string[] }).changed.sort()).toEqual(['asymmetric', 'enabled', 'timeoutSeconds']);
  });

  test('enabling one that was given up begins anew with what had failed', async () => {
    const id = await make();
    const webhooks = [await share(id), await share(id)];
    await giveUp(id);
    await call('PATCH', id, { enabled: true });
    expect(await view(id)).toMatchObject({ enabled: true, status: 'active', statusReason: null });
    for (const webhook of webhooks) expect(await developer.config(webhook)).toMatchObject({ status: 'enabled' });
  });

  test("a webhook's own one is changed through the webhook alone", async () => {
    const webhook = await developer.register();
    const id = (await developer.config(webhook)).endpointId as string;
    const before = await api.contents();
    for (const [method, path, body] of [
      ['PUT', '', { description: 'x' }],
      ['DELETE', '', undefined],
      ['POST', '/rotate', {}],
      ['POST', '/verify', { verificationToken: 'abc' }],
      ['POST', '/test', undefined],
    ] as const) {
      const answer = await call(method, id + path, body);
      expect([answer.status, answer.body.detail]).toEqual([409, expect.stringContaining(webhook)]);
    }
    expect(await api.contents()).toBe(before);
  });
});

describe('deleting a shared endpoint', () => {
  test('waits until no webhook uses it', async () => {
    const id = await make();
    const webhook = await share(id);
    expect(await call('DELETE', id)).toMatchObject({ status: 409, body: { webhookCount: 1 } });
    expect((await developer.call('DELETE', `/v1/webhooks/${webhook}`)).status).toBe(200);
    expect(await view(id)).toMatchObject({ webhookCount: 0 });
    expect((await call('DELETE', id)).status).toBe(200);
    expect((await call('GET', id)).status).toBe(404);
    expect((await logged()).at(-1)).toEqual({ type: 'endpoint.deleted', trigger_id: null, endpoint_id: id });
  });
});

describe('a webhook at a shared endpoint', () => {
  test('has its URL, its options and no secret of its own', async () => {
    const id = await make({ timeoutSeconds: 3, profile: 'dimo' });
    const base = { service: 'signals', metricName: 'speed', condition: 'value > 55', endpointId: id };
    const answer = await developer.call('POST', '/v1/webhooks', base);
    expect(answer).toMatchObject({ status: 201, body: { warnings: [] } });
    expect(answer.body.secret).toBeUndefined();
    expect(await developer.config(answer.body.id as string)).toMatchObject({
      ...{ endpointId: id, targetURL: api.target.url('/token/abc'), timeoutSeconds: 3, profile: 'dimo' },
    });
  });

  test.each([
    ['a target', { targetURL: 'https://example.com' }, '#/endpointId'],
    ['a token', { verificationToken: 'abc' }, '#/endpointId'],
    ['an option', { timeoutSeconds: 5 }, '#/timeoutSeconds'],
    ['a secret', { secret: 'a secret of my own!' }, '#/secret'],
  ])('cannot be made with %s', async (_what, fields, pointer) => {
    const base = { service: 'signals', metricName: 'speed', condition: 'value > 55', endpointId: await make() };
    const answer = await developer.call('POST', '/v1/webhooks', { ...base, ...fields });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  });

  test('cannot change what it shares, but may be sent back as it was shown', async () => {
    const id = await make({ headers: { Authorization: 'Bearer x' }, timeoutSeconds: 3 });
    const webhook = await share(id);
    const change = (fields: object) => developer.call('PUT', `/v1/webhooks/${webhook}`, fields);
    expect((await change({ timeoutSeconds: 4 })).body.errors).toMatchObject([{ pointer: '#/timeoutSeconds' }]);
    expect((await change({ secret: 'a secret of my own!' })).body.errors).toMatchObject([{ pointer: '#/secret' }]);
    expect((await change(await developer.config(webhook))).status).toBe(200);
    expect(await developer.config(webhook)).toMatchObject({ endpointId: id, timeoutSeconds: 3 });
    expect((await developer.call('POST', `/v1/webhooks/${webhook}/rotate`)).status).toBe(409);
  });

  test('leaves it with another target, for an endpoint of its own with the same options', async () => {
    const id = await make({ headers: { Authorization: 'Bearer x' }, timeoutSeconds: 3, asymmetric: true });
    const [webhook, other] = [await share(id), await share(id)];
    const target = { targetURL: api.target.url('/token/own'), verificationToken: 'own' };
    expect(
      (await developer.call('PATCH', `/v1/webhooks/${webhook}`, { ...target, verificationToken: 'no' })).status,
    ).toBe(400);
    const { body } = await developer.call('PATCH', `/v1/webhooks/${webhook}`, { ...target, retry: '1s' });
    const view = await developer.config(webhook);
    expect(view).toMatchObject({ targetURL: target.targetURL, timeoutSeconds: 3, retry: '1s', asymmetric: true });
    expect(view.headers).toEqual({ Authorization: expect.stringMatching(/^•+$/) });
    const sql = 'select * from endpoints where id = $1';
    const own = (await api.database.pool.query(sql, [view.endpointId])).rows[0] as Record<string, string>;
    expect(api.secrets.open(own.secret!, own.id!)).toBe(body.secret);
    expect(api.secrets.open(own.headers!, own.id!)).toBe('{"Authorization":"Bearer x"}');
    expect(await developer.config(other)).toMatchObject({
      endpointId: id,
      targetURL: api.target.url('/token/abc'),
      retry: null,
    });
  });

  test('moves there from an endpoint of its own, and a failed one that comes to a good one is enabled', async () => {
    const id = await make();
    const webhook = await developer.register();
    const own = (await developer.config(webhook)).endpointId as string;
    await giveUp(own);
    const move = { endpointId: id, verificationToken: 'abc' };
    expect((await developer.call('PATCH', `/v1/webhooks/${webhook}`, move)).body.warnings).toEqual([
      expect.stringContaining('verificationToken'),
    ]);
    expect(await developer.config(webhook)).toMatchObject({ endpointId: id, status: 'enabled', statusReason: null });
    expect(await view(id)).toMatchObject({ webhookCount: 1 });
    expect(await view(own)).toMatchObject({ webhookId: null, webhookCount: 0, status: 'failed' });
    expect((await call('PUT', own, { description: 'x' })).status).toBe(409);
  });

  test('one that comes to an endpoint that is not sent to is told so', async () => {
    const id = await make({ enabled: false });
    const base = { service: 'signals', metricName: 'speed', condition: 'value > 55', endpointId: id };
    const { body } = await developer.call('POST', '/v1/webhooks', base);
    expect(body.warnings).toEqual([expect.stringContaining('paused')]);
  });

  test('both an endpoint and another target are refused', async () => {
    const webhook = await developer.register();
    const fields = { endpointId: await make(), targetURL: api.target.url('/token/other'), verificationToken: 'other' };
    const answer = await developer.call('PATCH', `/v1/webhooks/${webhook}`, fields);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/endpointId' }] } });
  });
});

describe('verifying a shared endpoint that was given up', () => {
  test.each(['the endpoint', 'one of its webhooks'])(
    'by %s enables all that failed with it, and no other',
    async (by) => {
      const id = await make();
      const [one, two, off] = [await share(id), await share(id), await share(id, { status: 'disabled' })];
      const elsewhere = await developer.register();
      await giveUp(id);
      await giveUp((await developer.config(elsewhere)).endpointId as string);
      const path = by === 'the endpoint' ? `/v1/endpoints/${id}` : `/v1/webhooks/${one}`;
      expect((await developer.call('POST', `${path}/verify`, { verificationToken: 'abc' })).status).toBe(200);
      const statuses = await Promise.all([one, two, off, elsewhere].map((webhook) => developer.config(webhook)));
      expect(each(statuses, 'status')).toEqual(['enabled', 'enabled', 'disabled', 'failed']);
      expect(await view(id)).toMatchObject({ status: 'active' });
      const enabled = (await logged()).filter(({ type }) => type === 'webhook.enabled');
      expect(each(enabled, 'trigger_id').sort()).toEqual([one, two].sort());
    },
  );

  test('enabling one of its webhooks does the same', async () => {
    const id = await make();
    const [one, two] = [await share(id), await share(id)];
    await giveUp(id);
    await developer.call('PATCH', `/v1/webhooks/${one}`, { status: 'enabled' });
    expect(each([await developer.config(one), await developer.config(two), await view(id)], 'status')).toEqual([
      ...['enabled', 'enabled', 'active'],
    ]);
  });
});

describe('rotating and testing', () => {
  test('the new secret signs, and the old one in the overlap', async () => {
    const id = await make();
    const sql = 'select secret, previous_secret from endpoints where id = $1';
    const before = (await api.database.pool.query(sql, [id])).rows[0] as { secret: string };
    const { body } = await call('POST', `${id}/rotate`);
    const after = (await api.database.pool.query(sql, [id])).rows[0] as { secret: string; previous_secret: string };
    expect([api.secrets.open(after.secret, id), after.previous_secret]).toEqual([body.secret, before.secret]);
    expect((await logged()).at(-1)).toEqual({ type: 'secret.rotated', trigger_id: null, endpoint_id: id });
  });

  test('a test tells of itself', async () => {
    const id = await make();
    expect((await call('POST', `${id}/test`)).body).toMatchObject({ status: 'delivered', statusCode: 200 });
    const [{ headers, body }] = api.target.received as [(typeof api.target.received)[0]];
    expect(headers['x-webhook-event']).toBe('webhook.tested');
    expect(JSON.parse(body)).toEqual({
      ...{ id: headers['webhook-id'], source: 'vehicle-triggers-api', producer: id, specversion: '1.0', subject: id },
      ...{ time: expect.stringMatching(/Z$/), type: 'tripline.webhook.tested', datacontenttype: 'application/json' },
      ...{ dataversion: 'tripline/v1.0', data: { endpointId: id }, livemode: false },
    });
    const sql = 'select payload, trigger_id from events where id = $1';
    const [row] = (await api.database.pool.query(sql, [headers['webhook-id']])).rows as Record<string, string>[];
    expect(row!.trigger_id).toBeNull();
    expect(JSON.parse(row!.payload!)).toMatchObject({
      actor: { license: developer.license },
      requestId: expect.any(String),
      sent: JSON.parse(body),
    });
  });

  test('a test with a body that would be ignored is refused', async () => {
    const id = await make();
    const answer = await call('POST', `${id}/test`, { sample: {} });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/sample' }] } });
    expect(api.target.received).toEqual([]);
  });

  test('those who listen to tests hear of it, but not the endpoint itself', async () => {
    const [listener, id] = [await make({ enabledEvents: ['webhook.*'] }), await make({ enabledEvents: ['*'] })];
    const pendingAt = async (endpointId: string) =>
      (await api.database.pool.query('select 1 from outbox where endpoint_id = $1', [endpointId])).rowCount;
    expect((await call('POST', `${id}/test`)).status).toBe(200);
    expect([await pendingAt(listener), await pendingAt(id)]).toEqual([1, 0]);
  });
});

describe('headers that cannot be opened', () => {
  const loseKey = (id: string) =>
    api.database.pool.query(
      `update endpoints set headers = 'v1.00000000.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA' where id = $1`,
      [id],
    );

  test('are not lost on the way to an endpoint of its own: the move is refused before the target is asked', async () => {
    const id = await make({ headers: { Authorization: 'Bearer x' } });
    const webhook = await share(id);
    await loseKey(id);
    const before = await api.contents();
    const called = api.target.calls.length;
    const target = { targetURL: api.target.url('/token/own'), verificationToken: 'own' };
    expect(await developer.call('PATCH', `/v1/webhooks/${webhook}`, target)).toMatchObject({
      status: 409,
      body: { type: 'urn:tripline:problem:conflict', detail: expect.stringContaining('encrypted') },
    });
    expect(api.target.calls.length).toBe(called);
    expect(await api.contents()).toBe(before);
    const anew = await developer.call('PATCH', `/v1/webhooks/${webhook}`, { ...target, headers: { 'X-A': 'a' } });
    expect(anew.status).toBe(200);
    expect(await developer.config(webhook)).toMatchObject({ headers: { 'X-A': 'a' } });
  });

  test('stay where they are when an endpoint is sent back as it is shown', async () => {
    const id = await make({ headers: { Authorization: 'Bearer x' } });
    await loseKey(id);
    const before = await api.contents();
    const shown = await view(id);
    expect(shown.headers).toBeNull();
    expect((await call('PUT', id, shown)).status).toBe(200);
    expect(await api.contents()).toBe(before);
  });
});
