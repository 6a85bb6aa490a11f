import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { each, TestApi, type ApiDeveloper } from '../../../test/support/api.js';

let api: TestApi;
let developer: ApiDeveloper;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());
beforeEach(async () => {
  developer = await api.developer();
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NOBODYS_ID = '00000000-0000-4000-8000-000000000000';

describe('registering', () => {
  test('a registered webhook is shown as it was registered, with what is known of it besides', async () => {
    const fields = {
      service: 'telemetry.signals',
      metricName: 'speed',
      condition: 'value = 55',
      coolDownPeriod: 30,
      maxSampleAgeSeconds: 600,
      autoSubscribe: true,
      description: 'Too fast',
      displayName: 'Speed Alert',
      status: 'enabled',
    };
    const answer = await developer.call('POST', '/v1/webhooks', developer.webhook(fields));
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(UUID),
      message: 'Webhook registered successfully',
      secret: expect.stringMatching(/^whsec_/),
      warnings: [expect.stringContaining('==')],
    });
    expect(answer.headers.get('location')).toBe(`/v1/webhooks/${answer.body.id}/config`);

    const expected = {
      ...fields,
      id: answer.body.id,
      targetURL: api.target.url('/token/abc'),
      normalizedCondition: 'value == 55',
      failureCount: 0,
      statusReason: null,
      ...{
        profile: 'standard',
        headerPrefix: null,
        headers: {},
        contentType: 'application/json',
        timeoutSeconds: null,
      },
      ...{ retry: null, maxPerSecond: null, asymmetric: false, publicKey: null },
      endpointId: expect.stringMatching(UUID),
      subscriptionCount: 0,
      verifiedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      lastFiredAt: null,
      lastDeliveredAt: null,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
    };
    expect((await developer.call('GET', answer.headers.get('location')!)).body).toEqual(expected);
    expect((await developer.call('GET', '/v1/webhooks')).body).toEqual([expected]);
  });

  test.each([
    ['telemetry.signals', 'speed', 'signal', 'speed', 'value > 55'],
    ['signals', 'vss.speed', 'signal', 'speed', 'valueNumber > 55'],
    [
      'telemetry.signals',
      'powertrainTransmissionTravelledDistance',
      'signal',
      'powertrainTransmissionTravelledDistance',
      'valueNumber > 10000',
    ],
    ['telemetry.events', 'HarshBraking', 'event', 'behavior.harshBraking', 'true'],
    ['events', 'behavior.harshBraking', 'event', 'behavior.harshBraking', 'durationNs > 5'],
    ['events', 'safety.collision', 'event', 'safety.collision', 'true'],
  ])('%s %s means the %s %s and is echoed as given', async (service, metricName, kind, metric, condition) => {
    const id = await developer.register({ service, metricName, condition });
    expect(await developer.config(id)).toMatchObject({ service, metricName });
    const { rows } = await api.database.pool.query('select metric_kind, metric from triggers where id = $1', [id]);
    expect(rows).toEqual([{ metric_kind: kind, metric }]);
  });

  test('required fields are enough: enabled, no cool-down, named by its id', async () => {
    const id = await developer.register();
    expect(await developer.config(id)).toMatchObject({
      status: 'enabled',
      coolDownPeriod: 0,
      displayName: id,
      description: '',
    });
  });

  test.each([
    ['wrapped in a request', (fields: object) => ({ request: fields })],
    [
      'with names in other letter case',
      ({ targetURL, ...fields }: { targetURL?: unknown }) => ({ ...fields, targetUrl: targetURL }),
    ],
    [
      'with null for what is not given',
      (fields: object) => ({ ...fields, status: null, description: null, displayName: null }),
    ],
    ['with a blank name', (fields: object) => ({ ...fields, displayName: '  ' })],
  ])('a body %s is accepted', async (_how, shape) => {
    const answer = await developer.call('POST', '/v1/webhooks', shape(developer.webhook()));
    expect([answer.status, answer.body.warnings]).toEqual([201, []]);
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'application/vnd.api+json', 'text/json'])(
    'a body of type %s is accepted',
    async (type) => {
      const body = JSON.stringify(developer.webhook());
      expect((await developer.send('POST', '/v1/webhooks', { 'content-type': type }, body)).status).toBe(201);
    },
  );

  test('unknown fields are named in the warnings', async () => {
    const answer = await developer.call('POST', '/v1/webhooks', developer.webhook({ target_uri: 'x', colour: 1 }));
    expect(answer.body.warnings).toEqual([
      'Unknown field "target_uri" was ignored.',
      'Unknown field "colour" was ignored.',
    ]);
  });

  test('the secret is stored encrypted and never shown again', async () => {
    const answer = await developer.call('POST', '/v1/webhooks', developer.webhook());
    const { id, secret } = answer.body as { id: string; secret: string };
    const { rows } = await api.database.pool.query(
      'select e.* from endpoints e join triggers t on t.endpoint_id = e.id where t.id = $1',
      [id],
    );
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(api.secrets.open(rows[0].secret as string, rows[0].id as string)).toBe(secret);
    expect(JSON.stringify(await developer.config(id))).not.toContain(secret);
    expect(await api.contents()).not.toContain(secret.slice(6));
  });
});

