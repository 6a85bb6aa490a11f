import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, vehicleOf, UNLIMITED } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { newLogId } from './log-id.js';
import { type BulkCallState, type OperationClaim, OperationLost, OperationStore } from './operations.js';
import { SubscriptionStore } from './subscriptions.js';
import { TriggerStore } from './triggers.js';

let server: TestDatabase;
let database: Database;
let operations: OperationStore;
let subscriptions: SubscriptionStore;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  operations = new OperationStore(database);
  subscriptions = new SubscriptionStore(database, UNLIMITED);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(() => database.pool.query('delete from operations'));

test('an operation is held by whoever recorded it, and is free when it is given back', async () => {
  const { claim } = await kept(1);
  expect(await operations.claim()).toBeUndefined();
  await operations.giveBack(claim);
  const taken = await operations.claim();
  expect(taken?.claim.id).toBe(claim.id);
  expect(await operations.claim()).toBeUndefined();
});

test('what is taken over is the call as it was recorded', async () => {
  const { claim, state } = await kept(2_500);
  await operations.giveBack(claim);
  const taken = await operations.claim();
  expect(taken?.state).toEqual(state);
  const sizes = await Promise.all([0, 1, 2, 3].map(async (place) => (await operations.page(claim, place))?.length));
  expect(sizes).toEqual([1_000, 1_000, 500, undefined]);
});

test('a holder that was not heard of for its time has lost its operation; one that was has not', async () => {
  const briefly = new OperationStore(database, 0);
  const { claim } = await kept(1);
  await briefly.keepAlive([claim]);
  await operations.keepAlive([claim]);
  expect(await operations.claim()).toBeUndefined();
  await briefly.keepAlive([claim]);
  expect(await operations.claim()).toMatchObject({ claim: { id: claim.id } });
});

test('of two that look at once each takes another', async () => {
  const ids = [(await kept(1)).claim, (await kept(1)).claim];
  for (const claim of ids) await operations.giveBack(claim);
  const taken = await Promise.all([operations.claim(), operations.claim(), operations.claim()]);
  expect(taken.map((one) => one?.claim.id ?? '').sort()).toEqual(['', ...ids.map(({ id }) => id).sort()]);
});

test('what failed is tried again at once, then after twice as long each time, ten minutes at most, until a step is taken', async () => {
  const { claim, state } = await kept(2_000);
  await operations.giveBack(claim, { isFailed: true });
  let taken = (await operations.claim())!;
  for (const seconds of [10, 20, 40, 80, 160, 320, 600, 600]) {
    await operations.giveBack(taken.claim, { isFailed: true });
    await agedBy(claim, seconds - 5);
    expect(await operations.claim()).toBeUndefined();
    await agedBy(claim, 6);
    taken = (await operations.claim())!;
    expect(taken).toMatchObject({ claim: { id: claim.id }, isHopeless: false });
  }
  await takeStep(taken.claim, state);
  await operations.giveBack(taken.claim, { isFailed: true });
  expect(await operations.claim()).toMatchObject({ claim: { id: claim.id } });
});

test('one whose holders die again and again rests too, one that is given back in peace does not', async () => {
  const { claim } = await kept(1);
  const dead = async () => {
    await database.pool.query(`update operations set alive_until = now() - interval '5 seconds'`);
    return operations.claim();
  };
  const taken = await dead();
  expect(taken).toBeDefined();
  expect(await dead()).toBeUndefined();
  await operations.giveBack(taken!.claim);
  expect(await operations.claim()).toMatchObject({ claim: { id: claim.id } });
});

test.each([
  ['long and often', 61, 8, true],
  ['long, since nobody was there, but seldom', 61, 7, false],
  ['often, but not for long', 59, 30, false],
])('one that failed %s (%i min, %i tries) is past hope: %s', async (_how, minutes, tries, isHopeless) => {
  const { claim } = await kept(1);
  await operations.giveBack(claim, { isFailed: true });
  await database.pool.query(
    `update operations set tries = $1, failing_since = now() - $2 * interval '1 minute', alive_until = null`,
    [tries, minutes],
  );
  expect(await operations.claim()).toMatchObject({ isHopeless });
});

test('one that fails keeps no other from its turn', async () => {
  const [failing, other] = [(await kept(1)).claim, (await kept(1)).claim];
  await operations.giveBack(failing, { isFailed: true });
  const taken = (await operations.claim())!;
  expect(taken.claim.id).toBe(failing.id);
  await operations.giveBack(taken.claim);
  await operations.giveBack(other);
  expect((await operations.claim())?.claim.id).toBe(other.id);
});

