import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { addAttempt, addEvent, addPending, addSettled } from '../../test/support/log-rows.js';
import { random, type Random } from '../../test/support/random.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, UNLIMITED } from '../../test/support/triggers.js';
import { readLog } from './by-index.js';
import { Database } from './database.js';
import { EndpointStore } from './endpoints.js';
import { firstIdAt, newLogId } from './log-id.js';
import { type OverviewRecord, OverviewStore } from './overview.js';
import * as statements from './sql/overview.js';
import { TriggerStore } from './triggers.js';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.now();
/** In the middle of an hour, so that the first one is cut. */
const RANGE = { sinceMs: Math.floor(NOW_MS / HOUR_MS) * HOUR_MS - 23.5 * HOUR_MS, untilMs: NOW_MS };
const LOG_SINCE_MS = NOW_MS - 60 * HOUR_MS;

/** A trigger, and where it sends to. */
interface Watch {
  license: string;
  triggerId: string;
  endpointId: string;
}

/** An event with what became of it at one endpoint. */
interface Row {
  license: string;
  triggerId: string | null;
  type: string;
  limit: string | null;
  atMs: number;
  endpointId: string;
  status: 'none' | 'pending' | 'delivered' | 'failed' | 'held' | 'cancelled';
  isTest: boolean;
  /** Only of what is settled: how long each answer took. */
  answersMs: number[];
  /** A copy that was sent later arrived, or the event is no longer on record. */
  later: 'nothing' | 'arrived' | 'forgotten';
}

let server: TestDatabase;
let database: Database;
let overview: OverviewStore;
let watches: Watch[];
let rows: Row[];
/** A shared endpoint of `LICENSE` that two triggers use, and that is sent what others fire, too. */
let sharedId: string;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  overview = new OverviewStore(database);
  await makeWatches();
  rows = randomRows(random(20260114), 500);
  for (const row of rows) await write(row);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

async function makeWatches(): Promise<void> {
  const triggers = new TriggerStore(database, UNLIMITED);
  const own = async (license: string): Promise<Watch> => {
    const trigger = newTrigger();
    await triggers.create(actorOf(license), trigger);
    return { license, triggerId: trigger.id, endpointId: trigger.endpoint.id };
  };
  sharedId = newLogId();
  const url = 'https://example.com/hook';
  const shared = { url, secret: 'v1.k.n.c', verifiedAt: new Date(5), description: '', enabledEvents: [] };
  await new EndpointStore(database, UNLIMITED).create(actorOf(), { id: sharedId, ...shared, status: 'active' });
  const sharing = async (): Promise<Watch> => {
    const { endpoint, ...trigger } = newTrigger();
    expect(endpoint.url).toBe(url);
    await triggers.create(actorOf(), { ...trigger, sharedEndpointId: sharedId });
    return { license: LICENSE, triggerId: trigger.id, endpointId: sharedId };
  };
  const deleted = await own(LICENSE);
  await database.pool.query('update triggers set deleted_at = now() where id = $1', [deleted.triggerId]);
  watches = [
    await own(LICENSE),
    await own(LICENSE),
    await sharing(),
    await sharing(),
    await own(OTHER_LICENSE),
    deleted,
  ];
}

function randomRows(dice: Random, count: number): Row[] {
  const one = <T>(...choices: T[]): T => choices[dice.below(choices.length)]!;
  return Array.from({ length: count }, (): Row => {
    const watch = one(...watches);
    const type = one('trigger.fired', 'trigger.fired', 'trigger.fired', 'condition.failed', 'quota.exceeded');
    const isFiring = type === 'trigger.fired';
    const status = one('none', 'pending', 'delivered', 'delivered', 'failed', 'held', 'cancelled');
    return {
      license: watch.license,
      triggerId: type === 'quota.exceeded' ? null : watch.triggerId,
      type,
      limit: type === 'quota.exceeded' ? one('requestsPerMinute', 'deliveriesPerMinute') : null,
      atMs: NOW_MS - 1_000 - dice.below(70 * HOUR_MS),
      endpointId: watch.license === LICENSE && (!isFiring || dice.below(5) === 0) ? sharedId : watch.endpointId,
      status,
      isTest: dice.below(10) === 0,
      answersMs: isSettled(status) ? Array.from({ length: dice.below(3) }, () => 1 + dice.below(900)) : [],
      later: status === 'held' || status === 'failed' ? one('nothing', 'nothing', 'arrived', 'forgotten') : 'nothing',
    };
  });
}

