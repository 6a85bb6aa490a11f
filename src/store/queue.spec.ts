import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, vehicleOf, UNLIMITED } from '../../test/support/triggers.js';
import { DEFAULT_ENDPOINT_OPTIONS } from '../core/endpoint.js';
import { Database } from './database.js';
import { type DueDelivery, type DueRow, ReadTargets, toDueDeliveries } from './due-delivery.js';
import { newLogId } from './log-id.js';
import { DeliveryQueue, QUEUE_START } from './queue.js';
import type { AttemptRecord } from '../core/attempt-record.js';
import { type Settlement, settlementArrays } from './settlement.js';
import { FETCH_DUE } from './sql/fetch-due.js';
import { LEASE_ENDPOINTS } from './sql/lease-endpoints.js';
import { QUEUE_DEPTH } from './sql/queue-depth.js';
import { READ_INDEX_CHANGES } from './sql/read-index-changes.js';
import { SETTLE_DELIVERIES } from './sql/settle-deliveries.js';
import { TriggerStore } from './triggers.js';

const ATTEMPT: AttemptRecord = {
  ...{ durationMs: 12.4, outcome: 'rejected', statusCode: 500, error: 'a \0 in it' },
  ...{ requestHeaders: '{"a":"b"}', responseHeaders: '{"c":"\0"}', responseBody: 'no \0', isTruncated: true },
};
const ARRIVED: AttemptRecord = { ...ATTEMPT, outcome: 'delivered', statusCode: 200, error: null };

/** In minutes, by the database's clock. */
const WAITS = 'round(extract(epoch from due_at - now()) / 60)::int';

let server: TestDatabase;
let database: Database;
let queue: DeliveryQueue;
let triggers: TriggerStore;
let token: string;
/** Each test has a trigger with an endpoint of its own. */
let trigger: { id: string; endpointId: string };

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open({ ...testSettings(server.url), dataPoolSize: 10 });
  queue = new DeliveryQueue(database);
  triggers = new TriggerStore(database, UNLIMITED);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(async () => {
  await database.pool.query('truncate outbox, senders, endpoint_leases, attempts, deliveries');
  trigger = await newEndpoint();
  token = await queue.startSender();
});

test('an endpoint is leased when it has due work and nobody holds it', async () => {
  expect(await queue.lease(token, 10)).toEqual([]);
  await enqueue(trigger, { dueInSeconds: 60 });
  expect(await queue.lease(token, 10)).toEqual([]);
  await enqueue(trigger);
  expect(await queue.lease(token, 10)).toEqual([
    { endpointId: trigger.endpointId, license: LICENSE, failures: 0, wasBusy: false },
  ]);
  expect(await queue.lease(token, 10)).toEqual([]);
  expect(await queue.lease(await queue.startSender(), 10)).toEqual([]);
});

test('a bell leases the endpoints that it names and no others', async () => {
  const other = await newEndpoint();
  await enqueue(trigger);
  await enqueue(other);
  expect(await leased(token, 10, [other.endpointId, randomUUID()])).toEqual([other.endpointId]);
});

test('a lease takes as many as asked for', async () => {
  for (let n = 0; n < 5; n++) await enqueue(await newEndpoint());
  expect((await queue.lease(token, 3)).length).toBe(3);
  expect((await queue.lease(token, 3)).length).toBe(2);
});

test('senders that race get every endpoint once', async () => {
  const all: string[] = [];
  for (let n = 0; n < 60; n++) {
    const endpoint = await newEndpoint();
    await enqueue(endpoint);
    all.push(endpoint.endpointId);
  }
  const senders = await Promise.all(Array.from({ length: 4 }, () => queue.startSender()));
  const taken: string[][] = [];
  for (let round = 0; round < 10; round++) taken.push(...(await Promise.all(senders.map((each) => leased(each, 2)))));
  expect(taken.flat().sort()).toEqual(all.sort());
});

test('a released endpoint is free for others', async () => {
  await enqueue(trigger);
  await queue.lease(token, 1);
  await queue.release(token, [trigger.endpointId]);
  expect(await leased(await queue.startSender(), 1)).toEqual([trigger.endpointId]);
});

test.each([
  [false, false],
  [true, true],
])('an endpoint that is given back with requests under way (%s) is busy for the next', async (isBusy, wasBusy) => {
  await enqueue(trigger);
  await queue.lease(token, 1);
  await queue.release(token, [trigger.endpointId], { isBusy });
  expect(await queue.lease(await queue.startSender(), 1)).toMatchObject([{ wasBusy }]);
});

