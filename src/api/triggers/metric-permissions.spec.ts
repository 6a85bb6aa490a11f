import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TestApi, vehicle, type Answer, type ApiDeveloper } from '../../../test/support/api.js';
import type { CheckOptions, PermissionProvider, Verdict } from '../../access/permission-provider.js';

const SPEED = { service: 'telemetry.signals', metricName: 'speed', condition: 'value > 55' };
const LOCATION = {
  service: 'telemetry.signals',
  metricName: 'currentLocationCoordinates',
  condition: 'value.latitude > 5.0',
};
const BRAKING = { service: 'events', metricName: 'HarshBraking', condition: 'true' };

const NON_LOCATION = 'privilege:GetNonLocationHistory';
const BOTH = [NON_LOCATION, 'privilege:GetLocationHistory'];

/** Grants as told; `meanwhile` runs once, between the next question and its answer. */
class ToldPermissions implements PermissionProvider {
  readonly grantsDecide = false;
  readonly granted = new Map<string, readonly string[]>();
  isDown = false;
  asked: { vehicles: readonly string[]; fresh: boolean }[] = [];
  meanwhile: (() => Promise<unknown>) | undefined;

  async check(
    _license: string,
    vehicles: readonly string[],
    permissions: readonly string[],
    options?: CheckOptions,
  ): Promise<Verdict[]> {
    this.asked.push({ vehicles, fresh: options?.fresh ?? false });
    const meanwhile = this.meanwhile;
    this.meanwhile = undefined;
    await meanwhile?.();
    if (this.isDown) return vehicles.map(() => 'unknown');
    return vehicles.map((did) => {
      return permissions.every((permission) => this.granted.get(did)?.includes(permission)) ? 'granted' : 'denied';
    });
  }

  async *sharedVehicles(): AsyncIterable<string[]> {
    yield await Promise.resolve([...this.granted.keys()]);
  }
}

let permissions: ToldPermissions;
let api: TestApi;
let developer: ApiDeveloper;
let id: string;

beforeAll(async () => {
  permissions = new ToldPermissions();
  api = await TestApi.start({ permissions });
});
afterAll(() => api.stop());
beforeEach(async () => {
  Object.assign(permissions, { isDown: false, asked: [], meanwhile: undefined });
  permissions.granted.clear();
  developer = await api.developer();
  id = await developer.register(SPEED);
});

const grant = (vehicles: string[], held: string[]) => vehicles.forEach((did) => permissions.granted.set(did, held));
const subscribe = (...assetDIDs: string[]) =>
  developer.call('POST', `/v1/webhooks/${id}/subscribe/list`, { assetDIDs });
const change = (fields: object, method = 'PUT'): Promise<Answer> =>
  developer.call(method, `/v1/webhooks/${id}`, fields);
const subscribed = async () => (await developer.call('GET', `/v1/webhooks/${id}`)).body as string[];

