import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, newTrigger, vehicleOf } from '../../test/support/triggers.js';
import { QUOTA_NAMES, type QuotaName, type Quotas } from '../core/quota.js';
import { Database } from './database.js';
import { EndpointStore, type NewEndpoint } from './endpoints.js';
import { newLogId } from './log-id.js';
import { QuotaStore } from './quotas.js';
import { RevocationStore } from './revocations.js';
import { lockStock } from './stock.js';
import { type SubscriptionStep, SubscriptionStore } from './subscriptions.js';
import { sweepDeletedTriggers } from './trigger-remains.js';
import { TriggerStore } from './triggers.js';

const DEFAULTS = Object.fromEntries(QUOTA_NAMES.map((name) => [name, 1_000_000])) as Quotas;
const OPERATOR = { license: '', keyId: 'admin', requestId: 'spec' };

let server: TestDatabase;
let database: Database;
let quotas: QuotaStore;
let triggers: TriggerStore;
let endpoints: EndpointStore;
let subscriptions: SubscriptionStore;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open({ ...testSettings(server.url), controlPoolSize: 12 });
  quotas = new QuotaStore(database, DEFAULTS);
  triggers = new TriggerStore(database, quotas);
  endpoints = new EndpointStore(database, quotas);
  subscriptions = new SubscriptionStore(database, quotas);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

let licenses = 0;

/** A license with limits of its own. */
async function limited(limits: Partial<Quotas>): Promise<string> {
  const license = `0x${String(++licenses).padStart(40, '5')}`;
  await quotas.set(OPERATOR, license, limits);
  return license;
}

function newEndpoint(): NewEndpoint {
  return { ...newTrigger().endpoint, id: newLogId(), description: '', enabledEvents: [], status: 'active' };
}

async function created(license: string): Promise<string> {
  const made = await triggers.create(actorOf(license), newTrigger());
  if (made.kind !== 'created') throw new Error(`not created: ${made.kind}`);
  return made.trigger.id;
}

const vehiclesFrom = (first: number, count: number) => Array.from({ length: count }, (_, at) => vehicleOf(first + at));
const add = (license: string, id: string, vehicles: string[]) => subscriptions.add(actorOf(license), id, vehicles);

async function used(license: string, name: QuotaName): Promise<number> {
  return (await quotas.standing(license)).find((standing) => standing.name === name)!.used;
}

/** Shown and real: those of all triggers, also of the deleted ones that are not cleared away. */
async function counts(license: string): Promise<{ id: string; shown: string; real: string }[]> {
  const { rows } = await database.pool.query<{ id: string; shown: string; real: string }>(
    `select id, subscription_count as shown, (select count(*) from subscriptions s where s.trigger_id = t.id) as real
     from triggers t where license = $1`,
    [license],
  );
  return rows;
}