test.each([
  ['now', 0, true],
  ['long ago', 120, false],
])('what a token held that ended %s may have been busy until then', async (_, secondsAgo, wasBusy) => {
  await enqueue(trigger);
  await queue.lease(token, 1);
  if (secondsAgo > 0) await die(token, secondsAgo);
  await queue.endSender(token);
  expect(await queue.lease(await queue.startSender(), 1)).toMatchObject([{ wasBusy }]);
});

test("another's endpoint is not released", async () => {
  await enqueue(trigger);
  await queue.lease(token, 1);
  await queue.release(await queue.startSender(), [trigger.endpointId]);
  expect(await leased(await queue.startSender(), 1)).toEqual([]);
});

test('endpoints of a sender that ended, or died, go to the next', async () => {
  await enqueue(trigger);
  await queue.lease(token, 1);
  const second = await queue.startSender();
  await die(token);
  expect(await leased(second, 1)).toEqual([trigger.endpointId]);
  await queue.endSender(second);
  expect(await leased(await queue.startSender(), 1)).toEqual([trigger.endpointId]);
});

test('a token that is over never lives again and leases nothing', async () => {
  await enqueue(trigger);
  expect(await queue.heartbeat(token)).toBe(true);
  await die(token);
  expect(await queue.heartbeat(token)).toBe(false);
  expect(await queue.lease(token, 1)).toEqual([]);
  expect(await queue.heartbeat(randomUUID())).toBe(false);
});

test('a lease that is still running when its token is ended is given back', async () => {
  await enqueue(trigger);
  const { ending } = await database.session(async (lost) => {
    await lost.query('begin');
    await lost.query({ ...LEASE_ENDPOINTS, values: [token, 1, null] });
    const result = queue.endSender(token);
    await Promise.race([result, someoneWaits(database)]);
    await lost.query('commit');
    return { ending: result };
  });
  await ending;
  expect(await rows('select holder from endpoint_leases')).toContainEqual({ holder: null });
  expect(await leased(await queue.startSender(), 1)).toEqual([trigger.endpointId]);
});

test('a lease that begins while its token is being ended takes nothing', async () => {
  await enqueue(trigger);
  const { leasing } = await database.session(async (ending) => {
    await ending.query('begin');
    await ending.query('select end_senders_v2($1)', [[token]]);
    const result = queue.lease(token, 1);
    await Promise.race([result, someoneWaits(database)]);
    await ending.query('commit');
    return { leasing: result };
  });
  expect(await leasing).toEqual([]);
  expect(await leased(await queue.startSender(), 1)).toEqual([trigger.endpointId]);
});

test('a heartbeat does not wait for a lease', async () => {
  await enqueue(trigger);
  await database.session(async (leasing) => {
    await leasing.query('begin');
    await leasing.query({ ...LEASE_ENDPOINTS, values: [token, 1, null] });
    expect(await queue.heartbeat(token)).toBe(true);
    await leasing.query('commit');
  });
});

test('a heartbeat without an answer is given up while there is time for another', async () => {
  const brief = new DeliveryQueue(database, { lifeSeconds: 4 });
  const mine = await brief.startSender();
  await database.session(async (blocking) => {
    await blocking.query('begin');
    await blocking.query('select 1 from senders where token = $1 for update', [mine]);
    await expect(brief.heartbeat(mine)).rejects.toThrow('timeout');
    await blocking.query('commit');
  });
  expect(await brief.heartbeat(mine)).toBe(true);
});

test('tokens that died long ago are cleared away with what they held', async () => {
  await enqueue(trigger);
  await queue.lease(token, 1);
  await die(token, 120);
  const next = await queue.startSender();
  expect(await rows('select token from senders')).toEqual([{ token: next }]);
  expect(await leased(next, 1)).toEqual([trigger.endpointId]);
});

test('a due delivery comes with all that sending it needs', async () => {
  const { id, eventId } = await enqueue(trigger);
  await database.pool.query('update outbox set attempt = 7, round = 5');
  expect(await due()).toEqual([
    {
      ...{ id, eventId, endpointId: trigger.endpointId, triggerId: trigger.id },
      ...{ vehicle: vehicleOf(1), license: LICENSE, aboutEndpointId: null, isTriggerLive: true, isGated: false },
      ...{ eventType: 'trigger.fired', payload: '{"b":1}', attempt: 7, round: 5 },
      ...{ dueAt: expect.any(String), createdAt: expect.any(String), createdTicksMs: expect.any(Number) },
      target: {
        ...{ endpointId: trigger.endpointId, license: LICENSE, status: 'active' },
        ...{ url: 'https://example.com/hook', secret: 'v1.k.n.c', previousSecret: null },
        ...{ signingKey: null, previousSigningKey: null, headers: null, ...DEFAULT_ENDPOINT_OPTIONS },
      },
    },
  ]);
});

