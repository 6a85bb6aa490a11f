import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { each, TestApi, vehicle, type ApiDeveloper } from '../../../test/support/api.js';
import { encodeReading } from '../../core/state.js';
import type { Reading } from '../../core/sample.js';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
let api: TestApi;
let developer: ApiDeveloper;

beforeAll(async () => {
  api = await TestApi.start({ now: () => NOW_MS });
  developer = await api.developer();
});
afterAll(() => api.stop());

const signal = (fields: Partial<Extract<Reading, { kind: 'signal' }>>): Reading => ({
  kind: 'signal',
  valueNumber: 0,
  valueString: '',
  valueLocation: { latitude: 0, longitude: 0, hdop: 0, heading: 0 },
  source: '',
  ...fields,
});
const event: Reading = {
  kind: 'event',
  name: 'behavior.harshBraking',
  source: 's',
  metadata: '{}',
  durationNs: 2n ** 63n,
  tags: ['a'],
};

/** As a chunk's commit leaves it. */
async function remember(triggerId: string, did: string, firedSecondsAgo: number, reading: Reading): Promise<void> {
  await api.database.pool.query(
    `insert into states (trigger_id, vehicle, version, revision, fired_at, previous, sequence) values ($1, $2, 3, 1, $3, $4, 7)`,
    [triggerId, did, new Date(NOW_MS - firedSecondsAgo * 1000), encodeReading(reading)],
  );
}

test.each([
  ['speed', 'signals', 'true', signal({ valueNumber: 59.5 }), 59.5, 0],
  ['powertrainType', 'signals', 'true', signal({ valueString: 'ELECTRIC' }), 'ELECTRIC', ''],
  [
    'currentLocationCoordinates',
    'signals',
    'true',
    signal({ valueLocation: { latitude: 1, longitude: 2, hdop: 3, heading: 4 } }),
    { latitude: 1, longitude: 2, hdop: 3, heading: 4 },
    { latitude: 0, longitude: 0, hdop: 0, heading: 0 },
  ],
  [
    'HarshBraking',
    'events',
    'true',
    event,
    { source: 's', metadata: '{}', durationNs: '9223372036854775808', tags: ['a'] },
    { source: '', metadata: '', durationNs: '0', tags: [] },
  ],
])(
  'what is remembered for %s is shown as its condition sees it',
  async (metricName, service, condition, reading, value, zero) => {
    const id = await developer.register({ metricName, service, condition, coolDownPeriod: 30 });
    await remember(id, vehicle(1), 10, reading);
    const { body } = await developer.call('GET', `/v1/webhooks/${id}/state/${vehicle(1)}`);
    expect(body).toEqual({
      vehicle: vehicle(1),
      previousValue: value,
      lastFiredAt: '2026-01-15T11:59:50.000Z',
      coolingUntil: '2026-01-15T12:00:20.000Z',
      firings: 7,
    });
    const never = await developer.call('GET', `/v1/webhooks/${id}/state/${encodeURIComponent(vehicle(2))}`);
    expect([never.status, never.body]).toEqual([
      200,
      { vehicle: vehicle(2), previousValue: zero, lastFiredAt: null, coolingUntil: null, firings: 0 },
    ]);
  },
);

test('a cool-down that is over is not shown', async () => {
  const id = await developer.register({ coolDownPeriod: 30 });
  await remember(id, vehicle(1), 30, signal({ valueNumber: 1 }));
  expect((await developer.call('GET', `/v1/webhooks/${id}/state/${vehicle(1)}`)).body.coolingUntil).toBeNull();
});

test('the longest cool-down of a record from the future is still a time', async () => {
  const id = await developer.register({ coolDownPeriod: 2147483647 });
  await remember(id, vehicle(1), -7000 * 365 * 86400, signal({ valueNumber: 1 }));
  expect((await developer.call('GET', `/v1/webhooks/${id}/state/${vehicle(1)}`)).body.coolingUntil).toMatch(/^\d{4}-/);
});

test('the list comes in pages by vehicle', async () => {
  const id = await developer.register();
  for (const tokenId of [3, 1, 2]) await remember(id, vehicle(tokenId), 1, signal({ valueNumber: tokenId }));
  const path = `/v1/webhooks/${id}/state`;
  const first = (await developer.call('GET', `${path}?limit=2`)).body;
  expect(each(first.data, 'vehicle')).toEqual([vehicle(1), vehicle(2)]);
  const second = (await developer.call('GET', `${path}?limit=2&cursor=${first.next}`)).body;
  expect(second).toMatchObject({ data: [{ vehicle: vehicle(3), previousValue: 3 }], next: null });
  expect((await developer.call('GET', path)).body.data).toHaveLength(3);
});

test('another metric empties what was remembered', async () => {
  const id = await developer.register();
  await remember(id, vehicle(1), 1, signal({ valueNumber: 5 }));
  await developer.call('PUT', `/v1/webhooks/${id}`, { metricName: 'powertrainType', condition: 'true' });
  const { body } = await developer.call('GET', `/v1/webhooks/${id}/state/${vehicle(1)}`);
  expect(body).toMatchObject({ previousValue: '', lastFiredAt: null, coolingUntil: null });
});
