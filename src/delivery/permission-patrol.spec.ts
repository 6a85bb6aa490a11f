import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { transactionsOver } from '../../test/support/database.js';
import { EngineWorld, newTopic, process, speedRecord } from '../../test/support/engine-world.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, vehicleOf } from '../../test/support/triggers.js';
import type { CheckOptions, Verdict } from '../access/permission-provider.js';
import { Revoker } from '../access/revoker.js';
import { builtInCatalog } from '../core/catalog.js';
import type { PartitionEngine } from '../engine/partition-engine.js';
import { silentLog } from '../observability/log.js';
import { newLogId } from '../store/log-id.js';
import { PermissionRounds, type RoundPage, type RoundPlace } from '../store/permission-rounds.js';
import { RevocationStore } from '../store/revocations.js';
import { PermissionCheck, type PermissionAnswer } from './permission-check.js';
import { PermissionPatrol, type PermissionPatrolOptions } from './permission-patrol.js';

/** Answers what the test says, and remembers which vehicles it was asked about. */
class Permissions {
  readonly asked: string[] = [];
  answer: (license: string, vehicle: string) => Verdict = () => 'granted';

  check(
    license: string,
    vehicles: readonly string[],
    _permissions: readonly string[],
    { fresh = false }: CheckOptions = {},
  ): Promise<Verdict[]> {
    if (!fresh) this.asked.push(...vehicles);
    return Promise.resolve(vehicles.map((vehicle) => this.answer(license, vehicle)));
  }
}

/** The real rounds, and a way to await what they did. */
class WatchedRounds extends PermissionRounds {
  begun = 0;
  looks = 0;
  pages = 0;
  private waiting: (() => void)[] = [];

  override async begin(everyMs: number): Promise<RoundPlace | undefined> {
    const place = await super.begin(everyMs);
    this.looks++;
    if (place !== undefined) this.begun++;
    this.wake();
    return place;
  }

  override async read(from: RoundPlace): Promise<RoundPage> {
    this.pages++;
    return super.read(from);
  }

  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** A round that saw all that was written before this call is over: the process that made it looks again. */
  async round(): Promise<void> {
    await transactionsOver(world.database);
    await this.nextRound();
  }

  /** The same, of what it can see. */
  async nextRound(): Promise<void> {
    const { begun } = this;
    await this.until(() => this.begun > begun);
    const { looks } = this;
    await this.until(() => this.looks > looks);
  }

  private wake(): void {
    for (const go of this.waiting.splice(0)) go();
  }
}

let world: EngineWorld;
let revocations: RevocationStore;
let permissions: Permissions;
let rounds: WatchedRounds;
const patrols: PermissionPatrol[] = [];
let tokenId = 1;

beforeAll(async () => {
  world = await EngineWorld.create();
  revocations = new RevocationStore(world.database);
});
afterAll(() => world.close());

beforeEach(async () => {
  permissions = new Permissions();
  rounds = new WatchedRounds(world.database);
  // What the tests before have left is not this test's.
  await transactionsOver(world.database);
  const [xid] = await query<{ xmin: string }>('select pg_snapshot_xmin(pg_current_snapshot())::text as xmin');
  await query(`update permission_rounds set began_at = '-infinity', xid = $1`, [xid!.xmin]);
});
afterEach(async () => {
  await Promise.all(patrols.splice(0).map((patrol) => patrol.stop(1_000)));
});

async function query<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
  return (await world.database.pool.query<Row>(sql, values)).rows;
}

function patrol(more: Partial<PermissionPatrolOptions> = {}): PermissionPatrol {
  const log = silentLog;
  const revoker = new Revoker({ permissions, catalog: builtInCatalog, revocations, log });
  const ticks = () => performance.now();
  const check = new PermissionCheck({ provider: permissions, cacheMs: 60_000, ticks, random: () => 0, log });
  const revoke = (license: string, vehicle: string) => revoker.revoke(license, vehicle);
  const parts = { rounds, permissions: check, catalog: builtInCatalog, revoke, log };
  const made = new PermissionPatrol({ ...parts, everyMs: 20, lookMs: 5, ...more });
  patrols.push(made);
  made.start();
  return made;
}

const isSubscribed = async (triggerId: string, vehicle: string) =>
  (await query('select 1 from subscriptions where trigger_id = $1 and vehicle = $2', [triggerId, vehicle])).length > 0;

const told = (vehicle: string) =>
  query<{ license: string; payload: string }>(
    `select license, payload from events where type = 'subscription.revoked' and vehicle = $1`,
    [vehicle],
  );