test.each([
  [
    'the grant of its license on its vehicle',
    true,
    ['privilege:GetNonLocationHistory', 'privilege:GetLocationHistory'],
  ],
  ['nothing of it where others decide', false, undefined],
])('a due delivery comes with %s', async (_, grantsDecide, granted) => {
  const [permissions, others] = [
    ['privilege:GetNonLocationHistory', 'privilege:GetLocationHistory'],
    ['privilege:Other'],
  ];
  await database.pool.query(
    `insert into grants (license, vehicle, permissions, updated_at)
     values ($1, $2, $3, now()), ($1, $4, $5, now()), ($6, $2, $5, now()) on conflict do nothing`,
    [LICENSE, vehicleOf(1), permissions, vehicleOf(2), others, OTHER_LICENSE],
  );
  await enqueue(trigger);
  const asked = new DeliveryQueue(database, { grantsDecide });
  const [delivery] = await asked.fetch([{ endpointId: trigger.endpointId, ...QUEUE_START, limit: 1 }]);
  expect(delivery).toMatchObject({ vehicle: vehicleOf(1), license: LICENSE });
  expect(delivery!.granted).toEqual(granted);
});

test('a firing whose license has no grant comes without one', async () => {
  await database.pool.query('delete from grants');
  await enqueue(trigger);
  const asked = new DeliveryQueue(database, { grantsDecide: true });
  const [delivery] = await asked.fetch([{ endpointId: trigger.endpointId, ...QUEUE_START, limit: 1 }]);
  expect(delivery!.granted).toBeUndefined();
});

test('every delivery of an endpoint comes with its options as they stand now', async () => {
  const other = await newEndpoint();
  for (const to of [trigger, other, trigger, other]) await enqueue(to);
  await database.pool.query(
    `update endpoints set status = 'paused', profile = 'dimo', header_prefix = 'X-A-', headers = 'h', retry = '1s',
       content_type = 'application/cloudevents+json', timeout_seconds = 7, max_per_second = 3, signing_key = 'k'
     where id = $1`,
    [other.endpointId],
  );
  const options = {
    ...{ profile: 'dimo', headerPrefix: 'X-A-', contentType: 'application/cloudevents+json' },
    ...{ timeoutSeconds: 7, retry: '1s', maxPerSecond: 3 },
  };
  const fetched = await queue.fetch(
    [other, trigger].map(({ endpointId }) => ({ endpointId, ...QUEUE_START, limit: 10 })),
  );
  const targetsOf = ({ endpointId }: typeof trigger) =>
    fetched.filter((delivery) => delivery.endpointId === endpointId).map((delivery) => delivery.target);
  const changed = { ...options, endpointId: other.endpointId, status: 'paused', headers: 'h', signingKey: 'k' };
  expect(targetsOf(other)).toEqual([expect.objectContaining(changed), expect.objectContaining(changed)]);
  expect(targetsOf(trigger)).toEqual([
    expect.objectContaining(DEFAULT_ENDPOINT_OPTIONS),
    expect.objectContaining(DEFAULT_ENDPOINT_OPTIONS),
  ]);
});

test('an endpoint that is read again is the same until it changes', async () => {
  await enqueue(trigger);
  const targetNow = async () => (await due())[0]!.target;
  const first = await targetNow();
  expect(await targetNow()).toBe(first);
  await database.pool.query(`update endpoints set previous_secret = 'old', previous_until = now() + interval '1 h'`);
  const rotated = await targetNow();
  expect([rotated === first, rotated?.previousSecret]).toEqual([false, 'old']);
  await database.pool.query(`update endpoints set url = 'https://example.com/other' where id = $1`, [
    trigger.endpointId,
  ]);
  expect(await targetNow()).toMatchObject({ url: 'https://example.com/other' });
});

test.each([
  ['1 hour', 'old', 'older'],
  ['-1 second', null, null],
])('secrets that were replaced come along until their time is over: in %s', async (left, secret, signingKey) => {
  await enqueue(trigger);
  await database.pool.query(
    `update endpoints set previous_secret = 'old', previous_signing_key = 'older', previous_until = now() + $2::interval
     where id = $1`,
    [trigger.endpointId, left],
  );
  expect(await due()).toMatchObject([{ target: { previousSecret: secret, previousSigningKey: signingKey } }]);
});

