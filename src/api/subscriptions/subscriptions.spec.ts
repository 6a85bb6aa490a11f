import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TestApi, vehicle, type ApiDeveloper } from '../../../test/support/api.js';
import { PermissionsUnavailable, type PermissionProvider, type Verdict } from '../../access/permission-provider.js';

const FOREIGN_CONTRACT = `did:erc721:137:0x45fbCD3ef7361d156e8b16F5538AE36DEdf61Da8:1`;

let api: TestApi;
let developer: ApiDeveloper;
let id: string;

beforeAll(async () => {
  api = await TestApi.start({ vehicleNft: { chainId: 137, contract: '0xba5738a18d83d41847dffbdc6101d37c69c9b0cf' } });
});
afterAll(() => api.stop());
beforeEach(async () => {
  developer = await api.developer();
  id = await developer.register({ description: 'the webhook' });
});

const subscribe = (path: string, body?: unknown) =>
  developer.call('POST', `/v1/webhooks/${id}/subscribe/${path}`, body);
const unsubscribe = (path: string, body?: unknown) =>
  developer.call('DELETE', `/v1/webhooks/${id}/unsubscribe/${path}`, body);
const subscribed = async () => (await developer.call('GET', `/v1/webhooks/${id}`)).body as string[];

describe('one vehicle', () => {
  test.each([
    ['as it is', vehicle(7)],
    ['percent-encoded', encodeURIComponent(vehicle(7))],
    ['in another spelling', 'did:erc721:0137:ba5738a18d83d41847dffbdc6101d37c69c9b0cf:+007'],
  ])('is subscribed and unsubscribed with its DID %s', async (_how, did) => {
    await developer.grant([vehicle(7)]);
    const answer = await subscribe(did);
    expect([answer.status, answer.body]).toEqual([201, { message: 'Vehicle assigned successfully' }]);
    expect(await subscribed()).toEqual([vehicle(7)]);
    const gone = await unsubscribe(did);
    expect([gone.status, gone.body]).toEqual([200, { message: 'Vehicle unsubscribed successfully' }]);
    expect(await subscribed()).toEqual([]);
  });

  test('twice is refused as in the original, and stays subscribed', async () => {
    await developer.grant([vehicle(1)]);
    await subscribe(vehicle(1));
    const answer = await subscribe(vehicle(1));
    expect(answer.body).toMatchObject({ status: 400, message: 'Already subscribed' });
    expect(await subscribed()).toEqual([vehicle(1)]);
  });

  test('that was not subscribed is unsubscribed all the same', async () => {
    expect((await unsubscribe(vehicle(1))).status).toBe(200);
  });

  test.each([
    ['telemetry.signals', 'speed', 'value > 5', ['privilege:GetNonLocationHistory'], 201],
    ['telemetry.signals', 'speed', 'value > 5', ['privilege:GetLocationHistory'], 403],
    [
      'telemetry.signals',
      'currentLocationCoordinates',
      'value.latitude > 5.0',
      ['privilege:GetNonLocationHistory'],
      403,
    ],
    ['telemetry.signals', 'currentLocationCoordinates', 'value.latitude > 5.0', ['privilege:GetLocationHistory'], 201],
    ['events', 'HarshBraking', 'true', ['privilege:GetNonLocationHistory'], 403],
    ['events', 'HarshBraking', 'true', ['privilege:GetNonLocationHistory', 'privilege:GetLocationHistory'], 201],
  ])('of %s %s where %s is watched with %j answers %i', async (service, metricName, condition, permissions, status) => {
    id = await developer.register({ service, metricName, condition });
    await developer.grant([vehicle(1)], permissions);
    expect((await subscribe(vehicle(1))).status).toBe(status);
    expect(await subscribed()).toHaveLength(status === 201 ? 1 : 0);
  });
});