async function opened(pendingDeliveries = Infinity): Promise<PartitionEngine> {
  return world.open(await world.engine({ limits: { pendingDeliveries } }), newTopic());
}

describe('a permission that was withdrawn ends what needs it, though nothing is delivered', () => {
  const pause = (id: string) => query(`update endpoints set status = 'paused' where id = $1`, [id]);
  const gate = () =>
    query(`insert into license_quotas (license, name, most) values ($1, 'webhooks', 0) on conflict do nothing`, [
      LICENSE,
    ]);
  test.each<[why: string, arrange: (endpointId: string) => Promise<unknown>, pendingMost: number]>([
    ['to an endpoint that is switched off', pause, Infinity],
    ['to a license that is gated', gate, Infinity],
    ['above the limit of what may be pending', () => Promise.resolve(), 0],
  ])('%s', async (_why, arrange, pendingMost) => {
    const vehicle = vehicleOf(tokenId++);
    const { endpoint } = newTrigger();
    const id = await world.trigger('valueNumber > 0', { endpoint }, [vehicle]);
    await arrange(endpoint.id);
    const partition = await opened(pendingMost);
    permissions.answer = (_license, which) => (which === vehicle ? 'denied' : 'granted');
    // Its record is of long ago, as one that comes late.
    await process(partition, [speedRecord(0, vehicle, [1])]);
    patrol();
    await rounds.until(async () => !(await isSubscribed(id, vehicle)));
    await process(partition, [speedRecord(1, vehicle, [2]), speedRecord(2, vehicle, [3])]);
    await rounds.round();
    expect(await world.firings(id)).toHaveLength(1);
    expect((await world.states.get(id, vehicle)).previous).toBeUndefined();
    const details = { count: 1, webhookIds: [id], vehicle };
    expect((await told(vehicle)).map(({ license, payload }) => [license, JSON.parse(payload) as unknown])).toEqual([
      [LICENSE, details],
    ]);
  });

  test('of a condition that only ever fails', async () => {
    const vehicle = vehicleOf(tokenId++);
    const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
    permissions.answer = () => 'denied';
    await query(
      `insert into events (id, type, license, trigger_id, vehicle, payload)
       values ($1, 'condition.failed', $2, $3, $4, '{}')`,
      [newLogId(), LICENSE, id, vehicle],
    );
    patrol();
    await rounds.until(async () => !(await isSubscribed(id, vehicle)));
  });
});

test('a transaction that ends late is not passed over', async () => {
  const vehicle = vehicleOf(tokenId++);
  const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
  permissions.answer = () => 'denied';
  await world.database.session(async (client) => {
    await client.query('begin');
    await client.query(
      `insert into events (id, type, license, trigger_id, vehicle, payload) values ($1, 'trigger.fired', $2, $3, $4, '{}')`,
      [newLogId(), LICENSE, id, vehicle],
    );
    patrol();
    await rounds.nextRound();
    await rounds.nextRound();
    expect(permissions.asked).toEqual([]);
    await client.query('commit');
  });
  await rounds.until(async () => !(await isSubscribed(id, vehicle)));
});

test('each license, vehicle and set of permissions is asked for once, and not again while a yes is fresh', async () => {
  const [first, second] = [vehicleOf(tokenId++), vehicleOf(tokenId++)];
  await world.trigger('valueNumber > 0', {}, [first, second]);
  await world.trigger('valueNumber > 1', {}, [first, second]);
  await world.trigger('valueNumber > 1', {}, [first], actorOf(OTHER_LICENSE));
  const partition = await opened();
  await process(partition, [speedRecord(0, first, [5, 6, 7]), speedRecord(1, second, [5])]);
  patrol();
  await rounds.round();
  await process(partition, [speedRecord(2, first, [8])]);
  await rounds.round();
  await rounds.round();
  expect(permissions.asked.sort()).toEqual([first, first, second].sort());
});

test.each<[what: string, fire: (partition: PartitionEngine, id: string, vehicle: string) => Promise<unknown>]>([
  ['nothing fired', (partition, _id, vehicle) => process(partition, [speedRecord(0, vehicle, [0])])],
  [
    'the vehicle left meanwhile',
    async (partition, id, vehicle) => {
      await process(partition, [speedRecord(0, vehicle, [1])]);
      await world.subscriptions.remove(actorOf(), id, [vehicle]);
    },
  ],
])('nobody is asked when %s', async (_what, fire) => {
  const vehicle = vehicleOf(tokenId++);
  const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
  await fire(await opened(), id, vehicle);
  patrol();
  await rounds.round();
  await rounds.round();
  expect(permissions.asked).toEqual([]);
});

