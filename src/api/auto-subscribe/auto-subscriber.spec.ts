import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TestApi, unlimitedQuotas, vehicle, type ApiDeveloper } from '../../../test/support/api.js';
import { PermissionsUnavailable, type PermissionProvider, type Verdict } from '../../access/permission-provider.js';
import { builtInCatalog } from '../../core/catalog.js';
import { silentLog } from '../../observability/log.js';
import { AutoSyncStore } from '../../store/auto-syncs.js';
import { QuotaStore } from '../../store/quotas.js';
import { RevocationStore } from '../../store/revocations.js';
import { SubscriptionStore } from '../../store/subscriptions.js';
import { TriggerStore } from '../../store/triggers.js';
import type { AutoSubscribeLimits } from './auto-subscribe-limits.js';
import { AutoSubscriber } from './auto-subscriber.js';

/** A permission service whose owners share, withdraw and fall silent as a test says. */
class OwnersPermissions implements PermissionProvider {
  readonly grantsDecide = false;
  /** By license. */
  readonly shared = new Map<string, string[]>();
  readonly verdicts = new Map<string, Verdict>();
  /** The list ends in the middle, or cannot be had at all. */
  list: 'whole' | 'broken' | 'none' = 'whole';
  /** Vehicles of each question, fresh or not. */
  asked: string[][] = [];
  isAlwaysFresh = true;
  /** What comes between a question and its answer. */
  meanwhile: (vehicles: readonly string[]) => Promise<unknown> = () => Promise.resolve();
  readonly listed = new EventEmitter();

  async check(
    _license: string,
    vehicles: readonly string[],
    permissions: readonly string[],
    options?: { fresh?: boolean },
  ): Promise<Verdict[]> {
    this.asked.push([...vehicles]);
    this.isAlwaysFresh &&= options?.fresh === true;
    await this.meanwhile(vehicles);
    return vehicles.map(
      (did) => this.verdicts.get(`${did} ${permissions.join(' ')}`) ?? this.verdicts.get(did) ?? 'granted',
    );
  }

  async *sharedVehicles(license: string): AsyncIterable<string[]> {
    const vehicles = this.shared.get(license) ?? [];
    if (this.list === 'none') throw new PermissionsUnavailable('no answer');
    yield await Promise.resolve(vehicles.slice(0, 2));
    if (this.list === 'broken') throw new PermissionsUnavailable('no second page');
    yield await Promise.resolve(vehicles.slice(2));
    this.listed.emit(license);
  }

  reset(): void {
    this.shared.clear();
    this.verdicts.clear();
    this.list = 'whole';
    this.asked = [];
    this.isAlwaysFresh = true;
    this.meanwhile = () => Promise.resolve();
  }
}

const HASTY: Partial<AutoSubscribeLimits> = { syncMs: 20, failingMaxMs: 40, scanMs: 20, heartbeatMs: 50 };
const SPEED = 'privilege:GetNonLocationHistory';

let permissions: OwnersPermissions;
let api: TestApi;
let developer: ApiDeveloper;

beforeAll(async () => {
  permissions = new OwnersPermissions();
  api = await TestApi.start({ permissions, autoSubscribe: HASTY });
});
afterAll(() => api.stop());
beforeEach(async () => {
  permissions.reset();
  developer = await api.developer();
});
afterEach(async () => {
  permissions.meanwhile = () => Promise.resolve();
  await api.database.pool.query('update triggers set auto_subscribe = false');
  await until(async () => (await api.database.pool.query('select 1 from auto_syncs')).rowCount === 0);
});

const fleet = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_unused, at) => vehicle(from + at));
const share = (vehicles: string[]) => permissions.shared.set(developer.license, vehicles);
const subscribed = async (id: string) => (await developer.call('GET', `/v1/webhooks/${id}`)).body as string[];
const switchTo = (id: string, autoSubscribe: boolean) =>
  developer.call('PATCH', `/v1/webhooks/${id}`, { autoSubscribe });