describe('a list', () => {
  test('is subscribed, and again with nothing to do', async () => {
    await developer.grant([vehicle(1), vehicle(2), vehicle(3)]);
    const list = { assetDIDs: [vehicle(1), vehicle(2), vehicle(1)] };
    expect((await subscribe('list', list)).body).toEqual({
      message: 'Subscribed 2 assets',
      subscribed: 2,
      alreadySubscribed: 0,
    });
    const again = await subscribe('list', { assetDIDs: [...list.assetDIDs, vehicle(3)] });
    expect([again.status, again.body]).toEqual([
      200,
      { message: 'Subscribed 1 assets', subscribed: 1, alreadySubscribed: 2 },
    ]);
    expect(await subscribed()).toEqual([vehicle(1), vehicle(2), vehicle(3)]);
  });

  test('a vehicle without permission refuses only itself', async () => {
    await developer.grant([vehicle(1), vehicle(3)]);
    const answer = await subscribe('list', { assetDIDs: [vehicle(1), vehicle(2), vehicle(3)] });
    expect(answer.body).toEqual({
      message: 'Subscribed 2 assets',
      subscribed: 2,
      alreadySubscribed: 0,
      failedSubscriptions: [{ assetDid: vehicle(2), message: 'Insufficient vehicle permissions' }],
    });
    expect(await subscribed()).toEqual([vehicle(1), vehicle(3)]);
  });

  test('is unsubscribed, whatever of it was subscribed', async () => {
    await developer.grant([vehicle(1), vehicle(2)]);
    await subscribe('list', { assetDIDs: [vehicle(1), vehicle(2)] });
    const answer = await unsubscribe('list', { assetDIDs: [vehicle(1), vehicle(5)] });
    expect([answer.status, answer.body]).toEqual([200, { message: 'Unsubscribed 2 assets', unsubscribed: 1 }]);
    expect(await subscribed()).toEqual([vehicle(2)]);
  });

  test('of more than 1 MB is taken', async () => {
    const assetDIDs = Array.from({ length: 20_000 }, (_unused, at) => vehicle(at));
    const answer = await subscribe('list', { assetDIDs });
    expect(answer.status).toBe(200);
    expect(answer.body.failedSubscriptions).toHaveLength(20_000);
  });

  test('of more than 100,000 is refused', async () => {
    const answer = await subscribe('list', { assetDIDs: Array.from({ length: 100_001 }, () => vehicle(1)) });
    expect(answer.body).toMatchObject({ status: 400, message: 'assetDIDs may have at most 100000 entries' });
  });

  test('that is empty does nothing', async () => {
    expect((await subscribe('list', { assetDIDs: [] })).body).toMatchObject({ subscribed: 0 });
  });
});

describe('all', () => {
  test('shared vehicles are subscribed over all pages, of the configured contract, new ones by calling again', async () => {
    const shared = Array.from({ length: 1100 }, (_unused, at) => vehicle(at + 1));
    await api.database.pool.query(
      `insert into grants (license, vehicle, permissions, updated_at)
       select $1, v, array['privilege:GetNonLocationHistory'], now() from unnest($2::text[]) v`,
      [developer.license, [...shared, FOREIGN_CONTRACT]],
    );
    await developer.grant([vehicle(5000)], ['privilege:GetLocationHistory']);
    expect((await subscribe('all')).body).toEqual({
      message: 'Subscribed 1100 assets',
      subscribed: 1100,
      alreadySubscribed: 0,
      failedSubscriptions: [{ assetDid: vehicle(5000), message: 'Insufficient vehicle permissions' }],
    });
    await developer.grant([vehicle(2000)]);
    expect((await subscribe('all')).body).toMatchObject({ subscribed: 1, alreadySubscribed: 1100 });
    const gone = await unsubscribe('all');
    expect([gone.status, gone.body]).toEqual([200, { message: 'Unsubscribed 1101 vehicles', unsubscribed: 1101 }]);
    expect(await subscribed()).toEqual([]);
  });
});