describe('the handshake', () => {
  test.each([
    ['/status/500', 'abc', 'status', 'Target URL did not return status 200'],
    ['/status/204', 'abc', 'status', 'Target URL did not return status 200'],
    ['/redirect', 'abc', 'status', 'Target URL did not return status 200'],
    ['/large', 'abc', 'body', 'Failed to read response from target URL'],
    ['/token/other', 'abc', 'token', 'verification token mismatch'],
    ['/page', 'abc', 'token', 'verification token mismatch'],
  ])('a target at %s that is asked for %s fails at %s', async (path, verificationToken, step, message) => {
    const body = developer.webhook({ targetURL: api.target.url(path), verificationToken });
    const answer = await developer.call('POST', '/v1/webhooks', body);
    expect(answer.body).toMatchObject({
      type: 'urn:tripline:problem:handshake-failed',
      status: 400,
      code: 400,
      step,
      message,
    });
    expect(answer.text).not.toContain('somebody');
    expect((await developer.call('GET', '/v1/webhooks')).body).toEqual([]);
  });

  test.each([
    ['https://10.0.0.1/hook', 'address'],
    ['https://127.0.0.1:1/hook', 'address'],
    ['https://no-such-host.invalid/hook', 'address'],
  ])('%s fails at %s', async (targetURL, step) => {
    const answer = await developer.call('POST', '/v1/webhooks', developer.webhook({ targetURL }));
    expect(answer.body).toMatchObject({ status: 400, step, message: 'Failed to call target URL' });
  });

  test('the target is asked only when nothing else can be refused', async () => {
    await developer.register({ displayName: 'taken' });
    const before = api.target.calls.length;
    const answer = await developer.call('POST', '/v1/webhooks', developer.webhook({ displayName: 'TAKEN' }));
    expect(answer.body).toMatchObject({ status: 400, message: 'Display name must be unique' });
    expect(api.target.calls.length).toBe(before);
  });
});