test('deliveries come in the order of their time, from a place on, as many as asked for of each endpoint', async () => {
  const other = await newEndpoint();
  const ids: string[] = [];
  for (const dueInSeconds of [-3, -2, -1]) ids.push((await enqueue(trigger, { dueInSeconds })).id);
  const foreign = await enqueue(other);
  await enqueue(trigger, { dueInSeconds: 60 });
  const first = await queue.fetch([
    { endpointId: trigger.endpointId, ...QUEUE_START, limit: 2 },
    { endpointId: other.endpointId, ...QUEUE_START, limit: 2 },
  ]);
  const own = first.filter(({ endpointId }) => endpointId === trigger.endpointId);
  expect(own.map((delivery) => delivery.id)).toEqual([ids[0], ids[1]]);
  expect(first.filter((delivery) => !own.includes(delivery)).map((delivery) => delivery.id)).toEqual([foreign.id]);
  const after = { afterDueAt: own[1]!.dueAt, afterId: own[1]!.id };
  const rest = await queue.fetch([{ endpointId: trigger.endpointId, ...after, limit: 10 }]);
  expect(rest.map((delivery) => delivery.id)).toEqual([ids[2]]);
  expect(await queue.fetch([])).toEqual([]);
});

test('of what the sender has in hand nothing is read but that it is queued; of all else everything', async () => {
  const before = await enqueue(trigger, { dueInSeconds: -3 });
  const inHand = await enqueue(trigger, { dueInSeconds: -2 });
  const after = await enqueue(trigger, { dueInSeconds: -1 });
  const known = [inHand.id, randomUUID()];
  const found = await queue.fetch([{ endpointId: trigger.endpointId, ...QUEUE_START, limit: 10, known }]);
  const gist = found.map(({ id, payload, isKnown = false, target }) => [id, payload, isKnown, target?.url]);
  const { url } = (await due())[0]!.target!;
  const payloads = (await due()).map(({ payload }) => payload);
  expect(gist).toEqual([
    [before.id, payloads[0], false, url],
    [inHand.id, null, true, url],
    [after.id, payloads[2], false, url],
  ]);
  expect(payloads).not.toContain(null);
});

test('deliveries come in the order of their places, in whatever order the database gives its rows', async () => {
  for (const dueInSeconds of [-3, -2, -1]) await enqueue(trigger, { dueInSeconds });
  const values = [[trigger.endpointId], [QUEUE_START.afterDueAt], [QUEUE_START.afterId], [10], false, [], true];
  const { rows: found } = await database.pool.query<DueRow>({ ...FETCH_DUE, values });
  const shuffled = [found[2]!, found[0]!, found[1]!];
  const read = { endpointIds: [trigger.endpointId], targets: new ReadTargets(), ticksMs: 0 };
  const inOrder = toDueDeliveries(shuffled, read).map(({ id }) => id);
  expect(inOrder).toEqual((await due()).map(({ id }) => id));
});

test('deliveries of one moment, as a chunk makes them, are all found one after the other', async () => {
  for (let n = 0; n < 3; n++) await enqueue(trigger);
  await database.pool.query(`update outbox set due_at = '2026-01-01T00:00:00.001Z'`);
  const all = (await due()).map((delivery) => delivery.id);
  const found: string[] = [];
  let place = QUEUE_START;
  for (let n = 0; n < 3; n++) {
    const [next] = await queue.fetch([{ endpointId: trigger.endpointId, ...place, limit: 1 }]);
    place = { afterDueAt: next!.dueAt, afterId: next!.id };
    found.push(next!.id);
  }
  expect(found).toEqual(all);
  expect(all.length).toBe(3);
});

test('what is committed behind the place that was read is found from the start', async () => {
  await database.session(async (late) => {
    await late.query('begin');
    const early = await enqueue(trigger, { dueInSeconds: -10 }, late);
    const later = await enqueue(trigger, { dueInSeconds: -5 });
    const [seen] = await due();
    expect(seen!.id).toBe(later.id);
    await late.query('commit');
    const from = { endpointId: trigger.endpointId, limit: 10 };
    expect(await queue.fetch([{ ...from, afterDueAt: seen!.dueAt, afterId: seen!.id }])).toEqual([]);
    expect((await due()).map((delivery) => delivery.id)).toEqual([early.id, later.id]);
  });
});

test('a delivery whose trigger or endpoint is gone, or whose event is no longer on record, says so', async () => {
  await enqueue(trigger);
  await database.pool.query('update triggers set deleted_at = now() where id = $1', [trigger.id]);
  expect(await due()).toMatchObject([{ isTriggerLive: false, payload: '{"b":1}', target: { status: 'active' } }]);
  await database.pool.query('delete from endpoints where id = $1', [trigger.endpointId]);
  expect(await due()).toMatchObject([{ isTriggerLive: false, target: undefined, license: LICENSE }]);
  await database.pool.query('delete from events where trigger_id = $1', [trigger.id]);
  expect(await due()).toMatchObject([{ isTriggerLive: true, payload: null, eventType: '', license: '' }]);
});