/** Asks again and again, and leaves the processor to those that are waited for. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setTimeout(5);
}

/** Waits until a webhook watches exactly these. */
async function watches(id: string, vehicles: string[]): Promise<void> {
  const wanted = vehicles.toSorted().join();
  const sql = `select string_agg(vehicle, ',' order by vehicle) as text from subscriptions where trigger_id = $1`;
  await until(async () => (await api.database.pool.query<{ text: string }>(sql, [id])).rows[0]!.text === wanted);
}

/** Waits until two rounds have read the whole list, so that one of them began after this call. */
async function rounds(count = 2, of = developer): Promise<void> {
  for (let at = 0; at < count; at++) await once(permissions.listed, of.license);
  const held = 'select 1 from auto_syncs where license = $1 and holder is not null';
  await until(async () => (await api.database.pool.query(held, [of.license])).rowCount === 0);
}

interface Logged {
  type: string;
  actor?: unknown;
  requestId?: string;
  webhookId?: string;
  vehicle?: string;
  data: Record<string, unknown>;
}

async function logged(type: string, of = developer): Promise<Logged[]> {
  return (await of.call('GET', `/v1/events?type=${type}`)).body.data as Logged[];
}

describe('vehicles join by themselves', () => {
  test('those that are shared when the webhook is made, and those that are shared later, each told once', async () => {
    share(fleet(1, 3));
    const id = await developer.register({ autoSubscribe: true });
    await watches(id, fleet(1, 3));
    share(fleet(1, 5));
    await watches(id, fleet(1, 5));
    await rounds();
    const events = await logged('subscription.created');
    expect(events.map(({ data }) => data)).toEqual([
      { by: 'autoSubscribe', count: 2 },
      { by: 'autoSubscribe', count: 3 },
    ]);
    expect(events.map(({ actor, requestId, webhookId }) => [actor, requestId, webhookId])).toEqual([
      [undefined, undefined, id],
      [undefined, undefined, id],
    ]);
    expect(permissions.isAlwaysFresh).toBe(true);
  });

  test('to all webhooks that want it, whatever their status, and to no other', async () => {
    share(fleet(1, 3));
    const other = await developer.register();
    const disabled = await developer.register({ autoSubscribe: true, status: 'disabled' });
    const enabled = await developer.register({ autoSubscribe: true });
    await watches(enabled, fleet(1, 3));
    await watches(disabled, fleet(1, 3));
    expect(await subscribed(other)).toEqual([]);
    expect((await developer.config(enabled)).subscriptionCount).toBe(3);
  });

  test('when their metric needs no more than is permitted; one question serves webhooks that need the same', async () => {
    share(fleet(1, 4));
    permissions.verdicts.set(`${vehicle(2)} privilege:GetLocationHistory`, 'denied');
    permissions.verdicts.set(`${vehicle(3)} ${SPEED}`, 'denied');
    const speed = await developer.register({ autoSubscribe: true });
    await watches(speed, [vehicle(1), vehicle(2), vehicle(4)]);
    permissions.asked = [];
    const place = { metricName: 'currentLocationCoordinates', condition: 'value.latitude > 5.0' };
    const [one, two] = [await developer.register({ autoSubscribe: true, ...place }), await developer.register(place)];
    await switchTo(two, true);
    for (const id of [one, two]) await watches(id, [vehicle(1), vehicle(3), vehicle(4)]);
  });

  test('more than a page of them, in whole pages, told of as one', async () => {
    const vehicles = fleet(1, 1_200).toSorted();
    share(vehicles);
    const id = await developer.register({ autoSubscribe: true });
    await watches(id, vehicles);
    await rounds();
    expect((await logged('subscription.created')).map(({ data }) => data.count)).toEqual([1_200]);
    expect(permissions.asked.map(({ length }) => length)).toEqual([1_000, 200]);
  });

  test('again after they were withdrawn and shared again', async () => {
    share(fleet(1, 2));
    const id = await developer.register({ autoSubscribe: true });
    await watches(id, fleet(1, 2));
    share([vehicle(2)]);
    permissions.verdicts.set(vehicle(1), 'denied');
    await watches(id, [vehicle(2)]);
    share(fleet(1, 2));
    permissions.verdicts.clear();
    await watches(id, fleet(1, 2));
  });

  test('not while it is switched off, and what is there stays', async () => {
    share(fleet(1, 2));
    const id = await developer.register({ autoSubscribe: true });
    await watches(id, fleet(1, 2));
    await switchTo(id, false);
    share([]);
    permissions.verdicts.set(vehicle(1), 'denied');
    const other = await developer.register({ autoSubscribe: true });
    await rounds();
    expect([await subscribed(id), await subscribed(other)]).toEqual([fleet(1, 2), []]);
  });
});