function isSettled(status: Row['status']): boolean {
  return status !== 'none' && status !== 'pending';
}

async function write(row: Row): Promise<void> {
  const { pool } = database;
  const { license, triggerId, type, limit, endpointId, atMs, status, isTest } = row;
  const payload = JSON.stringify(limit === null ? {} : { limit, most: 5 });
  const event = await addEvent(pool, { id: newLogId(atMs), license, triggerId, type, payload });
  const about = { endpointId, event, createdAt: new Date(atMs) };
  if (status === 'pending') await addPending(pool, about);
  if (!isSettled(status)) return;
  // What is sent again has an id of its own; what was there first says whether it is still to be recovered.
  const isAgain = row.later === 'arrived';
  if (isAgain) await addSettled(pool, 'delivered', { ...about, isTest: true });
  const { id } = await addSettled(pool, status, { ...about, isTest, ...(isAgain && { id: newLogId(atMs) }) });
  for (const [at, durationMs] of row.answersMs.entries()) await addAttempt(pool, id, { number: at + 1, durationMs });
  if (row.later === 'forgotten') {
    await pool.query('delete from events where id = $1', [event.id]);
    row.type = 'forgotten';
  }
}

function ask(license: string): Promise<OverviewRecord> {
  return overview.of({ license, ...RANGE, logSinceMs: LOG_SINCE_MS });
}

/** The same by going through all rows. */
class Counted {
  constructor(
    private readonly license: string,
    private readonly hours: readonly number[],
  ) {}

  private get own(): Row[] {
    return rows.filter(({ license }) => license === this.license);
  }

  private perHour(these: readonly Row[]): number[] {
    const ends = [...this.hours.slice(1), RANGE.untilMs];
    return this.hours.map((start, n) => these.filter(({ atMs }) => atMs >= start && atMs < ends[n]!).length);
  }

  trigger({ triggerId, endpointId }: Watch) {
    const own = this.own.filter((row) => row.triggerId === triggerId);
    const firings = own.filter(({ type }) => type === 'trigger.fired');
    const sent = own.filter((row) => row.endpointId === endpointId && !row.isTest);
    const latest = firings.map(({ atMs }) => atMs).filter((atMs) => atMs >= LOG_SINCE_MS);
    return {
      id: triggerId,
      firings: this.perHour(firings),
      delivered: this.perHour(sent.filter(({ status }) => status === 'delivered')),
      failed: this.perHour(sent.filter(({ status }) => status === 'failed')),
      lastFiredAtMs: latest.length === 0 ? null : Math.max(...latest),
    };
  }

  pending() {
    const waiting = this.own.filter(({ status, endpointId }) => status === 'pending' && this.has(endpointId));
    return grouped(waiting, ({ endpointId, triggerId }) => [endpointId, endpointId === sharedId ? triggerId : null]);
  }

  undelivered() {
    const lost = this.own.filter(({ status, atMs, isTest, later, endpointId }) => {
      const isAsked = status === 'held' ? atMs >= LOG_SINCE_MS : status === 'failed' && atMs >= RANGE.sinceMs;
      return isAsked && !isTest && later === 'nothing' && this.has(endpointId);
    });
    return grouped(lost, ({ endpointId, triggerId, status }) => [endpointId, triggerId, status]);
  }

  notices() {
    const told = this.own.filter(({ type, atMs }) => {
      return (type === 'condition.failed' || type === 'quota.exceeded') && atMs >= RANGE.sinceMs;
    });
    return grouped(told, ({ type, triggerId, limit }) => [type, triggerId, limit]);
  }

  percentile(part: number): number {
    const times = this.own
      .filter(({ atMs, isTest }) => atMs >= RANGE.sinceMs && !isTest)
      .flatMap(({ answersMs }) => answersMs)
      .sort((a, b) => a - b);
    const place = part * (times.length - 1);
    const [below, above] = [times[Math.floor(place)]!, times[Math.ceil(place)]!];
    return below + (above - below) * (place - Math.floor(place));
  }

  /** What a deleted trigger had of its own is nobody's concern. */
  private has(endpointId: string): boolean {
    return endpointId !== watches.at(-1)!.endpointId;
  }
}

type Key = (string | null)[];

/** How many there are of each key, with the oldest and the latest of them. */
function grouped(these: readonly Row[], keyOf: (row: Row) => Key): Map<string, [number, number, number]> {
  const groups = new Map<string, [number, number, number]>();
  for (const row of these) {
    const [count, first, last] = groups.get(keyText(keyOf(row))) ?? [0, Infinity, 0];
    groups.set(keyText(keyOf(row)), [count + 1, Math.min(first, row.atMs), Math.max(last, row.atMs)]);
  }
  return groups;
}

