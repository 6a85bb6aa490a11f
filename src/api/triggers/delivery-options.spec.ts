import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TestApi, type ApiDeveloper } from '../../../test/support/api.js';

let api: TestApi;
let developer: ApiDeveloper;

beforeAll(async () => {
  api = await TestApi.start({ retryTotalMaxMs: 3_600_000 });
});
afterAll(() => api.stop());
beforeEach(async () => {
  developer = await api.developer();
});

const OWN_SECRET = 'a secret of my own!';

async function refusal(fields: object): Promise<{ status: number; pointers: string[]; details: string }> {
  const before = await api.contents();
  const called = api.target.calls.length;
  const { status, body } = await developer.call('POST', '/v1/webhooks', developer.webhook({ ...fields }));
  expect([await api.contents(), api.target.calls.length]).toEqual([before, called]);
  const errors = (body.errors ?? []) as { pointer: string; detail: string }[];
  return {
    status,
    pointers: errors.map(({ pointer }) => pointer),
    details: errors.map(({ detail }) => detail).join(' '),
  };
}

/** The row of the webhook's endpoint. */
async function endpointOf(id: string): Promise<Record<string, string>> {
  const sql = 'select e.* from endpoints e join triggers t on t.endpoint_id = e.id where t.id = $1';
  return (await api.database.pool.query<Record<string, string>>(sql, [id])).rows[0]!;
}

async function change(id: string, fields: object) {
  return developer.call('PATCH', `/v1/webhooks/${id}`, fields);
}

describe('delivery options of a webhook', () => {
  test('those that are given at its registration are shown, and its secrets are not', async () => {
    const options = {
      profile: 'desmo',
      headerPrefix: 'X-Acme',
      timeoutSeconds: 7,
      retry: '1s,1m',
      maxPerSecond: 50,
      asymmetric: true,
    };
    const headers = { 'X-Tenant': 'fleet-7', Authorization: 'Bearer of-the-owner' };
    const answer = await developer.call(
      'POST',
      '/v1/webhooks',
      developer.webhook({ ...options, headers, secret: OWN_SECRET }),
    );
    expect(answer.body).toMatchObject({ secret: OWN_SECRET, warnings: [] });
    const view = await developer.config(answer.body.id as string);
    expect(view).toMatchObject({
      ...options,
      contentType: 'application/json',
      publicKey: expect.stringMatching(/^whpk_/),
    });
    expect(view.headers).toEqual({ 'X-Tenant': 'fleet-7', Authorization: expect.stringMatching(/^•+$/) });
    const stored = await endpointOf(answer.body.id as string);
    expect(JSON.stringify([view, stored, await api.contents()])).not.toMatch(/of-the-owner|a secret of my own/);
    expect(JSON.parse(api.secrets.open(stored.headers!, stored.id!))).toEqual(headers);
    expect(api.secrets.open(stored.secret!, stored.id!)).toBe(OWN_SECRET);
  });

  test('null at registration is the default', async () => {
    const fields = {
      profile: null,
      headerPrefix: null,
      headers: null,
      contentType: null,
      retry: null,
      asymmetric: null,
    };
    const id = await developer.register({ ...fields, timeoutSeconds: null, maxPerSecond: null });
    expect(await developer.config(id)).toMatchObject({
      profile: 'standard',
      headers: {},
      contentType: 'application/json',
    });
  });

  test.each([
    ['an unknown profile', { profile: 'stripe' }, '#/profile'],
    ['a prefix without headers to begin', { headerPrefix: 'X-Acme' }, '#/headerPrefix'],
    ["a prefix for DIMO's fixed headers", { profile: 'dimo', headerPrefix: 'X-Acme' }, '#/headerPrefix'],
    ['a prefix that is no token', { profile: 'desmo', headerPrefix: 'X Acme' }, '#/headerPrefix'],
    ['a prefix that is too long', { profile: 'desmo', headerPrefix: `X-${'a'.repeat(49)}` }, '#/headerPrefix'],
    ['a header of ours', { headers: { 'webhook-id': '1' } }, '#/headers'],
    ['a header of the profile', { profile: 'desmo', headers: { 'x-desmo-event': '1' } }, '#/headers'],
    ['a header of the connection', { headers: { Connection: 'close' } }, '#/headers'],
    ['a header that smuggles another', { headers: { 'X-A': 'a\r\nX-B: b' } }, '#/headers'],
    ['a header that is no text', { headers: { 'X-A': 1 } }, '#/headers/X-A'],
    ['an unknown content type', { contentType: 'text/plain' }, '#/contentType'],
    [
      'a CloudEvent type without a CloudEvent',
      { profile: 'desmo', contentType: 'application/cloudevents+json' },
      '#/contentType',
    ],
    ['no time', { timeoutSeconds: 0 }, '#/timeoutSeconds'],
    ['too much time', { timeoutSeconds: 31 }, '#/timeoutSeconds'],
    ['a schedule that is none', { retry: 'often' }, '#/retry'],
    ['a schedule that outlasts its events', { retry: '55m' }, '#/retry'],
    ['no rate', { maxPerSecond: 0 }, '#/maxPerSecond'],
    ['too high a rate', { maxPerSecond: 10_001 }, '#/maxPerSecond'],
    ['a short secret', { secret: 'short' }, '#/secret'],
    ['a secret with too few bytes', { secret: 'whsec_AAAA' }, '#/secret'],
  ])('%s is refused before anything is asked or stored', async (_what, fields, pointer) => {
    expect(await refusal(fields)).toMatchObject({ status: 400, pointers: [pointer] });
  });

  test('everything that is wrong is told at once, and no value of a header', async () => {
    const { pointers, details } = await refusal({
      headers: { 'X-Token': 'sensitive\n', Host: 'sensitive' },
      retry: '-',
      headerPrefix: 'X-A',
    });
    expect(pointers).toEqual(['#/headerPrefix', '#/retry', '#/headers', '#/headers']);
    expect(details).not.toContain('sensitive');
  });
});