test('an event without a trigger has none that could be gone; it tells which endpoint it is about', async () => {
  const about = randomUUID();
  await enqueue(trigger);
  await database.pool.query('update events set trigger_id = null, endpoint_id = $2 where trigger_id = $1', [
    trigger.id,
    about,
  ]);
  expect(await due()).toMatchObject([{ isTriggerLive: true, triggerId: null, aboutEndpointId: about }]);
});

test.each<[Settlement['outcome'], Settlement['attempt'], object]>([
  ['delivered', ARRIVED, { attempts: 1, last_status_code: 200, last_error: null }],
  ['failed', ATTEMPT, { attempts: 1, last_status_code: 500, last_error: 'a \uFFFD in it' }],
  ['held', ATTEMPT, { attempts: 1, last_status_code: 500, last_error: 'a \uFFFD in it' }],
  ['held', undefined, { attempts: 0, last_status_code: null, last_error: null }],
  ['cancelled', undefined, { attempts: 0, last_status_code: null, last_error: null }],
])('a %s delivery leaves the queue and is on record once', async (outcome, attempt, expected) => {
  const { id, eventId } = await enqueue(trigger);
  const settlement = await held({ outcome, attempt });
  expect(await queue.settle(token, [settlement])).toMatchObject({ lost: 0 });
  expect(await queue.settle(token, [settlement])).toMatchObject({ lost: 0 });
  expect(await due()).toEqual([]);
  const key = { id, event_id: eventId, endpoint_id: trigger.endpointId, status: outcome };
  const about = { license: LICENSE, trigger_id: trigger.id, vehicle: vehicleOf(1), is_test: false };
  const written = { created_at: expect.any(Date), settled_at: expect.any(Date), xid: expect.any(String) };
  expect(await rows('select * from deliveries')).toEqual([{ ...key, ...about, ...expected, ...written }]);
  expect((await rows('select * from attempts')).length).toBe(attempt === undefined ? 0 : 1);
});

test('an attempt is on record as it went', async () => {
  const { id } = await enqueue(trigger);
  await queue.settle(token, [await held({ outcome: 'failed', attempt: ATTEMPT })]);
  expect(await rows('select * from attempts')).toEqual([
    {
      ...{ delivery_id: id, number: 1, started_at: expect.any(Date), duration_ms: 12 },
      ...{ outcome: 'rejected', status_code: 500, error: 'a \uFFFD in it', request_headers: '{"a":"b"}' },
      ...{ response_headers: '{"c":"\uFFFD"}', response_body: 'no \uFFFD', is_truncated: true },
    },
  ]);
});

test('a retry waits for its time and counts its attempt; it is not on record as settled', async () => {
  const { id } = await enqueue(trigger);
  await queue.settle(token, [await held({ outcome: 'retry', attempt: ATTEMPT, retryInMs: 3_600_000 })]);
  expect(await due()).toEqual([]);
  expect(await rows(`select id, ${WAITS} as waits, attempt from outbox`)).toEqual([{ id, waits: 60, attempt: 1 }]);
  expect(await rows('select * from deliveries')).toEqual([]);
});

test('a retry without an attempt uses up none', async () => {
  await enqueue(trigger);
  await queue.settle(token, [await held({ outcome: 'retry', retryInMs: 0 })]);
  expect(await due()).toMatchObject([{ attempt: 0 }]);
  expect(await health()).toMatchObject({ failures: 0 });
});

test('a retry at no time is a mistake', async () => {
  await enqueue(trigger);
  await expect(queue.settle(token, [await held({ outcome: 'retry' })])).rejects.toThrow('at no time');
});

test('failures in a row are counted until one arrives', async () => {
  const table: [Settlement['outcome'][], number, boolean][] = [
    [['retry', 'failed'], 2, false],
    [['failed'], 3, false],
    [['cancelled'], 3, false],
    [['failed', 'delivered', 'retry'], 1, true],
    [['failed', 'delivered'], 0, true],
  ];
  await enqueue(trigger);
  await queue.lease(token, 1);
  for (const [outcomes, failures, hasArrived] of table) {
    const settlements: Settlement[] = [];
    for (const outcome of outcomes) {
      const { id } = await enqueue(trigger);
      const delivery = (await due()).find((each) => each.id === id)!;
      settlements.push({ delivery, outcome, attempt: ATTEMPT, retryInMs: 3_600_000 });
    }
    await queue.settle(token, settlements);
    expect(await health()).toEqual({ failures, last_delivered_at: hasArrived ? expect.any(Date) : null });
  }
  expect(await triggers.get(LICENSE, trigger.id)).toMatchObject({ failureCount: 0, lastDeliveredAt: expect.any(Date) });
});