function keyText(key: Key): string {
  return key.join(' ');
}

describe('of random rows', () => {
  test.each([LICENSE, OTHER_LICENSE])('the numbers of %s are those that counting gives', async (license) => {
    const record = await ask(license);
    const counted = new Counted(license, record.hours);
    const live = watches.filter((watch) => watch.license === license && watch !== watches.at(-1));
    const numbers = record.triggers.map(({ id, firings, delivered, failed, lastFiredAtMs }) => {
      return { id, firings, delivered, failed, lastFiredAtMs };
    });
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    expect(numbers).toEqual(live.map((watch) => counted.trigger(watch)).sort(byId));
    expect(record.hours).toHaveLength(24 + (NOW_MS % HOUR_MS === 0 ? 0 : 1));
    const { p50, p95 } = record.responseTimeMs;
    expect([p50, p95]).toEqual([expect.closeTo(counted.percentile(0.5)), expect.closeTo(counted.percentile(0.95))]);
  });

  test.each([LICENSE, OTHER_LICENSE])(
    'what waits, is lost or was told to %s is what counting gives',
    async (license) => {
      const record = await ask(license);
      const counted = new Counted(license, record.hours);
      const pending = record.pending.map(({ endpointId, triggerId, pending: count, oldestAt }) => {
        return [keyText([endpointId, triggerId]), count, oldestAt.getTime()];
      });
      const undelivered = record.undelivered.map(({ endpointId, triggerId, status, count, oldestAt }) => {
        return [keyText([endpointId, triggerId, status]), count, oldestAt.getTime()];
      });
      const notices = record.notices.map(({ type, triggerId, limit, count, latestAtMs }) => {
        return [keyText([type, triggerId, limit]), count, latestAtMs];
      });
      const oldest = (groups: Map<string, [number, number, number]>) =>
        [...groups].map(([key, [count, first]]) => [key, count, first]);
      expect(pending.sort()).toEqual(oldest(counted.pending()).sort());
      expect(undelivered.sort()).toEqual(oldest(counted.undelivered()).sort());
      expect(notices.sort()).toEqual([...counted.notices()].map(([key, [count, , last]]) => [key, count, last]).sort());
      expect(Math.min(pending.length, undelivered.length, notices.length)).toBeGreaterThan(0);
    },
  );
});

test('a license without anything has zeros, whatever others have', async () => {
  const { hours, responseTimeMs, ...rest } = await ask('0x3333333333333333333333333333333333333333');
  expect(hours.length).toBeGreaterThan(23);
  expect(responseTimeMs).toEqual({ p50: null, p95: null });
  expect(rest).toEqual({ triggers: [], endpoints: [], pending: [], undelivered: [], notices: [] });
});

test('a license has only its own triggers and endpoints', async () => {
  const { triggers, endpoints } = await ask(OTHER_LICENSE);
  const [own] = watches.filter(({ license }) => license === OTHER_LICENSE);
  expect([triggers, endpoints].map((all) => all.map(({ id }) => id))).toEqual([[own!.triggerId], [own!.endpointId]]);
});

test('the log and the queue are read by index, though nothing is known of how much there is', async () => {
  const ids = [randomUUID()];
  const [first, behind] = [firstIdAt(RANGE.sinceMs), firstIdAt(RANGE.untilMs)];
  const byHour = [ids, first, behind, [first]];
  const asked: [string, unknown[]][] = [
    [statements.FIRINGS_BY_HOUR, byHour],
    [statements.DELIVERIES_BY_HOUR, [...byHour, ids]],
    [statements.LATEST_FIRINGS, [ids, first, behind]],
    [statements.PENDING_AT_ENDPOINTS, [ids, [true]]],
    [statements.UNDELIVERED, [LICENSE, first, ids, first]],
    [statements.NOTICES, [LICENSE, first, behind]],
    [statements.RESPONSE_TIMES_OF_LICENSE, [LICENSE, first, behind]],
  ];
  for (const [sql, values] of asked) {
    const plan = await readLog(database, (manager) =>
      manager.query<{ 'QUERY PLAN': string }[]>(`explain ${sql}`, values),
    );
    expect(plan.map((line) => line['QUERY PLAN']).join('\n')).not.toMatch(
      /Seq Scan on (events|deliveries|attempts|outbox)/,
    );
  }
});
