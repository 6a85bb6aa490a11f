import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { TestApi, vehicle, type ApiDeveloper } from '../../../test/support/api.js';
import { IndexLog } from '../../store/index-log.js';
import { StateStore } from '../../store/states.js';

const [HISTORY, LOCATION] = ['privilege:GetNonLocationHistory', 'privilege:GetLocationHistory'] as const;
const CAR = vehicle(1);

let api: TestApi;
let developer: ApiDeveloper;
let speed: string;
let place: string;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());
beforeEach(async () => {
  developer = await api.developer();
  speed = await developer.register();
  place = await developer.register({ metricName: 'currentLocationCoordinates', condition: 'value.latitude > 5.0' });
});

const grant = (permissions: readonly string[]) =>
  api.admin('PUT', `/v1/admin/grants/${developer.license}/${CAR}`, { permissions });
const withdraw = () => api.admin('DELETE', `/v1/admin/grants/${developer.license}/${CAR}`);
const subscribe = (id: string) => developer.call('POST', `/v1/webhooks/${id}/subscribe/${CAR}`);
const subscribed = async (id: string) => (await developer.call('GET', `/v1/webhooks/${id}`)).body as string[];

interface Logged {
  actor?: unknown;
  requestId?: string;
  vehicle: string;
  data: { webhookIds?: string[]; permissions?: string[] };
}

async function logged(type: string, of = developer): Promise<Logged[]> {
  return (await of.call('GET', `/v1/events?type=${type}`)).body.data as Logged[];
}

/** As if a trigger had fired for the vehicle. */
async function fire(id: string): Promise<void> {
  await api.database.pool.query(
    `insert into states (trigger_id, vehicle, version, revision, fired_at, previous, sequence)
     values ($1, $2, 7, 1, now(), '61', 5)`,
    [id, CAR],
  );
}

test('a grant that is taken away has ended what needed it when that is answered, told once by each', async () => {
  await grant([HISTORY, LOCATION]);
  for (const id of [speed, place]) await subscribe(id);
  const answer = await withdraw();
  expect(answer.status).toBe(204);
  expect([await subscribed(speed), await subscribed(place)]).toEqual([[], []]);
  const revoked = await logged('subscription.revoked');
  expect(revoked.map(({ data, actor }) => [data.webhookIds, actor])).toEqual([[[speed, place].sort(), undefined]]);
  const [changed, ...before] = await logged('grant.changed');
  expect(changed).toMatchObject({
    ...{ actor: { license: '', keyId: 'admin' }, requestId: answer.headers.get('x-request-id'), vehicle: CAR },
    data: { permissions: [] },
  });
  expect(before).toHaveLength(1);
});

test('a narrower grant ends what needs more, and nothing else', async () => {
  await grant([HISTORY, LOCATION]);
  for (const id of [speed, place]) await subscribe(id);
  for (const id of [speed, place]) await fire(id);
  await grant([HISTORY]);
  expect([await subscribed(speed), await subscribed(place)]).toEqual([[CAR], []]);
  const firedAt = async (id: string) => (await new StateStore(api.database).get(id, CAR)).firedAtMs;
  expect([await firedAt(speed), await firedAt(place)]).toEqual([expect.any(Number), undefined]);
  expect((await logged('subscription.revoked')).map(({ data }) => data.webhookIds)).toEqual([[place]]);
});

test("another license's grant of the vehicle, and what it subscribed, stay", async () => {
  const other = await api.developer();
  const theirs = await other.register();
  await other.grant([CAR]);
  await other.call('POST', `/v1/webhooks/${theirs}/subscribe/${CAR}`);
  await grant([HISTORY]);
  await subscribe(speed);
  await withdraw();
  expect((await other.call('GET', `/v1/webhooks/${theirs}`)).body).toEqual([CAR]);
  expect(await logged('subscription.revoked', other)).toEqual([]);
});

test('granted again and subscribed again it works at once, as often as one likes, and begins from zero', async () => {
  await grant([HISTORY]);
  await subscribe(speed);
  await fire(speed);
  const index = new IndexLog(api.database);
  for (let time = 0; time < 10; time++) {
    await withdraw();
    expect((await subscribe(speed)).status).toBe(403);
    await grant([HISTORY]);
    expect((await subscribe(speed)).status).toBe(201);
    expect(await subscribed(speed)).toEqual([CAR]);
  }
  const state = await developer.call('GET', `/v1/webhooks/${speed}/state/${CAR}`);
  expect(state.body).toMatchObject({ previousValue: 0, lastFiredAt: null, coolingUntil: null });
  // What engines have in memory of it is out of date, and they are told of each change in turn.
  expect(await new StateStore(api.database).get(speed, CAR)).toMatchObject({ version: 17, previous: undefined });
  const page = await index.since(0n);
  if (page.kind !== 'changes') throw new Error('a gap');
  const kinds = page.changes.flatMap((change) =>
    change.kind !== 'trigger' && change.triggerId === speed ? [change.kind] : [],
  );
  expect(kinds).toEqual(['subscribed', ...Array.from({ length: 10 }, () => ['unsubscribed', 'subscribed']).flat()]);
});

test('taking away what is not there, or setting what is, changes no subscription', async () => {
  await grant([HISTORY]);
  await subscribe(speed);
  await grant([HISTORY, HISTORY]);
  expect(await subscribed(speed)).toEqual([CAR]);
  await withdraw();
  await withdraw();
  expect(await logged('subscription.revoked')).toHaveLength(1);
});

test('when what needed a grant cannot be ended the operator hears of it, and repeating ends it', async () => {
  let isOut = true;
  const { revocations } = api.parts;
  const sick = {
    triggersOf: (license: string, car: string) =>
      isOut
        ? Promise.reject(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
        : revocations.triggersOf(license, car),
    revokeVehicle: revocations.revokeVehicle.bind(revocations),
  };
  const other = await TestApi.start({
    ...{ revocations: sick as unknown as typeof revocations, grants: api.grants },
    ...{ triggers: api.parts.triggers, permissions: api.parts.permissions },
  });
  try {
    await grant([HISTORY]);
    await subscribe(speed);
    const path = `/v1/admin/grants/${developer.license}/${CAR}`;
    expect((await other.admin('DELETE', path)).status).toBe(503);
    expect(await subscribed(speed)).toEqual([CAR]);
    isOut = false;
    expect((await other.admin('DELETE', path)).status).toBe(204);
    expect(await subscribed(speed)).toEqual([]);
  } finally {
    await other.stop();
  }
});