test('results that are told again, because their answer got lost, count once', async () => {
  for (let n = 0; n < 3; n++) await enqueue(trigger, { dueInSeconds: n - 5 });
  await queue.lease(token, 1);
  const [first, second, third] = await due();
  const told: Settlement[] = [
    { delivery: first!, outcome: 'retry', attempt: ATTEMPT, retryInMs: 3_600_000 },
    { delivery: second!, outcome: 'delivered', attempt: ARRIVED },
    { delivery: third!, outcome: 'failed', attempt: ATTEMPT },
  ];
  for (const again of [told, told, [told[0]!, told[2]!], [told[1]!]]) {
    expect(await queue.settle(token, again)).toMatchObject({ lost: 0 });
    expect(await health()).toMatchObject({ failures: 1 });
  }
});

test('after the lease was lost, what arrived is recorded and the rest is left to the new holder', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) ids.push((await enqueue(trigger, { dueInSeconds: n - 5 })).id);
  await queue.lease(token, 1);
  const [first, second, third] = await due();
  await die(token);
  expect(await leased(await queue.startSender(), 1)).toEqual([trigger.endpointId]);
  const late: Settlement[] = [
    { delivery: first!, outcome: 'delivered', attempt: ARRIVED },
    { delivery: second!, outcome: 'failed', attempt: ATTEMPT },
    { delivery: third!, outcome: 'retry', attempt: ATTEMPT, retryInMs: 3_600_000 },
  ];
  expect(await queue.settle(token, late)).toMatchObject({ lost: 1 });
  expect((await due()).map((delivery) => delivery.id)).toEqual([ids[1], ids[2]]);
  expect(await rows('select id, status from deliveries')).toEqual([{ id: ids[0], status: 'delivered' }]);
  expect(await rows('select delivery_id from attempts')).toEqual([{ delivery_id: ids[0] }]);
  expect(await health()).toEqual({ failures: 0, last_delivered_at: null });
});

test('what arrived at an endpoint that is held by another says nothing of its health', async () => {
  await enqueue(trigger);
  const late = await held({ outcome: 'delivered', attempt: ARRIVED });
  await die(token);
  await queue.lease(await queue.startSender(), 1);
  await database.pool.query('update endpoint_leases set failures = 7');
  expect(await queue.settle(token, [late])).toMatchObject({ lost: 1, ailing: [] });
  expect(await rows('select status from deliveries')).toEqual([{ status: 'delivered' }]);
  expect(await health()).toEqual({ failures: 7, last_delivered_at: null });
});

test('a late report of a delivery that was rescheduled meanwhile settles nothing', async () => {
  await enqueue(trigger);
  const late = await held({ outcome: 'delivered', attempt: ARRIVED });
  await die(token);
  const next = await queue.startSender();
  await queue.lease(next, 1);
  await queue.settle(next, [{ ...late, outcome: 'retry', attempt: ATTEMPT, retryInMs: 3_600_000 }]);
  expect(await queue.settle(token, [late])).toMatchObject({ lost: 1 });
  expect(await rows('select * from deliveries')).toEqual([]);
  expect(await queue.depth(5)).toMatchObject({ pending: 1 });
});

test('one lost endpoint does not keep the results of others from being recorded', async () => {
  const other = await newEndpoint();
  const mine = await enqueue(trigger);
  await enqueue(other);
  await queue.lease(token, 10);
  const deliveries = [...(await due()), ...(await due(other))];
  await queue.release(token, [other.endpointId]);
  const settlements = deliveries.map((delivery) => ({ delivery, outcome: 'failed' as const, attempt: ATTEMPT }));
  expect(await queue.settle(token, settlements)).toMatchObject({ lost: 1 });
  expect(await rows('select id from deliveries')).toEqual([{ id: mine.id }]);
});

test('results that come while a takeover is being committed wait for it, and are refused', async () => {
  await enqueue(trigger);
  const settlement = await held({ outcome: 'failed', attempt: ATTEMPT });
  const next = await queue.startSender();
  const { settling } = await database.session(async (takeover) => {
    await takeover.query('begin');
    await takeover.query('update endpoint_leases set holder = $1 where endpoint_id = $2', [next, trigger.endpointId]);
    const result = queue.settle(token, [settlement]);
    await someoneWaits(database);
    await takeover.query('commit');
    return { settling: result };
  });
  expect(await settling).toMatchObject({ lost: 1 });
  expect(await rows('select * from deliveries')).toEqual([]);
});

test('a takeover waits until the results that are being written are there', async () => {
  await enqueue(trigger);
  await queue.lease(token, 1);
  await database.session(async (settling) => {
    await settling.query('begin');
    await settling.query('select 1 from endpoint_leases where endpoint_id = $1 for update', [trigger.endpointId]);
    await die(token);
    const next = await queue.startSender();
    expect(await leased(next, 1)).toEqual([]);
    await settling.query('commit');
    expect(await leased(next, 1)).toEqual([trigger.endpointId]);
  });
});