describe('display names', () => {
  test.each([
    ['Speed', 'speed'],
    ['Ärger', 'äRGER'],
    ['e\u0301clair', 'Éclair'],
  ])('%s and %s are the same name in one license, but not in two', async (name, other) => {
    await developer.register({ displayName: name });
    const answer = await developer.call('POST', '/v1/webhooks', developer.webhook({ displayName: other }));
    expect(answer.body).toMatchObject({ status: 400, errors: [{ pointer: '#/displayName' }] });
    const stranger = await api.developer();
    expect(await stranger.register({ displayName: other })).toMatch(UUID);
  });

  test('of many that take one name at the same time one gets it', async () => {
    const body = developer.webhook({ displayName: 'Wanted' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => developer.call('POST', '/v1/webhooks', body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400, 400, 400, 400, 400, 400]);
    expect((await developer.call('GET', '/v1/webhooks')).body).toHaveLength(1);
  });

  test('a deleted webhook frees its name', async () => {
    const id = await developer.register({ displayName: 'Again' });
    await developer.call('DELETE', `/v1/webhooks/${id}`);
    expect(await developer.register({ displayName: 'Again' })).toMatch(UUID);
  });

  test('a webhook may be given its own name again, and loses it with null', async () => {
    const id = await developer.register({ displayName: 'Mine' });
    expect((await developer.call('PUT', `/v1/webhooks/${id}`, { displayName: 'MINE' })).status).toBe(200);
    expect((await developer.call('PUT', `/v1/webhooks/${id}`, { displayName: null })).status).toBe(200);
    expect((await developer.config(id)).displayName).toBe(id);
  });

  test('an update to a name that is taken changes nothing', async () => {
    await developer.register({ displayName: 'First' });
    const id = await developer.register({ displayName: 'Second' });
    const before = await developer.config(id);
    const answer = await developer.call('PUT', `/v1/webhooks/${id}`, { displayName: 'first', coolDownPeriod: 9 });
    expect(answer.body).toMatchObject({ status: 400, message: 'Display name must be unique' });
    expect(await developer.config(id)).toEqual(before);
  });
});

describe.each(['PUT', 'PATCH'])('%s', (method) => {
  const change = (id: string, body: unknown) => developer.call(method, `/v1/webhooks/${id}`, body);

  test('changes what is given and nothing else', async () => {
    const id = await developer.register({ coolDownPeriod: 30, description: 'd', displayName: 'n' });
    const before = await developer.config(id);
    const answer = await change(id, { condition: 'value > 75', status: 'disabled' });
    expect([answer.status, answer.body]).toEqual([200, { id, message: 'Webhook updated successfully', warnings: [] }]);
    expect(await developer.config(id)).toEqual({
      ...before,
      condition: 'value > 75',
      normalizedCondition: 'value > 75',
      status: 'disabled',
      updatedAt: expect.any(String),
    });
  });

  test('an empty change is accepted', async () => {
    const id = await developer.register();
    expect((await change(id, {})).status).toBe(200);
  });

  test('the full payload of the registration is accepted, also wrapped in a request', async () => {
    const id = await developer.register();
    const calls = api.target.calls.length;
    expect((await change(id, developer.webhook({ condition: 'value > 60' }))).status).toBe(200);
    expect((await change(id, { request: developer.webhook({ condition: 'value > 61' }) })).status).toBe(200);
    expect(await developer.config(id)).toMatchObject({ condition: 'value > 61' });
    expect(api.target.calls.length).toBe(calls);
  });

  test('service and metric are changed together with what depends on them', async () => {
    const id = await developer.register();
    const answer = await change(id, { service: 'events', metricName: 'HarshBraking', condition: 'durationNs >= 0' });
    expect(answer.status).toBe(200);
    const { rows } = await api.database.pool.query(
      'select metric_kind, metric, value_kind from triggers where id = $1',
      [id],
    );
    expect(rows).toEqual([{ metric_kind: 'event', metric: 'behavior.harshBraking', value_kind: 'event' }]);
  });

  test('another metric for which the condition is wrong changes nothing', async () => {
    const id = await developer.register();
    const before = await developer.config(id);
    const answer = await change(id, { metricName: 'powertrainType' });
    expect(answer.body).toMatchObject({ status: 400, line: 1, column: expect.any(Number) });
    expect(await developer.config(id)).toEqual(before);
  });

  test('another target has to prove itself', async () => {
    const id = await developer.register();
    const targetURL = api.target.url('/token/new');
    expect((await change(id, { targetURL })).body).toMatchObject({
      status: 400,
      errors: [{ pointer: '#/verificationToken' }],
    });
    const wrong = await change(id, { targetURL, verificationToken: 'other', coolDownPeriod: 77 });
    expect(wrong.body).toMatchObject({ status: 400, step: 'token' });
    expect(await developer.config(id)).toMatchObject({ targetURL: api.target.url('/token/abc'), coolDownPeriod: 0 });
    expect((await change(id, { targetURL, verificationToken: 'new' })).status).toBe(200);
    expect(await developer.config(id)).toMatchObject({ targetURL });
  });

  test('a token without another target is named as not used', async () => {
    const id = await developer.register();
    expect((await change(id, { verificationToken: 'x' })).body.warnings).toEqual([
      expect.stringContaining('verificationToken'),
    ]);
  });

  test('a failed webhook stays failed, unless it is enabled or has a new target that answers', async () => {
    const fail = (id: string) => api.database.pool.query(`update triggers set status = 'failed' where id = $1`, [id]);
    const id = await developer.register();
    await fail(id);
    await change(id, { coolDownPeriod: 5 });
    expect((await developer.config(id)).status).toBe('failed');
    await change(id, { status: 'enabled' });
    expect((await developer.config(id)).status).toBe('enabled');
    await fail(id);
    await change(id, { targetURL: api.target.url('/token/new'), verificationToken: 'new' });
    expect((await developer.config(id)).status).toBe('enabled');
  });

  test.each(['enabled', 'disabled', 'failed'])(
    'a %s webhook that is sent back as it is shown, name and all, leaves no trace',
    async (status) => {
      const id = await developer.register({ displayName: 'n', coolDownPeriod: 5, description: 'd' });
      await api.database.pool.query('update triggers set status = $2 where id = $1', [id, status]);
      const before = await api.contents();
      expect((await change(id, await developer.config(id))).status).toBe(200);
      expect(await api.contents()).toBe(before);
    },
  );

  test('a webhook that has not failed cannot be made to', async () => {
    const id = await developer.register();
    const before = await api.contents();
    expect((await change(id, { status: 'failed' })).body).toMatchObject({
      status: 400,
      message: "Invalid status, must be 'enabled' or 'disabled', got 'failed'",
      errors: [{ pointer: '#/status' }],
    });
    expect((await change(id, { status: 'broken' })).body.message).toBe(
      "Invalid status, must be 'enabled' or 'disabled', got 'broken'",
    );
    expect(await api.contents()).toBe(before);
  });

  test('the greatest age of samples is set, taken back, and refused where it is none', async () => {
    const id = await developer.register({});
    expect(await developer.config(id)).toMatchObject({ maxSampleAgeSeconds: null });
    for (const maxSampleAgeSeconds of [1, 2 ** 31 - 1, null]) {
      expect(await change(id, { maxSampleAgeSeconds })).toMatchObject({ status: 200, body: { warnings: [] } });
      expect(await developer.config(id)).toMatchObject({ maxSampleAgeSeconds });
    }
    for (const maxSampleAgeSeconds of [0, -1, 1.5, 2 ** 31, '60']) {
      const refused = await change(id, { maxSampleAgeSeconds });
      expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/maxSampleAgeSeconds' }] } });
    }
    const { body } = await developer.call('GET', '/v1/events?type=webhook.updated');
    expect((body.data as { data: object }[]).map(({ data }) => data)).toMatchObject(
      [4, 3, 2].map((revision) => ({ changed: ['maxSampleAgeSeconds'], revision })),
    );
  });

  test('whether vehicles join by themselves is set, taken back, and refused where it is neither yes nor no', async () => {
    const id = await developer.register({});
    expect(await developer.config(id)).toMatchObject({ autoSubscribe: false });
    for (const autoSubscribe of [true, false]) {
      expect(await change(id, { autoSubscribe })).toMatchObject({ status: 200, body: { warnings: [] } });
      expect(await developer.config(id)).toMatchObject({ autoSubscribe });
    }
    const before = await api.contents();
    for (const autoSubscribe of ['true', 1]) {
      const refused = await change(id, { autoSubscribe });
      expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/autoSubscribe' }] } });
    }
    expect(await api.contents()).toBe(before);
  });

  test('the log names what really changed, as the fields are called', async () => {
    const id = await developer.register({ coolDownPeriod: 5, description: 'd' });
    const same = { description: 'd', service: 'telemetry.signals', status: 'enabled' };
    await change(id, { ...same, coolDownPeriod: 6, condition: 'value > 56', asymmetric: true, displayName: 'n' });
    await change(id, { ...same, targetURL: api.target.url('/token/new'), verificationToken: 'new' });
    const events = (await developer.call('GET', '/v1/events?type=webhook.updated')).body.data as {
      data: { changed: string[]; revision: number };
    }[];
    expect(events.map(({ data }) => ({ ...data, changed: data.changed.sort() }))).toEqual([
      { changed: ['targetURL'], revision: 3 },
      { changed: ['asymmetric', 'condition', 'coolDownPeriod', 'displayName'], revision: 2 },
    ]);
  });

  test('changes of different fields at the same time all hold', async () => {
    const id = await developer.register();
    const answers = await Promise.all([
      change(id, { coolDownPeriod: 60 }),
      change(id, { description: 'changed' }),
      change(id, { displayName: 'named' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await developer.config(id)).toMatchObject({
      coolDownPeriod: 60,
      description: 'changed',
      displayName: 'named',
    });
  });
});

describe('deleting', () => {
  test('a deleted webhook is unknown from then on', async () => {
    const id = await developer.register();
    const answer = await developer.call('DELETE', `/v1/webhooks/${id}`);
    expect([answer.status, answer.body]).toEqual([200, { message: 'Webhook deleted successfully' }]);
    expect((await developer.call('GET', `/v1/webhooks/${id}/config`)).status).toBe(404);
    expect((await developer.call('DELETE', `/v1/webhooks/${id}`)).status).toBe(404);
    expect((await developer.call('GET', '/v1/webhooks')).body).toEqual([]);
  });
});

test.each([
  ['GET', '/config', undefined],
  ['GET', '', undefined],
  ['PUT', '', { coolDownPeriod: 1 }],
  ['PATCH', '', { coolDownPeriod: 1 }],
  ['DELETE', '', undefined],
  ['GET', '/state', undefined],
  ['GET', '/state/did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:1', undefined],
  ['POST', '/subscribe/did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:1', undefined],
  ['POST', '/subscribe/list', { assetDIDs: ['did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:1'] }],
  ['POST', '/subscribe/all', undefined],
  ['DELETE', '/unsubscribe/did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:1', undefined],
  ['DELETE', '/unsubscribe/list', { assetDIDs: [] }],
  ['DELETE', '/unsubscribe/all', undefined],
])('%s of a foreign id%s answers byte for byte as of an unknown one', async (method, path, body) => {
  const foreign = await (await api.developer()).register();
  const before = await api.contents();
  const answers = await Promise.all(
    [foreign, NOBODYS_ID].map((id) => developer.call(method, `/v1/webhooks/${id}${path}`, body)),
  );
  expect(answers[0]!.status).toBe(404);
  expect(answers[0]!.body).toMatchObject({ message: 'Webhook not found', code: 404 });
  expect(answers[0]!.text).toBe(answers[1]!.text);
  expect(await api.contents()).toBe(before);
});

test.each([
  ['upper case', (id: string) => id.toUpperCase()],
  ['no dashes', (id: string) => id.replaceAll('-', '')],
  ['braces', (id: string) => `{${id}}`],
  ['a URN', (id: string) => `urn:uuid:${id}`],
])('an id may be spelled with %s', async (_how, spell) => {
  const id = await developer.register();
  expect((await developer.call('GET', `/v1/webhooks/${encodeURIComponent(spell(id))}/config`)).body.id).toBe(id);
});

test('a list is whole without a limit, and in pages with one', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 5; count++) ids.push(await developer.register());
  ids.sort();
  const whole = await developer.call('GET', '/v1/webhooks');
  expect(each(whole.body, 'id')).toEqual(ids);
  expect(whole.headers.get('link')).toBeNull();

  const met: unknown[] = [];
  let path: string | undefined = '/v1/webhooks?limit=2';
  while (path !== undefined) {
    const page = await developer.call('GET', path);
    expect(page.body.length).toBeLessThanOrEqual(2);
    met.push(...each(page.body, 'id'));
    path = /^<(.+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1];
  }
  expect(met).toEqual(ids);
});