describe('a metric that needs more than the old one', () => {
  test.each([
    ['PUT', LOCATION],
    ['PATCH', LOCATION],
    ['PUT', BRAKING],
  ])('is refused by %s while a subscribed vehicle did not grant that: %j', async (method, metric) => {
    grant([vehicle(1), vehicle(3)], BOTH);
    grant([vehicle(2)], [NON_LOCATION]);
    await subscribe(vehicle(1), vehicle(2), vehicle(3));
    const before = await api.contents();
    const answer = await change({ ...metric, coolDownPeriod: 7 }, method);
    expect(answer.body).toMatchObject({
      status: 403,
      type: 'urn:tripline:problem:permission-denied',
      message: 'Insufficient vehicle permissions',
    });
    expect(answer.body.detail).toContain(`on ${vehicle(2)}. `);
    expect(answer.body.detail).toMatch(/Unsubscribe/);
    expect(await api.contents()).toBe(before);
  });

  test('names ten of the vehicles that are in its way', async () => {
    const vehicles = Array.from({ length: 12 }, (_unused, at) => vehicle(100 + at));
    grant(vehicles, [NON_LOCATION]);
    await subscribe(...vehicles);
    const { detail } = (await change(LOCATION)).body as { detail: string };
    expect(detail.match(/did:erc721/g)).toHaveLength(10);
    expect(detail).toContain('and others');
  });

  test('is refused for a vehicle on any page', async () => {
    const vehicles = Array.from({ length: 1001 }, (_unused, at) => vehicle(100_000 + at));
    grant(vehicles, BOTH);
    grant(vehicles.slice(-1), [NON_LOCATION]);
    await subscribe(...vehicles);
    expect((await change(LOCATION)).body).toMatchObject({ status: 403, detail: expect.stringContaining('101000') });
  });

  test('answers 503 with a time to ask again while nobody can say', async () => {
    grant([vehicle(1)], BOTH);
    await subscribe(vehicle(1));
    permissions.isDown = true;
    const before = await api.contents();
    const answer = await change(LOCATION);
    expect(answer.body).toMatchObject({ status: 503, message: 'Failed to validate permissions' });
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await api.contents()).toBe(before);
  });

  test('is taken when every vehicle granted it, by what the source says now', async () => {
    grant([vehicle(1)], BOTH);
    await subscribe(vehicle(1));
    permissions.asked = [];
    expect((await change(LOCATION)).status).toBe(200);
    expect(permissions.asked).toEqual([{ vehicles: [vehicle(1)], fresh: true }]);
    expect(await developer.config(id)).toMatchObject({ metricName: LOCATION.metricName, subscriptionCount: 1 });
  });

  test('is taken when no vehicle is subscribed any more', async () => {
    grant([vehicle(1)], [NON_LOCATION]);
    await subscribe(vehicle(1));
    await developer.call('DELETE', `/v1/webhooks/${id}/unsubscribe/all`);
    expect((await change(LOCATION)).status).toBe(200);
  });
});

test.each([
  ['another condition', { condition: 'value > 75' }],
  ['another metric with the same needs', { metricName: 'powertrainTransmissionTravelledDistance' }],
  ['another status', { status: 'disabled' }],
])('%s asks for no permission', async (_what, fields) => {
  grant([vehicle(1)], [NON_LOCATION]);
  await subscribe(vehicle(1));
  Object.assign(permissions, { isDown: true, asked: [] });
  expect((await change(fields)).status).toBe(200);
  expect(permissions.asked).toEqual([]);
});

test('a vehicle is not subscribed by the needs of a metric that is replaced meanwhile', async () => {
  grant([vehicle(1)], [NON_LOCATION]);
  permissions.meanwhile = async () => expect((await change(LOCATION)).status).toBe(200);
  const answer = await developer.call('POST', `/v1/webhooks/${id}/subscribe/${vehicle(1)}`);
  expect(answer.body).toMatchObject({ status: 403, message: 'Insufficient vehicle permissions' });
  expect(await subscribed()).toEqual([]);
});

test('a metric does not pass by a vehicle that is subscribed meanwhile', async () => {
  grant([vehicle(1)], BOTH);
  grant([vehicle(2)], [NON_LOCATION]);
  await subscribe(vehicle(1));
  permissions.meanwhile = async () => expect((await subscribe(vehicle(2))).body).toMatchObject({ subscribed: 1 });
  const answer = await change(LOCATION);
  expect(answer.body).toMatchObject({ status: 403, detail: expect.stringContaining(vehicle(2)) });
  expect(await developer.config(id)).toMatchObject({ metricName: 'speed', subscriptionCount: 2 });
});

test('a vehicle is subscribed once, although the webhook changes meanwhile', async () => {
  grant([vehicle(1)], BOTH);
  permissions.meanwhile = () => change({ coolDownPeriod: 9 });
  expect((await subscribe(vehicle(1))).body).toMatchObject({ subscribed: 1, alreadySubscribed: 0 });
});

test('subscribing gives up on a webhook that never stays the same', async () => {
  grant([vehicle(1)], BOTH);
  let cooldown = 0;
  const again = async () => {
    await change({ coolDownPeriod: ++cooldown });
    permissions.meanwhile = again;
  };
  permissions.meanwhile = again;
  const answer = await subscribe(vehicle(1));
  permissions.meanwhile = undefined;
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  expect(await subscribed()).toEqual([]);
});