describe('vehicles leave by themselves', () => {
  let id: string;
  beforeEach(async () => {
    share(fleet(1, 4));
    id = await developer.register({ autoSubscribe: true });
    await watches(id, fleet(1, 4));
    permissions.asked = [];
  });

  test('when they are shared no more and denied; they are forgotten, and the license is told', async () => {
    await api.database.pool.query(
      `insert into states (trigger_id, vehicle, version, revision, fired_at, previous, sequence)
       select $1, v, 7, 1, now(), '{}', 5 from unnest($2::text[]) v`,
      [id, [vehicle(1), vehicle(3)]],
    );
    share(fleet(3, 4));
    for (const did of fleet(1, 2)) permissions.verdicts.set(did, 'denied');
    await watches(id, fleet(3, 4));
    const [event, ...others] = await logged('subscription.revoked');
    expect([event, others]).toEqual([
      expect.objectContaining({ webhookId: id, data: { by: 'autoSubscribe', count: 2, webhookIds: [id] } }),
      [],
    ]);
    expect(event!.actor).toBeUndefined();
    const states = await api.database.pool.query(
      'select vehicle, fired_at is null as is_empty from states where trigger_id = $1 order by vehicle',
      [id],
    );
    expect(states.rows).toEqual([
      { vehicle: vehicle(1), is_empty: true },
      { vehicle: vehicle(3), is_empty: false },
    ]);
  });

  test('one whose permission is withdrawn but that is shared still waits for its next firing', async () => {
    permissions.verdicts.set(vehicle(1), 'denied');
    await rounds();
    expect([await subscribed(id), permissions.asked]).toEqual([fleet(1, 4), []]);
  });

  test.each<[what: string, meanwhile: () => void]>([
    ['are permitted, though not in the list', () => undefined],
    ['nobody can say', () => fleet(1, 4).forEach((did) => permissions.verdicts.set(did, 'unknown'))],
  ])('not when they %s', async (_what, meanwhile) => {
    meanwhile();
    share([]);
    await rounds();
    expect(await subscribed(id)).toEqual(fleet(1, 4));
    expect(permissions.asked.length).toBeGreaterThan(0);
    expect(await logged('subscription.revoked')).toEqual([]);
  });

  test.each(['broken', 'none'] as const)('not while the list is %s, and again as soon as it is whole', async (list) => {
    permissions.list = list;
    share(fleet(3, 4));
    for (const did of fleet(1, 4)) permissions.verdicts.set(did, 'denied');
    const failures = 'select 1 from auto_syncs where license = $1 and failures >= 2';
    await until(async () => (await api.database.pool.query(failures, [developer.license])).rowCount !== 0);
    expect([await subscribed(id), permissions.asked]).toEqual([fleet(1, 4), []]);
    permissions.list = 'whole';
    await watches(id, fleet(3, 4));
  });

  test('one that was subscribed again while it was judged stays', async () => {
    permissions.meanwhile = async (vehicles) => {
      if (!vehicles.includes(vehicle(1))) return;
      permissions.meanwhile = () => Promise.resolve();
      await api.database.pool.query('delete from subscriptions where trigger_id = $1 and vehicle = $2', [
        id,
        vehicle(1),
      ]);
      await api.database.pool.query(
        `insert into subscriptions (trigger_id, vehicle, created_at) values ($1, $2, now() + interval '1 minute')`,
        [id, vehicle(1)],
      );
    };
    share(fleet(2, 4));
    permissions.verdicts.set(vehicle(1), 'denied');
    await rounds(3);
    expect(await subscribed(id)).toEqual(fleet(1, 4));
  });
});