test('the depth counts what waits and tells how long the oldest has been due', async () => {
  const nothing = { dueAgeMs: 0, throttledAgeMs: 0, retryingAgeMs: 0 };
  expect(await queue.depth(5)).toEqual({ pending: 0, openBreakers: 0, ...nothing });
  await enqueue(trigger, { dueInSeconds: 60 });
  await enqueue(await newEndpoint(), { dueInSeconds: -60 });
  expect(await queue.depth(5)).toEqual({ ...nothing, pending: 2, openBreakers: 0, dueAgeMs: aboutMs(60_000) });
});

test('the depth tells apart what an endpoint that is left alone keeps back, what is tried again, and who fails', async () => {
  await enqueue(trigger, { dueInSeconds: -60 });
  await database.pool.query(
    `update endpoint_leases set pause_until = now() + interval '1 minute', failures = 5 where endpoint_id = $1`,
    [trigger.endpointId],
  );
  const throttled = { pending: 1, openBreakers: 1, dueAgeMs: 0, throttledAgeMs: aboutMs(60_000) };
  expect(await queue.depth(5)).toEqual({ ...throttled, retryingAgeMs: 0 });
  expect(await queue.depth(6)).toMatchObject({ openBreakers: 0 });
  await database.pool.query(`update outbox set attempt = 3, round = 3, queued_at = now() - interval '90 s'`);
  expect(await queue.depth(5)).toMatchObject({ retryingAgeMs: 0 });
  await database.pool.query('update outbox set attempt = 4');
  expect(await queue.depth(5)).toMatchObject({ retryingAgeMs: aboutMs(90_000) });
});

test('a queue that is longer than is counted is estimated, at more than was counted', async () => {
  await fill(trigger, 1_000);
  expect((await queue.depth(5, 1_000)).pending).toBe(1_000);
  await database.pool.query('analyze outbox');
  const { pending, dueAgeMs } = await queue.depth(5, 100);
  expect([pending, dueAgeMs]).toEqual([1_000, aboutMs(3_600_000)]);
});

test('a hundred thousand deliveries of a dead endpoint cost nobody else anything: no statement reads them', async () => {
  const dead = await newEndpoint();
  for (let n = 0; n < 5; n++) await enqueue(trigger, { dueInSeconds: n - 5 });
  const before = await pagesTouched();
  await fill(dead, 100_000);
  await database.pool.query('analyze outbox');
  await database.pool.query('update endpoint_leases set failures = 9, pause_until = $2 where endpoint_id = $1', [
    dead.endpointId,
    'infinity',
  ]);
  const after = await pagesTouched();
  // The queue's key is deeper by a page or two, of thousands that it has now.
  for (const [statement, pages] of after)
    expect([statement, pages - before.get(statement)! < 100]).toEqual([statement, true]);
  expect([...after.keys()]).toEqual(['lease', 'lease for a bell', 'fetch', 'settle', 'depth']);
  expect((await queue.depth(5, 1_000)).pending).toBeGreaterThan(90_000);
});

test('statistics that call the queue empty do not make the hot statements read whole tables', async () => {
  await database.pool.query('analyze outbox, endpoint_leases');
  for (let n = 0; n < 20; n++) await enqueue(trigger);
  // The one connection of a new pool, in one transaction: its counts are those of these statements alone.
  const fresh = await Database.open({ ...testSettings(server.url), dataPoolSize: 1 });
  const sender = new DeliveryQueue(fresh);
  await fresh.pool.query('begin');
  await sender.lease(token, 5);
  const deliveries = await sender.fetch([{ endpointId: trigger.endpointId, ...QUEUE_START, limit: 100 }]);
  await sender.settle(
    token,
    deliveries.map((delivery) => ({ delivery, outcome: 'delivered', attempt: ARRIVED })),
  );
  const { rows: read } = await fresh.pool.query(
    `select relname from pg_stat_xact_user_tables
     where seq_scan > 0 and relname in ('outbox', 'events_default', 'deliveries_default')`,
  );
  await fresh.pool.query('rollback');
  await fresh.close();
  expect([deliveries.length, read]).toEqual([20, []]);
});

test.each([
  ['fetching', FETCH_DUE.text, [[randomUUID()], ['-infinity'], [QUEUE_START.afterId], [10], false, [], true]],
  ['following the index', READ_INDEX_CHANGES.text, [0]],
])('%s finds a trigger by its key, however few there are when the plan is made', async (_, sql, values) => {
  await database.pool.query('truncate triggers');
  await newEndpoint();
  await database.pool.query('analyze triggers');
  const { rows: plan } = await database.pool.query<{ 'QUERY PLAN': string }>(`explain ${sql}`, values);
  const scans = plan.map((row) => row['QUERY PLAN']).filter((line) => line.includes(' on triggers'));
  expect(scans).toEqual([expect.stringContaining('using triggers_pkey on triggers')]);
});