test("a license's operations are counted until they end", async () => {
  const { claim, state } = await kept(1);
  await kept(1);
  expect([await operations.countOpen(LICENSE), await operations.countOpen(OTHER_LICENSE)]).toEqual([2, 0]);
  await operations.complete(claim, state.eventId, state);
  expect(await operations.countOpen(LICENSE)).toBe(1);
});

test('one that wakes up after another has taken its operation does nothing more', async () => {
  const { claim, state } = await kept(2_000);
  const frozen = { ...state };
  await takeStep(claim, state);
  await new OperationStore(database, 0).keepAlive([claim]);
  const taken = (await operations.claim())!;
  expect(taken.state.progress).toMatchObject({ place: 1, done: 1_000, changed: 1_000 });
  await expect(takeStep(claim, frozen)).rejects.toThrow(OperationLost);
  await expect(takeStep(claim, taken.state)).rejects.toThrow(OperationLost);
  await expect(operations.complete(claim, state.eventId, taken.state)).rejects.toThrow(OperationLost);
  await expect(operations.stalledForMs(claim)).rejects.toThrow(OperationLost);
  await operations.giveBack(claim);
  await takeStep(taken.claim, taken.state);
  await operations.complete(taken.claim, state.eventId, taken.state);
  expect(await subscribedTo(state)).toBe(2_000);
  expect(await logOf(state)).toEqual([2_000]);
});

test('a step that was taken already is not taken again, by the same holder either', async () => {
  const { claim, state } = await kept(2_000);
  const again = { ...state };
  await takeStep(claim, state);
  await expect(takeStep(claim, again)).rejects.toThrow(OperationLost);
  expect(await found(claim)).toMatchObject({ progress: { place: 1, done: 1_000, changed: 1_000 } });
});

test('a step that waits while another takes the operation is undone', async () => {
  const { claim, state } = await kept(1_000);
  const { waiting } = await database
    .session(async (client) => {
      await client.query('begin');
      await client.query('select 1 from triggers where id = $1 for no key update', [state.call.triggerId]);
      const step = takeStep(claim, state);
      await Promise.race([step, someoneWaits(database)]);
      await client.query('update operations set holder = $1 where id = $2', [randomUUID(), claim.id]);
      await client.query('commit');
      return { waiting: step };
    })
    .catch((error: unknown) => ({ waiting: Promise.reject(error as Error) }));
  await expect(waiting).rejects.toThrow(OperationLost);
  expect([await subscribedTo(state), await logOf(state)]).toEqual([0, []]);
});

test('a connection that breaks before any statement of a step or of the end neither loses nor doubles a count', async () => {
  const listening = await newListener();
  let isBroken = true;
  let statement = 0;
  for (; isBroken; statement++) {
    const { claim, state } = await kept(1_010);
    await subscriptions.add(actorOf(), state.call.triggerId, [vehicleOf(5), vehicleOf(1_005)]);
    await database.pool.query('delete from outbox');
    // There is no such statement any more when nothing breaks.
    const breaking = breakBefore(statement);
    await goOn(claim).catch(() => undefined);
    isBroken = breaking.restore();
    const { done, changed, already } = (await found(claim))!.progress;
    expect([done, await subscribedTo(state)]).toEqual([changed + already, changed + 2]);
    await goOn(claim);
    const whole = { done: 1_010, changed: 1_008, already: 2 };
    expect(await found(claim)).toMatchObject({ isCompleted: true, progress: whole });
    expect(await logOf(state)).toEqual([2, 1_008]);
    expect(await newsOf(listening)).toEqual([1_008]);
  }
  expect(statement).toBeGreaterThan(20);
});

test('the list of a call that named none is recorded once', async () => {
  const { claim, state } = await kept();
  await operations.setVehicles(claim, [vehicleOf(1)]);
  await expect(operations.setVehicles(claim, [vehicleOf(2)])).rejects.toThrow(OperationLost);
  expect(await found(claim)).toMatchObject({ total: 1 });
  await takeStep(claim, { ...state, total: 1 });
  expect(await subscribedTo(state)).toBe(1);
});

test('the time since permissions could be told ends with a step', async () => {
  const { claim, state } = await kept(1_000);
  expect(await operations.stalledForMs(claim)).toBe(0);
  await database.pool.query(`update operations set stalled_since = stalled_since - interval '1 hour' where id = $1`, [
    claim.id,
  ]);
  expect(await operations.stalledForMs(claim)).toBeGreaterThanOrEqual(3_600_000);
  await takeStep(claim, state);
  expect(await operations.stalledForMs(claim)).toBe(0);
});