describe('by hand', () => {
  test('nothing is unsubscribed from a webhook that subscribes by itself: it says what to do, and that helps', async () => {
    share(fleet(1, 2));
    const id = await developer.register({ autoSubscribe: true });
    await watches(id, fleet(1, 2));
    const list = { assetDIDs: [vehicle(1)] };
    const tries: [path: string, body?: unknown][] = [[vehicle(1)], ['list', list], ['all']];
    for (const [path, body] of tries) {
      const answer = await developer.call('DELETE', `/v1/webhooks/${id}/unsubscribe/${path}`, body);
      expect(answer.body).toMatchObject({
        ...{ status: 409, type: 'urn:tripline:problem:conflict' },
        detail: expect.stringContaining('Set autoSubscribe to false'),
      });
    }
    expect(await subscribed(id)).toEqual(fleet(1, 2));
    await switchTo(id, false);
    for (const [path, body] of tries) {
      expect((await developer.call('DELETE', `/v1/webhooks/${id}/unsubscribe/${path}`, body)).status).toBe(200);
    }
    expect(await subscribed(id)).toEqual([]);
  });

  test('a vehicle that is permitted but not shared is subscribed, and stays', async () => {
    share([vehicle(1)]);
    const id = await developer.register({ autoSubscribe: true });
    await watches(id, [vehicle(1)]);
    const answer = await developer.call('POST', `/v1/webhooks/${id}/subscribe/${vehicle(9)}`);
    expect(answer.status).toBe(201);
    await rounds(3);
    expect(await subscribed(id)).toEqual([vehicle(1), vehicle(9)]);
  });
});

describe('what stands in the way', () => {
  test('the limit of the license: as many as there is room for join, nobody is asked for more, and it is told once', async () => {
    const quotas = new QuotaStore(api.database, unlimitedQuotas());
    const operator = { license: '', requestId: 'spec' };
    await quotas.set(operator, developer.license, { subscriptions: 3 });
    share(fleet(1, 5));
    const id = await developer.register({ autoSubscribe: true });
    await watches(id, fleet(1, 3));
    await rounds();
    permissions.asked = [];
    await rounds(3);
    expect(permissions.asked).toEqual([]);
    const told = (await logged('quota.exceeded')).map(({ data }) => data);
    expect(told).toEqual([{ by: 'autoSubscribe', limit: 'subscriptions', most: 3 }]);
    await quotas.set(operator, developer.license, { subscriptions: 9 });
    await watches(id, fleet(1, 5));
  });

  test('an outage changes nothing, and ends at the first page of which nothing is known', async () => {
    const vehicles = fleet(1, 1_100);
    for (const did of vehicles) permissions.verdicts.set(did, 'unknown');
    share(vehicles);
    const id = await developer.register({ autoSubscribe: true });
    await rounds();
    expect(new Set(permissions.asked.map(([first]) => first))).toEqual(new Set([vehicle(1)]));
    expect(await subscribed(id)).toEqual([]);
    permissions.verdicts.clear();
    await watches(id, vehicles.toSorted());
  });

  test('one vehicle of which nothing is known keeps out only itself', async () => {
    permissions.verdicts.set(vehicle(2), 'unknown');
    share(fleet(1, 3));
    const id = await developer.register({ autoSubscribe: true });
    await watches(id, [vehicle(1), vehicle(3)]);
    permissions.verdicts.clear();
    await watches(id, fleet(1, 3));
  });

  test('one that is shared no more, and of which nothing is ever known, stays, and keeps no other from joining', async () => {
    share(fleet(1, 2));
    const id = await developer.register({ autoSubscribe: true });
    await watches(id, fleet(1, 2));
    permissions.verdicts.set(vehicle(1), 'unknown');
    share(fleet(2, 3));
    await watches(id, fleet(1, 3));
  });

  test('a license whose questions fail keeps no other from its turn', async () => {
    const failing = developer;
    permissions.meanwhile = (vehicles) =>
      vehicles.includes(vehicle(666)) ? Promise.reject(new Error('out of order')) : Promise.resolve();
    share([vehicle(666)]);
    const theirs = await failing.register({ autoSubscribe: true });
    const failures = 'select 1 from auto_syncs where license = $1 and failures >= 1';
    await until(async () => (await api.database.pool.query(failures, [failing.license])).rowCount !== 0);
    developer = await api.developer();
    share(fleet(1, 2));
    await watches(await developer.register({ autoSubscribe: true }), fleet(1, 2));
    expect(await failing.call('GET', `/v1/webhooks/${theirs}`)).toMatchObject({ body: [] });
  });

  test('a webhook that is changed meanwhile is judged anew', async () => {
    share(fleet(1, 3));
    permissions.verdicts.set(`${vehicle(2)} privilege:GetLocationHistory`, 'denied');
    const changes = { metricName: 'currentLocationCoordinates', condition: 'value.latitude > 5.0' };
    const id = await developer.register();
    permissions.meanwhile = async () => {
      permissions.meanwhile = () => Promise.resolve();
      await developer.call('PATCH', `/v1/webhooks/${id}`, changes);
    };
    await switchTo(id, true);
    await watches(id, [vehicle(1), vehicle(3)]);
    expect((await logged('subscription.created')).map(({ data }) => data.count)).toEqual([2]);
  });
});