async function newEndpoint(): Promise<{ id: string; endpointId: string }> {
  const created = newTrigger();
  await triggers.create(actorOf(), created);
  return { id: created.id, endpointId: created.endpoint.id };
}

async function enqueue(
  to: { id: string; endpointId: string },
  { dueInSeconds = -1 } = {},
  connection: Pick<Database['pool'], 'query'> = database.pool,
): Promise<{ id: string; eventId: string }> {
  const [id, eventId] = [newLogId(), newLogId()];
  await connection.query(
    `insert into events (id, type, license, trigger_id, vehicle, payload) values ($1, 'trigger.fired', $2, $3, $4, '{"b":1}')`,
    [eventId, LICENSE, to.id, vehicleOf(1)],
  );
  await connection.query(
    `insert into outbox (endpoint_id, due_at, id, event_id) values ($1, now() + make_interval(secs => $2), $3, $4)`,
    [to.endpointId, dueInSeconds, id, eventId],
  );
  return { id, eventId };
}

function due(of = trigger): Promise<DueDelivery[]> {
  return queue.fetch([{ endpointId: of.endpointId, ...QUEUE_START, limit: 100 }]);
}

/** Leases the endpoint and settles its first delivery so. */
async function held(outcome: Omit<Settlement, 'delivery'>): Promise<Settlement> {
  await queue.lease(token, 1);
  return { delivery: (await due())[0]!, ...outcome };
}

/** A little more than so many ms, which went by since. */
function aboutMs(ms: number): unknown {
  return expect.closeTo(ms + 4_000, -4);
}

/** So many deliveries, due for an hour, of one event. */
async function fill(to: { endpointId: string }, count: number): Promise<void> {
  await database.pool.query(
    `insert into outbox (endpoint_id, due_at, id, event_id)
     select $1, now() - interval '1 h', gen_random_uuid(), $2 from generate_series(1, $3)`,
    [to.endpointId, randomUUID(), count],
  );
}

/** How many pages each of the statements reads that senders live by, for one endpoint with five deliveries. */
async function pagesTouched(): Promise<Map<string, number>> {
  const fetched = await due();
  const settled: Settlement[] = fetched.map((delivery, n) =>
    n < 3
      ? { delivery, outcome: 'delivered', attempt: ARRIVED }
      : { delivery, outcome: 'retry', attempt: ATTEMPT, retryInMs: 1_000 },
  );
  const { endpointId } = trigger;
  const statements: [string, { text: string }, unknown[]][] = [
    ['lease', LEASE_ENDPOINTS, [token, 5, null]],
    ['lease for a bell', LEASE_ENDPOINTS, [token, 5, [endpointId]]],
    ['fetch', FETCH_DUE, [[endpointId], [QUEUE_START.afterDueAt], [QUEUE_START.afterId], [10], false, [], true]],
    ['settle', SETTLE_DELIVERIES, [token, ...settlementArrays(settled)]],
    ['depth', QUEUE_DEPTH, [5, 100]],
  ];
  const pages = new Map<string, number>();
  await database.session(async (client) => {
    // The first time a connection also reads what it needs to plan.
    for (const [name, { text }, values] of [...statements, ...statements]) {
      await client.query('begin');
      if (name === 'settle') await client.query('update endpoint_leases set holder = $1', [token]);
      const { rows: plan } = await client.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
        `explain (analyze, buffers, format json) ${text}`,
        values,
      );
      await client.query('rollback');
      const { Plan: top } = plan[0]!['QUERY PLAN'][0];
      pages.set(name, top['Shared Hit Blocks']! + top['Shared Read Blocks']!);
    }
  });
  return pages;
}

async function leased(by: string, max: number, among?: string[]): Promise<string[]> {
  return (await queue.lease(by, max, among)).map((lease) => lease.endpointId);
}

/** A sender whose last heartbeat is too old. */
async function die(which: string, secondsAgo = 1): Promise<void> {
  await database.pool.query('update senders set alive_until = now() - make_interval(secs => $2) where token = $1', [
    which,
    secondsAgo,
  ]);
}

async function health(): Promise<unknown> {
  return (
    await rows('select failures, last_delivered_at from endpoint_leases where endpoint_id = $1', [trigger.endpointId])
  )[0];
}

async function rows(sql: string, values: unknown[] = []): Promise<unknown[]> {
  return (await database.pool.query<Record<string, unknown>>(sql, values)).rows;
}