describe('the webhooks of a vehicle', () => {
  test('are shown with their descriptions, those of other licenses left out', async () => {
    const stranger = await api.developer();
    const foreignId = await stranger.register();
    await stranger.grant([vehicle(1)]);
    await stranger.call('POST', `/v1/webhooks/${foreignId}/subscribe/${vehicle(1)}`);
    await developer.grant([vehicle(1)]);
    await subscribe(vehicle(1));
    const answer = await developer.call('GET', `/v1/webhooks/vehicles/${encodeURIComponent(vehicle(1))}`);
    expect(answer.body).toEqual([
      {
        webhookId: id,
        assetDid: vehicle(1),
        createdAt: expect.stringMatching(/\.\d{3}Z$/),
        description: 'the webhook',
      },
    ]);
  });

  test('are none for a vehicle that nobody knows', async () => {
    const answer = await developer.call('GET', `/v1/webhooks/vehicles/${vehicle(4711)}`);
    expect([answer.status, answer.body]).toEqual([200, []]);
  });

  test('and the vehicles of a webhook come in pages when asked for', async () => {
    const vehicles = [vehicle(1), vehicle(2), vehicle(3)];
    await developer.grant(vehicles);
    await subscribe('list', { assetDIDs: vehicles });
    const first = await developer.call('GET', `/v1/webhooks/${id}?limit=2`);
    expect(first.body).toEqual(vehicles.slice(0, 2));
    const second = await developer.call('GET', /<(.+)>/.exec(first.headers.get('link')!)![1]!);
    expect(second.body).toEqual(vehicles.slice(2));
    expect(second.headers.get('link')).toBeNull();

    const ids = [id, await developer.register(), await developer.register()].sort();
    for (const other of ids) await developer.call('POST', `/v1/webhooks/${other}/subscribe/${vehicle(1)}`);
    const path = `/v1/webhooks/vehicles/${vehicle(1)}`;
    const page = await developer.call('GET', `${path}?limit=2`);
    const rest = await developer.call('GET', /<(.+)>/.exec(page.headers.get('link')!)![1]!);
    const webhookIds = [...page.body, ...rest.body].map((entry: { webhookId: string }) => entry.webhookId);
    expect(webhookIds).toEqual(ids);
  });
});

/** Answers what it is told to, as a permission service in trouble does. */
class ScriptedPermissions implements PermissionProvider {
  readonly grantsDecide = false;
  verdicts: Record<string, Verdict[]> = {};
  isDown = false;

  check(_license: string, vehicles: readonly string[]): Promise<Verdict[]> {
    return Promise.resolve(vehicles.map((did) => this.verdicts[did]?.shift() ?? 'unknown'));
  }

  async *sharedVehicles(): AsyncIterable<string[]> {
    yield await Promise.resolve([vehicle(1)]);
    if (this.isDown) throw new PermissionsUnavailable('no answer');
  }
}

describe('while permissions cannot be had', () => {
  const permissions = new ScriptedPermissions();
  let own: TestApi;

  beforeAll(async () => {
    own = await TestApi.start({ permissions });
  });
  afterAll(() => own.stop());
  beforeEach(async () => {
    developer = await own.developer();
    id = await developer.register();
    permissions.verdicts = {};
    permissions.isDown = false;
  });

  test('one vehicle answers 503 with a time to ask again', async () => {
    const answer = await subscribe(vehicle(1));
    expect(answer.body).toMatchObject({ status: 503, message: 'Failed to validate permissions' });
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await subscribed()).toEqual([]);
  });

  test('a list fails for those vehicles alone', async () => {
    permissions.verdicts[vehicle(1)] = ['granted'];
    const answer = await subscribe('list', { assetDIDs: [vehicle(1), vehicle(2)] });
    expect(answer.body).toMatchObject({
      subscribed: 1,
      failedSubscriptions: [{ assetDid: vehicle(2), message: 'Failed to validate permissions' }],
    });
  });

  test('all answers 503 and subscribes nothing of a list that breaks off', async () => {
    permissions.isDown = true;
    permissions.verdicts[vehicle(1)] = ['granted'];
    const answer = await subscribe('all');
    expect(answer.body).toMatchObject({ status: 503, message: 'Failed to get shared vehicles' });
    expect(await subscribed()).toEqual([]);
  });

  test('a remembered "no" is asked again', async () => {
    permissions.verdicts[vehicle(1)] = ['denied', 'granted'];
    expect((await subscribe(vehicle(1))).status).toBe(201);
  });
});
