import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TestApi, vehicle, type ApiDeveloper } from '../../../test/support/api.js';
import { LocalGrants } from '../../access/local-grants.js';
import type { PermissionProvider, Verdict } from '../../access/permission-provider.js';

const LOCATION = { metricName: 'currentLocationCoordinates', condition: 'value.latitude > 5.0' };
const NON_LOCATION = ['privilege:GetNonLocationHistory'];

/** Grants whose verdicts travel slowly: `meanwhile` runs once, between the next verdict and its arrival. */
class SlowGrants implements PermissionProvider {
  readonly grantsDecide = true;
  local!: LocalGrants;
  meanwhile: (() => Promise<unknown>) | undefined;

  async check(license: string, vehicles: readonly string[], permissions: readonly string[]): Promise<Verdict[]> {
    const verdicts = await this.local.check(license, vehicles, permissions);
    const { meanwhile } = this;
    this.meanwhile = undefined;
    await meanwhile?.();
    return verdicts;
  }

  sharedVehicles(license: string): AsyncIterable<string[]> {
    return this.local.sharedVehicles(license);
  }
}

let permissions: SlowGrants;
let api: TestApi;
let developer: ApiDeveloper;
let id: string;

beforeAll(async () => {
  permissions = new SlowGrants();
  api = await TestApi.start({ permissions, autoSubscribe: { syncMs: 20, scanMs: 20 } });
  permissions.local = new LocalGrants({ grants: api.grants });
});
afterAll(() => api.stop());
beforeEach(async () => {
  permissions.meanwhile = undefined;
  developer = await api.developer();
  id = await developer.register();
  await developer.grant([vehicle(1), vehicle(2)]);
});

const grantOf = (did: string) => `/v1/admin/grants/${developer.license}/${did}`;
const withdraw = async (did: string) => expect((await api.admin('DELETE', grantOf(did))).status).toBe(204);
const narrow = async (did: string) =>
  expect((await api.admin('PUT', grantOf(did), { permissions: NON_LOCATION })).status).toBe(200);
const subscribe = (path: string, body?: unknown) =>
  developer.call('POST', `/v1/webhooks/${id}/subscribe/${path}`, body);
const subscribed = async (webhook = id) => (await developer.call('GET', `/v1/webhooks/${webhook}`)).body as string[];
const logged = async (type: string) =>
  (await developer.call('GET', `/v1/events?type=${type}`)).body.data as { data: Record<string, unknown> }[];

describe('a grant that is taken away between the verdict and the subscription', () => {
  beforeEach(() => {
    permissions.meanwhile = () => withdraw(vehicle(1));
  });

  test('refuses the vehicle as if there had been none', async () => {
    const answer = await subscribe(vehicle(1));
    expect(answer.body).toMatchObject({ status: 403, message: 'Insufficient vehicle permissions' });
    expect([await subscribed(), await logged('subscription.created')]).toEqual([[], []]);
  });

  test.each([
    ['list', { assetDIDs: [vehicle(1), vehicle(2)] }],
    ['all', undefined],
  ])('refuses it in a %s, and no other', async (path, body) => {
    expect((await subscribe(path, body)).body).toEqual({
      message: 'Subscribed 1 assets',
      subscribed: 1,
      alreadySubscribed: 0,
      failedSubscriptions: [{ assetDid: vehicle(1), message: 'Insufficient vehicle permissions' }],
    });
    expect(await subscribed()).toEqual([vehicle(2)]);
    expect((await logged('subscription.created')).map(({ data }) => data.count)).toEqual([1]);
  });

  test('lets it not join by itself, and no other webhook of the same round take it in', async () => {
    const both = await Promise.all([1, 2].map(() => developer.register({ autoSubscribe: true })));
    for (const one of both) while ((await subscribed(one)).length === 0);
    expect(permissions.meanwhile).toBeUndefined();
    for (const one of both) expect(await subscribed(one)).toEqual([vehicle(2)]);
    expect((await logged('subscription.created')).map(({ data }) => data.count)).toEqual([1, 1]);
    expect(await logged('subscription.revoked')).toEqual([]);
  });
});

test('a metric does not pass by a grant that is narrowed between the verdict and the change', async () => {
  await subscribe(vehicle(1));
  permissions.meanwhile = () => narrow(vehicle(1));
  const answer = await developer.call('PUT', `/v1/webhooks/${id}`, LOCATION);
  expect(answer.body).toMatchObject({ status: 403, detail: expect.stringContaining(vehicle(1)) });
  expect(await developer.config(id)).toMatchObject({ metricName: 'speed', subscriptionCount: 1 });
});

describe('whoever is faster', () => {
  test.each([
    ['one vehicle', 25, () => subscribe(vehicle(1)), [201, 403]],
    ['a list', 20, () => subscribe('list', { assetDIDs: [vehicle(2), vehicle(1)] }), [200]],
  ] as const)('a vehicle whose grant is gone is not subscribed: %s', async (_what, rounds, call, statuses) => {
    for (let round = 0; round < rounds; round++) {
      await developer.grant([vehicle(1)]);
      const [answer] = await Promise.all([call(), withdraw(vehicle(1))]);
      expect(statuses).toContain(answer.status);
      expect(await subscribed()).not.toContain(vehicle(1));
    }
  });

  test('a webhook does not watch what a narrowed grant denies', async () => {
    for (let round = 0; round < 20; round++) {
      await developer.call('PUT', `/v1/webhooks/${id}`, { metricName: 'speed', condition: 'value > 55' });
      await developer.grant([vehicle(1)]);
      await subscribe(vehicle(1));
      await Promise.all([developer.call('PUT', `/v1/webhooks/${id}`, LOCATION), narrow(vehicle(1))]);
      const { metricName, subscriptionCount } = await developer.config(id);
      expect([metricName, subscriptionCount]).toEqual(metricName === 'speed' ? ['speed', 1] : [metricName, 0]);
    }
  });
});