describe('what there may be so many of', () => {
  const makers = [
    ['webhooks', (license: string) => triggers.create(actorOf(license), newTrigger())],
    ['endpoints', (license: string) => endpoints.create(actorOf(license), newEndpoint())],
  ] as const;

  test.each(makers)('%s never become more, however many are made at once', async (name, make) => {
    const license = await limited({ [name]: 5 });
    const made = await Promise.all(Array.from({ length: 20 }, () => make(license)));
    expect(made.filter(({ kind }) => kind === 'created')).toHaveLength(5);
    const refusal = { kind: 'over_quota', name, most: 5 } as const;
    expect(made.filter(({ kind }) => kind !== 'created')).toEqual(Array.from({ length: 15 }, () => refusal));
    expect(await quotas.refusal(license, name)).toEqual(refusal);
    expect(await used(license, name)).toBe(5);
  });

  test.each(makers)('%s of a license are made one after the other, those of others meanwhile', async (name, make) => {
    const [one, other] = [await limited({ [name]: 1 }), await limited({ [name]: 1 })];
    let waiting: ReturnType<typeof make> | undefined;
    await database.dataSource.transaction(async (manager) => {
      await lockStock(manager, one);
      waiting = make(one);
      await someoneWaits(database);
      expect((await make(other)).kind).toBe('created');
    });
    expect((await waiting)?.kind).toBe('created');
  });

  test.each(makers)('a gated license makes no %s, and hears that it is gated', async (name, make) => {
    const license = await limited({ webhooks: 0 });
    const refusal = { kind: 'over_quota', name: 'webhooks', most: 0 };
    expect(await make(license)).toEqual(refusal);
    expect(await quotas.refusal(license, name)).toEqual(refusal);
    await quotas.set(OPERATOR, license, { webhooks: null });
    expect((await make(license)).kind).toBe('created');
  });

  test('what is refused leaves no trace', async () => {
    const license = await limited({ webhooks: 1, endpoints: 0 });
    await created(license);
    const before = await contents();
    await triggers.create(actorOf(license), newTrigger());
    await endpoints.create(actorOf(license), newEndpoint());
    expect(await contents()).toEqual(before);
  });

  test("what was deleted makes room, and a webhook's own endpoint takes none", async () => {
    const license = await limited({ webhooks: 1, endpoints: 1 });
    const id = await created(license);
    const endpoint = newEndpoint();
    expect((await endpoints.create(actorOf(license), endpoint)).kind).toBe('created');
    await triggers.remove(actorOf(license), id);
    await endpoints.remove(actorOf(license), endpoint.id);
    await created(license);
    expect((await endpoints.create(actorOf(license), newEndpoint())).kind).toBe('created');
  });

  test('a lower limit takes nothing away', async () => {
    const license = await limited({});
    const id = await created(license);
    await created(license);
    await add(license, id, vehiclesFrom(1, 3));
    await quotas.set(OPERATOR, license, { webhooks: 1, subscriptions: 2 });
    expect(await triggers.list(license)).toHaveLength(2);
    expect(await subscriptions.vehicles(id)).toHaveLength(3);
    expect(await add(license, id, [vehicleOf(1), vehicleOf(4)])).toEqual({
      ...{ kind: 'ok', added: [], already: [vehicleOf(1)], overQuota: [vehicleOf(4)], withoutGrant: [] },
    });
  });

  async function contents(): Promise<unknown[]> {
    const { rows } = await database.pool.query<object>(
      `select (select count(*) from triggers), (select count(*) from endpoints), (select count(*) from endpoint_leases),
              (select count(*) from events), (select seq from index_head)`,
    );
    return rows;
  }
});

describe('subscriptions', () => {
  test('as many as there is room for are made, the first ones; those that were there take none', async () => {
    const license = await limited({ subscriptions: 5 });
    const id = await created(license);
    await add(license, id, vehiclesFrom(1, 3));
    expect(await add(license, id, vehiclesFrom(2, 6))).toEqual({
      kind: 'ok',
      added: [vehicleOf(4), vehicleOf(5)],
      already: [vehicleOf(2), vehicleOf(3)],
      overQuota: [vehicleOf(6), vehicleOf(7)],
      withoutGrant: [],
    });
    expect(await add(license, id, vehiclesFrom(1, 5))).toMatchObject({ added: [], overQuota: [] });
    expect(await used(license, 'subscriptions')).toBe(5);
  });

  test('the limit is over all webhooks of the license, and counts a vehicle for each', async () => {
    const license = await limited({ subscriptions: 3 });
    const [one, other] = [await created(license), await created(license)];
    await add(license, one, vehiclesFrom(1, 2));
    expect(await add(license, other, vehiclesFrom(1, 2))).toMatchObject({
      added: [vehicleOf(1)],
      overQuota: [vehicleOf(2)],
    });
    await triggers.remove(actorOf(license), one);
    expect(await add(license, other, vehiclesFrom(1, 4))).toMatchObject({ overQuota: [vehicleOf(4)] });
  });

  test('many calls at once on several webhooks never come to more, and fill the limit', async () => {
    const license = await limited({ subscriptions: 2_500 });
    const ids = [await created(license), await created(license), await created(license)];
    const calls = Array.from({ length: 12 }, (_, at) => add(license, ids[at % 3]!, vehiclesFrom(500 * at, 1_200)));
    const results = await Promise.all(calls);
    const sums = results.map((result) => (result.kind === 'ok' ? [result.added.length, result.overQuota.length] : []));
    expect(sums.reduce((sum, [added]) => sum + added!, 0)).toBe(2_500);
    expect(await used(license, 'subscriptions')).toBe(2_500);
    for (const { shown, real } of await counts(license)) expect(shown).toBe(real);
  });

  test('a license that is full is known without asking, but for what is there already', async () => {
    const license = await limited({ subscriptions: 2 });
    const id = await created(license);
    await add(license, id, vehiclesFrom(1, 1));
    expect(await subscriptions.withoutRoom(license, id, vehiclesFrom(1, 9))).toEqual([]);
    await add(license, id, vehiclesFrom(2, 1));
    expect(await subscriptions.withoutRoom(license, id, vehiclesFrom(1, 4))).toEqual(vehiclesFrom(3, 2));
  });

  test('a step records what there was no room for with what was changed', async () => {
    const license = await limited({ subscriptions: 1 });
    const triggerId = await created(license);
    const recorded: string[][] = [];
    const step: SubscriptionStep = {
      actor: actorOf(license),
      triggerId,
      kind: 'subscribed',
      vehicles: vehiclesFrom(1, 2),
      eventId: newLogId(),
      countBefore: 0,
    };
    const stepped = await subscriptions.step(step, (_manager, changed, { overQuota }) => {
      recorded.push(changed, overQuota);
      return Promise.resolve();
    });
    expect(recorded).toEqual([[vehicleOf(1)], [vehicleOf(2)]]);
    expect(stepped).toEqual({ kind: 'ok', vehicles: [vehicleOf(1)], overQuota: [vehicleOf(2)], withoutGrant: [] });
  });
});