test('nothing ends while nobody can say, and the next firing asks again', async () => {
  const vehicle = vehicleOf(tokenId++);
  const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
  const partition = await opened();
  permissions.answer = () => 'unknown';
  await process(partition, [speedRecord(0, vehicle, [1])]);
  patrol();
  await rounds.until(() => permissions.asked.length > 0);
  await rounds.round();
  expect([await isSubscribed(id, vehicle), await told(vehicle)]).toEqual([true, []]);
  permissions.answer = () => 'denied';
  await process(partition, [speedRecord(1, vehicle, [1])]);
  await rounds.until(async () => !(await isSubscribed(id, vehicle)));
});

test('of any number of processes one makes a round in a period', async () => {
  const others = [1, 2, 3].map(() => new WatchedRounds(world.database));
  for (const each of others) patrol({ rounds: each, everyMs: 60_000 });
  await Promise.all(others.map((each) => each.until(() => each.looks > 5)));
  const begun = () => others.reduce((sum, each) => sum + each.begun, 0);
  expect(begun()).toBe(1);
  await query(`update permission_rounds set began_at = began_at - interval '60 s'`);
  await Promise.all(
    others.map((each) =>
      each.until(
        (
          (looks) => () =>
            each.looks > looks + 5
        )(each.looks),
      ),
    ),
  );
  expect(begun()).toBe(2);
});

describe('with more than a page', () => {
  const COUNT = 2_500;
  let vehicles: string[];
  beforeEach(async () => {
    vehicles = Array.from({ length: COUNT }, () => vehicleOf(tokenId++));
    const id = await world.trigger('valueNumber > 0', {}, vehicles);
    await query(
      `insert into events (id, type, license, trigger_id, vehicle, payload)
       select gen_random_uuid(), 'trigger.fired', $1, $2, vehicle, '{}' from unnest($3::text[]) vehicle`,
      [LICENSE, id, vehicles],
    );
    await transactionsOver(world.database);
  });

  test('a round goes through all of it', async () => {
    patrol({ everyMs: 60_000 });
    await rounds.until(() => rounds.looks > 1);
    expect(new Set(permissions.asked)).toEqual(new Set(vehicles));
    expect([permissions.asked.length, rounds.begun, rounds.pages]).toEqual([COUNT, 1, 3]);
  });

  test('what is too much for a round is left to the next, which goes on from there', async () => {
    patrol({ everyMs: 60_000, questionsMax: 1 });
    await rounds.until(() => rounds.looks > 1);
    // Two of the thousand tell of the webhook and of its subscriptions.
    expect([permissions.asked.length, rounds.pages]).toEqual([998, 1]);
    const next = rounds.nextRound();
    await query(`update permission_rounds set began_at = '-infinity'`);
    await next;
    expect([new Set(permissions.asked).size, rounds.pages]).toEqual([1_998, 2]);
  });

  test('a process that ends in the middle leaves its page to the next', async () => {
    const interrupted = new WatchedRounds(world.database);
    const first: PermissionPatrol = patrol({
      rounds: interrupted,
      permissions: { ask: () => Promise.resolve((void first.stop(1_000), { kind: 'unknown', waitMs: 0 })) },
    });
    await interrupted.until(() => interrupted.begun > 0);
    await first.stop(1_000);
    patrol();
    await rounds.until(() => permissions.asked.length === COUNT);
  });
});

test('a process that ends waits for an open question no longer than its grace', async () => {
  const vehicle = vehicleOf(tokenId++);
  const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
  await process(await opened(), [speedRecord(0, vehicle, [1])]);
  let answer = (_answer: PermissionAnswer) => {};
  const isAsked = new Promise<void>((asked) => {
    const ask = () => {
      asked();
      return new Promise<PermissionAnswer>((resolve) => (answer = resolve));
    };
    patrol({ permissions: { ask } });
  });
  await isAsked;
  await patrols[0]!.stop(10);
  answer({ kind: 'denied' });
  await patrols[0]!.stop(1_000);
  expect(await isSubscribed(id, vehicle)).toBe(true);
});

test('a place that is ahead of the database, as after a restore, is given up for now', async () => {
  await query('update permission_rounds set xid = 9000000000000000000');
  patrol();
  await rounds.round();
  const vehicle = vehicleOf(tokenId++);
  const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
  permissions.answer = () => 'denied';
  await process(await opened(), [speedRecord(0, vehicle, [1])]);
  await rounds.until(async () => !(await isSubscribed(id, vehicle)));
});