test("an operation is its license's, and goes after a week with its pages", async () => {
  const { claim } = await kept(1);
  const { claim: young } = await kept(1);
  expect(await operations.find(OTHER_LICENSE, claim.id)).toBeUndefined();
  expect(await operations.find(LICENSE, randomUUID())).toBeUndefined();
  await database.pool.query(`update operations set created_at = now() - interval '169 hours' where id = $1`, [
    claim.id,
  ]);
  expect(await operations.prune()).toBe(1);
  expect([await found(claim), await operations.page(claim, 0)]).toEqual([undefined, undefined]);
  expect([await found(young), await operations.page(young, 0)]).toEqual([expect.anything(), [vehicleOf(0)]]);
});

/** An operation on a new trigger; without a number of vehicles, one that has no list yet. */
async function kept(count?: number): Promise<{ claim: OperationClaim; state: BulkCallState }> {
  const trigger = newTrigger();
  await new TriggerStore(database, UNLIMITED).create(actorOf(), trigger);
  const state: BulkCallState = {
    call: { kind: 'subscribe', actor: actorOf(), triggerId: trigger.id },
    eventId: newLogId(),
    progress: { place: 0, done: 0, changed: 0, already: 0, failed: [], failedCount: 0 },
    total: count,
  };
  const vehicles = Array.from({ length: count ?? 0 }, (_, n) => vehicleOf(n));
  return { claim: await operations.create(state, vehicles), state };
}

/** What a holder does with one page; the state goes on with it. */
async function takeStep(claim: OperationClaim, state: BulkCallState): Promise<void> {
  const vehicles = (await operations.page(claim, state.progress.place)) ?? [];
  const { actor, triggerId } = state.call;
  const before = state.progress;
  let after = before;
  await subscriptions.step(
    { actor, triggerId, kind: 'subscribed', vehicles, eventId: state.eventId, countBefore: before.changed },
    async (manager, { length: changed }) => {
      after = {
        ...before,
        place: before.place + 1,
        done: before.done + vehicles.length,
        changed: before.changed + changed,
        already: before.already + vehicles.length - changed,
      };
      await operations.record(manager, claim, { before, after });
    },
  );
  state.progress = after;
}

/** As if this many seconds had passed since an operation was given back. */
async function agedBy({ id }: OperationClaim, seconds: number): Promise<void> {
  await database.pool.query(
    `update operations set alive_until = alive_until - $2 * interval '1 second' where id = $1`,
    [id, seconds],
  );
}

/** Everything that is left of an operation, by a process that knows only what is recorded. */
async function goOn(claim: OperationClaim): Promise<void> {
  await operations.giveBack(claim);
  const taken = await operations.claim();
  if (taken === undefined) return;
  claim.token = taken.claim.token;
  while (taken.state.progress.done < taken.state.total!) await takeStep(taken.claim, taken.state);
  await operations.complete(taken.claim, taken.state.eventId, taken.state);
}

/** Cuts the connection of the control plane before the statement of this number; `restore` says whether it came to that. */
function breakBefore(statement: number): { restore(): boolean } {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its client below
  const { query } = pg.Client.prototype;
  let left = statement;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- stands in for all of its overloads
  pg.Client.prototype.query = function broken(this: pg.Client, ...given: any[]): any {
    if (left-- === 0) (this as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    return (query as (...all: unknown[]) => unknown).apply(this, given);
  } as typeof query;
  return {
    restore: () => {
      pg.Client.prototype.query = query;
      return left < 0;
    },
  };
}

function found({ id }: OperationClaim): ReturnType<OperationStore['find']> {
  return operations.find(LICENSE, id);
}

async function subscribedTo({ call }: BulkCallState): Promise<number> {
  return (await subscriptions.vehicles(call.triggerId)).length;
}

async function logOf({ call }: BulkCallState): Promise<number[]> {
  const { rows } = await database.pool.query(
    `select payload from events where trigger_id = $1 and type = 'subscription.created'`,
    [call.triggerId],
  );
  return rows.map((row) => JSON.parse(row.payload).count as number).sort((a, b) => a - b);
}

async function newListener(): Promise<string> {
  const id = randomUUID();
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, enabled_events, created_at, updated_at)
     values ($1, $2, '', '', '{subscription.created}', now(), now())`,
    [id, LICENSE],
  );
  return id;
}

async function newsOf(endpointId: string): Promise<number[]> {
  const { rows } = await database.pool.query(
    'select e.payload from outbox o join events e on e.id = o.event_id where o.endpoint_id = $1',
    [endpointId],
  );
  return rows.map((row) => JSON.parse(row.payload).count as number);
}