describe('several processes', () => {
  let own: TestApi;
  let processes: AutoSubscriber[] = [];
  let main: TestApi;

  /** The API looks once, before there is anything; the processes of each test are its own. */
  beforeAll(async () => {
    main = api;
    own = await TestApi.start({ permissions, autoSubscribe: { ...HASTY, scanMs: 3_600_000 } });
  });
  afterAll(() => own.stop());
  beforeEach(async () => {
    api = own;
    developer = await own.developer();
  });
  afterEach(async () => {
    permissions.meanwhile = () => Promise.resolve();
    await Promise.all(processes.map((process) => process.onModuleDestroy()));
    processes = [];
    await own.database.pool.query('delete from auto_syncs');
    api = main;
  });

  function start(given: Partial<AutoSubscribeLimits> = {}, aliveMs?: number, log = silentLog): AutoSubscriber {
    const { database } = own;
    const quotas = new QuotaStore(database, unlimitedQuotas());
    const process = new AutoSubscriber({
      ...{ catalog: builtInCatalog, permissions, quotas, log },
      triggers: new TriggerStore(database, quotas),
      subscriptions: new SubscriptionStore(database, quotas),
      revocations: new RevocationStore(database),
      autoSyncs: new AutoSyncStore(database, aliveMs),
      autoSubscribe: { ...HASTY, ...given },
    });
    processes.push(process);
    process.onModuleInit();
    return process;
  }

  test('one asks for all that is new, and again for a few of those that were refused, each in its turn', async () => {
    const vehicles = fleet(101, 135);
    share(vehicles);
    for (const did of vehicles) permissions.verdicts.set(did, 'denied');
    const id = await developer.register({ autoSubscribe: true });
    start({ askedAgainMax: 10 });
    await rounds(8);
    const [first, ...again] = permissions.asked;
    expect(first).toEqual(vehicles);
    expect(again.slice(0, 4).map((some) => some.toSorted())).toEqual([
      fleet(101, 110),
      fleet(111, 120),
      fleet(121, 130),
      [...fleet(101, 105), ...fleet(131, 135)],
    ]);
    permissions.verdicts.delete(vehicle(117));
    await watches(id, [vehicle(117)]);
    share([...vehicles, vehicle(200)]);
    await watches(id, [vehicle(117), vehicle(200)]);
  });

  test('one leaves the rest to the next round when too many were refused', async () => {
    const vehicles = fleet(1, 1_500);
    for (const did of vehicles) permissions.verdicts.set(did, 'denied');
    share([...vehicles, vehicle(9_999)]);
    const id = await developer.register({ autoSubscribe: true });
    start({ refusedMax: 1_000, askedAgainMax: 1 });
    await once(permissions.listed, developer.license);
    await once(permissions.listed, developer.license);
    expect(permissions.asked.map(([one]) => one)).toEqual([vehicle(1)]);
    await watches(id, [vehicle(9_999)]);
  });

  test('two never have one license at the same time, and what is done is told once', async () => {
    let isAnswered!: () => void;
    const answered = new Promise<void>((resolve) => (isAnswered = resolve));
    const asked = new Promise<void>((resolve) => {
      permissions.meanwhile = (vehicles) => {
        if (!vehicles.includes(vehicle(1))) return Promise.resolve();
        resolve();
        return answered;
      };
    });
    let lists = 0;
    permissions.listed.on(developer.license, () => lists++);
    share(fleet(1, 3));
    const id = await developer.register({ autoSubscribe: true });
    for (let at = 0; at < 2; at++) start();
    await asked;
    const first = developer;
    developer = await own.developer();
    share(fleet(11, 12));
    const others = await developer.register({ autoSubscribe: true });
    await watches(others, fleet(11, 12));
    await rounds(5);
    expect([lists, permissions.asked.filter((some) => some.includes(vehicle(1))).length]).toEqual([1, 1]);
    isAnswered();
    developer = first;
    await watches(id, fleet(1, 3));
    await rounds();
    expect((await logged('subscription.created')).map(({ data }) => data.count)).toEqual([3]);
  });

  test('one that is gone in the middle is taken over, and changes nothing when it comes back', async () => {
    const vehicles = fleet(1, 1_500).toSorted();
    share(vehicles);
    const id = await developer.register({ autoSubscribe: true });
    let goOn!: () => void;
    const frozen = new Promise<void>((resolve) => (goOn = resolve));
    const isFrozen = new Promise<void>((resolve) => {
      permissions.meanwhile = (some) => {
        if (!some.includes(vehicles[1_000]!)) return Promise.resolve();
        permissions.meanwhile = () => Promise.resolve();
        resolve();
        return frozen;
      };
    });
    // Nobody hears of it again.
    const news = new EventEmitter();
    const log = { ...silentLog, info: (_fields: object, message: string) => void news.emit(message) };
    const isLost = once(news, 'a license whose vehicles join by themselves is another process’s now');
    start({ heartbeatMs: 3_600_000 }, 100, log);
    await isFrozen;
    expect(await subscribed(id)).toHaveLength(1_000);
    const other = start();
    await watches(id, vehicles);
    await other.onModuleDestroy();
    await own.database.pool.query('delete from subscriptions where vehicle = $1', [vehicles[1_400]]);
    await own.database.pool.query(`update auto_syncs set due_at = now() + interval '1 hour'`);
    goOn();
    await isLost;
    expect(await subscribed(id)).toHaveLength(1_499);
    const counts = (await logged('subscription.created')).map(({ data }) => data.count as number);
    expect(counts.toSorted((one, other) => one - other)).toEqual([500, 1_000]);
  });

  test('one that is stopped waits for no answer, gives back what it has, and another goes on at once', async () => {
    share(fleet(1, 2));
    const id = await developer.register({ autoSubscribe: true });
    const never = new Promise<void>(() => undefined);
    const asked = new Promise<void>((resolve) => {
      permissions.meanwhile = () => {
        permissions.meanwhile = () => Promise.resolve();
        resolve();
        return never;
      };
    });
    const ending = start();
    await asked;
    await ending.onModuleDestroy();
    expect(await subscribed(id)).toEqual([]);
    const { rows } = await own.database.pool.query('select holder, failures from auto_syncs');
    expect(rows).toEqual([{ holder: null, failures: 0 }]);
    start();
    await watches(id, fleet(1, 2));
  });
});