describe('changing delivery options', () => {
  test('only what is given changes, and null is the default again', async () => {
    const id = await developer.register({ timeoutSeconds: 7, retry: '1s', headers: { 'X-A': 'a' }, asymmetric: true });
    const before = await developer.config(id);
    expect(await change(id, { timeoutSeconds: 9 })).toMatchObject({ status: 200, body: { warnings: [] } });
    expect(await developer.config(id)).toEqual({ ...before, timeoutSeconds: 9, updatedAt: expect.any(String) });
    await change(id, { timeoutSeconds: null, retry: null, headers: null, asymmetric: null });
    const defaults = { timeoutSeconds: null, retry: null, headers: {}, asymmetric: false, publicKey: null };
    expect(await developer.config(id)).toMatchObject(defaults);
  });

  test('a webhook that is sent back as it was shown does not change', async () => {
    const headers = { Authorization: 'Bearer of-the-owner', 'X-A': 'a' };
    const id = await developer.register({ headers, asymmetric: true, profile: 'dodev', headerPrefix: 'X-Acme' });
    const before = await endpointOf(id);
    const view = await developer.config(id);
    expect((await developer.call('PUT', `/v1/webhooks/${id}`, view)).status).toBe(200);
    expect(await endpointOf(id)).toEqual(before);
  });

  test('a secret header that is given as it is shown stays what it was, beside others that change', async () => {
    const id = await developer.register({ headers: { Authorization: 'Bearer of-the-owner', 'X-A': 'a' } });
    const shown = (await developer.config(id)).headers as Record<string, string>;
    await change(id, { headers: { Authorization: shown.Authorization, 'X-B': 'b' } });
    const { headers, id: endpointId } = await endpointOf(id);
    expect(JSON.parse(api.secrets.open(headers!, endpointId!))).toEqual({
      Authorization: 'Bearer of-the-owner',
      'X-B': 'b',
    });
  });

  test('what only made sense with the old profile goes with it, and that is said', async () => {
    const id = await developer.register({ profile: 'desmo', headerPrefix: 'X-Acme' });
    const { body } = await change(id, { profile: 'standard', contentType: 'application/cloudevents+json' });
    expect(body.warnings).toEqual([expect.stringContaining('headerPrefix')]);
    expect(await developer.config(id)).toMatchObject({ profile: 'standard', headerPrefix: null });
    expect((await change(id, { profile: 'dodev' })).body.warnings).toEqual([expect.stringContaining('contentType')]);
    expect(await developer.config(id)).toMatchObject({ profile: 'dodev', contentType: 'application/json' });
  });

  test('a profile whose header the owner has set already is refused', async () => {
    const id = await developer.register({ headers: { 'X-Desmo-Event': 'mine' } });
    expect(await change(id, { profile: 'desmo' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/headers' }] },
    });
    expect(await developer.config(id)).toMatchObject({ profile: 'standard' });
  });

  test('another secret signs from now on, and the old one for a day beside it', async () => {
    const id = await developer.register();
    const before = await endpointOf(id);
    await change(id, { secret: OWN_SECRET });
    const after = await endpointOf(id);
    expect(api.secrets.open(after.secret!, after.id!)).toBe(OWN_SECRET);
    expect(after.previous_secret).toBe(before.secret);
    expect(Date.parse(after.previous_until!) - Date.now()).toBeGreaterThan(23 * 3_600_000);
    expect(JSON.stringify(await api.contents())).not.toContain(OWN_SECRET);
  });
});