describe('how many vehicles a webhook watches', () => {
  test('is exact after whatever is done, and shown so', async () => {
    const license = await limited({});
    const [one, other] = [await created(license), await created(license)];
    const shown = async () =>
      (await triggers.list(license)).map(({ id, subscriptionCount }) => [id, subscriptionCount]);
    const expectShown = async (first: number, second: number) =>
      expect(new Map((await shown()) as [string, number][])).toEqual(
        new Map([
          [one, first],
          [other, second],
        ]),
      );
    await add(license, one, vehiclesFrom(1, 2_100));
    await add(license, one, vehiclesFrom(1, 10));
    await add(license, other, vehiclesFrom(1, 5));
    await expectShown(2_100, 5);
    await subscriptions.remove(actorOf(license), one, vehiclesFrom(2, 1_500));
    await expectShown(600, 5);
    const revocations = new RevocationStore(database);
    const applied = await revocations.triggersOf(license, vehicleOf(1));
    await revocations.revokeVehicle(license, vehicleOf(1), applied);
    await expectShown(599, 4);
    await expect(add(license, other, [vehicleOf(77), 'a \0 in it'])).rejects.toThrow();
    await expectShown(599, 4);
    expect(await triggers.find(license, one)).toMatchObject({ subscriptionCount: 599 });
    await triggers.remove(actorOf(license), one);
    expect(await counts(license)).toEqual(
      expect.arrayContaining([
        { id: one, shown: '0', real: '0' },
        { id: other, shown: '4', real: '4' },
      ]),
    );
    expect(await used(license, 'subscriptions')).toBe(4);
  });

  test('stays exact, and nothing blocks itself, while everybody writes at once', async () => {
    const license = await limited({ subscriptions: 4_000 });
    const ids = await Promise.all(Array.from({ length: 4 }, () => created(license)));
    const revocations = new RevocationStore(database);
    const revoke = async (n: number) => {
      const vehicle = vehicleOf(n);
      return revocations.revokeVehicle(license, vehicle, await revocations.triggersOf(license, vehicle));
    };
    const doomed = ids.slice(2);
    const long = new Date(Date.now() - 3_600_000);
    const rounds = Array.from({ length: 6 }, (_, round) => [
      ...ids.map((id) => add(license, id, vehiclesFrom(round * 300, 1_100))),
      ...ids.toReversed().map((id) => subscriptions.remove(actorOf(license), id, vehiclesFrom(round * 200, 500))),
      ...Array.from({ length: 5 }, (__, n) => revoke(round * 100 + n)),
      ...(round === 3 ? doomed.map((id) => triggers.remove(actorOf(license), id)) : []),
      database.pool.query('update triggers set deleted_at = $2 where license = $1 and deleted_at is not null', [
        license,
        long,
      ]),
      sweepDeletedTriggers(database),
    ]);
    await Promise.all(rounds.flat());
    await sweepDeletedTriggers(database);
    const found = await counts(license);
    expect(found).toHaveLength(4);
    for (const { shown, real } of found) expect(shown).toBe(real);
    for (const { id, shown } of found) if (doomed.includes(id)) expect(shown).toBe('0');
    expect(await used(license, 'subscriptions')).toBeLessThanOrEqual(4_000);
  });
});

test('a vehicle that nobody subscribed to a webhook that nobody has changes nothing', async () => {
  const license = await limited({ subscriptions: 0 });
  expect(await add(license, randomUUID(), [vehicleOf(1)])).toEqual({ kind: 'not_found' });
});
