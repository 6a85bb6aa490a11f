import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TestApi, vehicle, type Answer, type ApiDeveloper } from '../../../test/support/api.js';
import { UNLIMITED } from '../../../test/support/triggers.js';
import { PermissionsUnavailable, type PermissionProvider, type Verdict } from '../../access/permission-provider.js';
import { silentLog } from '../../observability/log.js';
import { type BulkKind, OperationStore } from '../../store/operations.js';
import { SubscriptionStore } from '../../store/subscriptions.js';
import { TriggerStore } from '../../store/triggers.js';
import { builtInCatalog } from '../../core/catalog.js';
import { BulkCalls, type BulkOutcome } from './bulk-calls.js';
import type { BulkLimits } from './bulk-limits.js';
import type { BulkTimes } from './bulk-times.js';
import { viewSubscribed } from './operation-view.js';

/** A permission service that answers page by page, when it is told to. */
class GatedPermissions implements PermissionProvider {
  readonly grantsDecide = false;
  shared: string[] = [];
  /** What is said of a vehicle; granted when nothing is. */
  readonly verdicts = new Map<string, Verdict>();
  isListDown = false;
  isOpen = false;
  /** What comes between a question and its answer. */
  meanwhile: () => Promise<unknown> = () => Promise.resolve();
  /** The first vehicle of each question that was answered. */
  readonly questions: string[] = [];
  private readonly asked = new EventEmitter();
  private readonly waiting: (() => void)[] = [];
  private allowed = 0;

  async check(_license: string, vehicles: readonly string[]): Promise<Verdict[]> {
    await this.turn();
    await this.meanwhile();
    this.questions.push(vehicles[0]!);
    return vehicles.map((did) => this.verdicts.get(did) ?? 'granted');
  }

  async *sharedVehicles(): AsyncIterable<string[]> {
    await this.turn();
    if (this.isListDown) throw new PermissionsUnavailable('no answer');
    yield await Promise.resolve(this.shared);
  }

  private async turn(): Promise<void> {
    this.asked.emit('asked');
    if (this.isOpen) return;
    if (this.allowed > 0) this.allowed--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Answers one question, now or when it comes. */
  answerOne(): void {
    const waiting = this.waiting.shift();
    if (waiting) waiting();
    else this.allowed++;
  }

  reset(): void {
    this.shared = [];
    this.verdicts.clear();
    this.meanwhile = () => Promise.resolve();
    this.isListDown = false;
    this.isOpen = false;
    this.allowed = 0;
  }

  open(): void {
    this.isOpen = true;
    for (const go of this.waiting.splice(0)) go();
  }

  async nextQuestion(): Promise<void> {
    await once(this.asked, 'asked');
  }
}

const VEHICLES = Array.from({ length: 2_500 }, (_unused, at) => vehicle(at + 1));
const HASTY: Partial<BulkTimes> = { answerMs: 0, scanMs: 20, heartbeatMs: 20, pauseMs: 5, pauseMaxMs: 10 };

/** Held by a process that says so once an hour. */
const HELD_FOR_LONG = `alive_until > now() + interval '30 minutes'`;

let permissions: GatedPermissions;
let api: TestApi;
let developer: ApiDeveloper;
let id: string;

beforeAll(async () => {
  permissions = new GatedPermissions();
  api = await TestApi.start({ permissions, bulkTimes: HASTY });
});
afterAll(() => api.stop());
beforeEach(async () => {
  permissions.reset();
  developer = await api.developer();
  id = await developer.register();
});
afterEach(async () => {
  permissions.verdicts.clear();
  permissions.meanwhile = () => Promise.resolve();
  permissions.open();
  await api.database.pool.query(`update operations set alive_until = null where ${HELD_FOR_LONG}`);
  const open = 'select 1 from operations where completed_at is null';
  while ((await api.database.pool.query(open)).rowCount !== 0);
});

const subscribe = (which: string, body?: unknown, headers?: Record<string, string>) =>
  developer.call('POST', `/v1/webhooks/${id}/subscribe/${which}`, body, headers);
const list = (vehicles = VEHICLES) => subscribe('list', { assetDIDs: vehicles });
const look = (answer: Answer, as = developer) => as.call('GET', answer.headers.get('location')!);
const subscribed = async () => (await developer.call('GET', `/v1/webhooks/${id}`)).body as string[];

/** What the operation says once it is completed; that what it says before never goes back. */
async function completed(answer: Answer): Promise<Record<string, unknown>> {
  let before = 0;
  for (;;) {
    const { body } = await look(answer);
    expect(body.done).toBeGreaterThanOrEqual(before);
    before = body.done as number;
    if (body.completed === true) return body as Record<string, unknown>;
    expect(body.result).toBeUndefined();
  }
}

async function logged(type: string): Promise<number[]> {
  const { body } = await developer.call('GET', `/v1/events?type=${type}`);
  return (body.data as { data: { count: number } }[]).map(({ data }) => data.count);
}

describe('a call that takes too long', () => {
  test('answers where it goes on, and what it does there is what it would have answered', async () => {
    permissions.verdicts.set(vehicle(7), 'denied');
    const answer = await list();
    const { operationId } = answer.body;
    expect([answer.status, answer.headers.get('location')]).toEqual([202, `/v1/operations/${operationId}`]);
    expect(answer.body).toEqual({ operationId, message: expect.stringContaining(`/v1/operations/${operationId}`) });
    expect((await look(answer)).body).toEqual({ done: 0, total: 2_500, completed: false });
    permissions.open();
    expect(await completed(answer)).toEqual({
      done: 2_500,
      total: 2_500,
      completed: true,
      result: {
        message: 'Subscribed 2499 assets',
        subscribed: 2_499,
        alreadySubscribed: 0,
        failedSubscriptions: [{ assetDid: vehicle(7), message: 'Insufficient vehicle permissions' }],
      },
    });
    expect(await subscribed()).toHaveLength(2_499);
    expect(await logged('subscription.created')).toEqual([2_499]);
  });

  test('moves on page by page, each judged when it is its turn', async () => {
    const answer = await list();
    for (const done of [1_000, 2_000, 2_500]) {
      permissions.answerOne();
      for (let now = 0; now < done;) now = (await look(answer)).body.done as number;
      expect((await look(answer)).body.done).toBe(done);
      expect(await subscribed()).toHaveLength(done);
    }
    expect(await completed(answer)).toMatchObject({ result: { subscribed: 2_500 } });
  });

  test('names a thousand of those that were refused and counts the others', async () => {
    for (const did of VEHICLES) permissions.verdicts.set(did, 'denied');
    const answer = await list();
    permissions.open();
    const { result } = (await completed(answer)) as { result: Record<string, unknown[]> };
    expect(result.failedSubscriptions).toHaveLength(1_000);
    expect(result).toMatchObject({ subscribed: 0, failedSubscriptionsOmitted: 1_500 });
  });

  test('is answered the same again with its Idempotency-Key, and runs once', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await subscribe('list', { assetDIDs: VEHICLES }, key);
    const again = await subscribe('list', { assetDIDs: VEHICLES }, key);
    expect([again.status, again.body, again.headers.get('location')]).toEqual([
      202,
      first.body,
      first.headers.get('location'),
    ]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    permissions.open();
    expect(await completed(again)).toMatchObject({ result: { subscribed: 2_500, alreadySubscribed: 0 } });
  });

  test("is unknown to other licenses, as one that does not exist is, byte for byte but the request's id", async () => {
    const stranger = await api.developer();
    const answer = await list();
    const foreign = await look(answer, stranger);
    const none = await stranger.call('GET', `/v1/operations/${randomUUID()}`);
    expect([foreign.status, foreign.text]).toEqual([404, none.text]);
    expect((await developer.call('GET', '/v1/operations/7')).status).toBe(400);
  });

  test('ends with what was done when its webhook is deleted', async () => {
    const answer = await list();
    permissions.answerOne();
    while ((await look(answer)).body.done === 0);
    await developer.call('DELETE', `/v1/webhooks/${id}`);
    permissions.open();
    expect(await completed(answer)).toEqual({
      done: 1_000,
      total: 2_500,
      completed: true,
      result: {
        message: 'Subscribed 1000 assets',
        subscribed: 1_000,
        alreadySubscribed: 0,
        error: 'Webhook not found',
      },
    });
  });

  test('judges a page again when the webhook changed meanwhile', async () => {
    const answer = await list();
    await developer.call('PATCH', `/v1/webhooks/${id}`, { coolDownPeriod: 77 });
    permissions.open();
    expect(await completed(answer)).toMatchObject({ result: { subscribed: 2_500 } });
  });

  test('subscribes what is shared, and unsubscribes a list and all', async () => {
    permissions.shared = VEHICLES;
    permissions.open();
    expect((await completed(await subscribe('all'))).result).toMatchObject({ subscribed: 2_500 });
    const some = { assetDIDs: [...VEHICLES.slice(0, 100), vehicle(9_999)] };
    const few = await developer.call('DELETE', `/v1/webhooks/${id}/unsubscribe/list`, some);
    expect(few.status).toBe(202);
    expect((await completed(few)).result).toEqual({ message: 'Unsubscribed 101 assets', unsubscribed: 100 });
    const all = await developer.call('DELETE', `/v1/webhooks/${id}/unsubscribe/all`);
    expect(await completed(all)).toMatchObject({
      ...{ done: 2_400, total: 2_400 },
      result: { message: 'Unsubscribed 2400 vehicles', unsubscribed: 2_400 },
    });
    expect(await logged('subscription.deleted')).toEqual([2_400, 100]);
  });

  test.each([
    ['subscribe/list', 'POST', { assetDIDs: [vehicle(1)] }],
    ['subscribe/all', 'POST', undefined],
    ['unsubscribe/list', 'DELETE', { assetDIDs: [] }],
    ['unsubscribe/all', 'DELETE', undefined],
  ])('%s ends with an error for a webhook that nobody has', async (path, method, body) => {
    const answer = await developer.call(method, `/v1/webhooks/${randomUUID()}/${path}`, body);
    if (answer.status === 202) expect((await completed(answer)).result).toMatchObject({ error: 'Webhook not found' });
    else expect(answer.status).toBe(404);
  });
});

describe('while permissions cannot be had', () => {
  const setAll = (verdict: Verdict, vehicles = VEHICLES) => {
    for (const did of vehicles) permissions.verdicts.set(did, verdict);
  };

  test('a call waits, and goes on when they can', async () => {
    setAll('unknown');
    const answer = await list();
    permissions.open();
    for (let asked = 0; asked < 3; asked++) await permissions.nextQuestion();
    expect((await look(answer)).body).toEqual({ done: 0, total: 2_500, completed: false });
    setAll('granted');
    expect(await completed(answer)).toMatchObject({ result: { subscribed: 2_500 } });
  });

  test('for an hour, what is left has failed and is named', async () => {
    const answer = await list();
    permissions.answerOne();
    while ((await look(answer)).body.done === 0);
    setAll('unknown');
    permissions.open();
    await permissions.nextQuestion();
    await api.database.pool.query(`update operations set stalled_since = now() - interval '1 hour'`);
    const { result, done } = (await completed(answer)) as { result: Record<string, unknown[]>; done: number };
    expect(done).toBe(2_500);
    expect(result).toMatchObject({
      ...{ subscribed: 1_000, failedSubscriptionsOmitted: 500, error: 'Failed to validate permissions' },
    });
    expect(result.failedSubscriptions?.[0]).toEqual({
      assetDid: vehicle(1_001),
      message: 'Failed to validate permissions',
    });
  });

  test('of one vehicle alone for a minute, only that one has failed', async () => {
    setAll('unknown', [vehicle(3)]);
    const answer = await list();
    permissions.open();
    await permissions.nextQuestion();
    await permissions.nextQuestion();
    await api.database.pool.query(`update operations set stalled_since = now() - interval '1 minute'`);
    expect(await completed(answer)).toMatchObject({
      result: {
        subscribed: 2_499,
        failedSubscriptions: [{ assetDid: vehicle(3), message: 'Failed to validate permissions' }],
      },
    });
  });

  test('the list of what is shared is waited for, and its length unknown', async () => {
    permissions.isListDown = true;
    permissions.shared = VEHICLES;
    const answer = await subscribe('all');
    permissions.open();
    await permissions.nextQuestion();
    expect((await look(answer)).body).toEqual({ done: 0, total: null, completed: false });
    permissions.isListDown = false;
    expect(await completed(answer)).toMatchObject({ total: 2_500, result: { subscribed: 2_500 } });
  });
});

interface Other {
  times?: Partial<BulkTimes>;
  limits?: Partial<BulkLimits>;
  permissions?: PermissionProvider;
}

/** Another process, that looks for nothing by itself. What it leaves without giving it back is its own for an hour. */
function another({ times, limits, permissions: own = permissions }: Other = {}): BulkCalls {
  const { database } = api;
  return new BulkCalls({
    catalog: builtInCatalog,
    triggers: new TriggerStore(database, UNLIMITED),
    subscriptions: new SubscriptionStore(database, UNLIMITED),
    operations: new OperationStore(database, 3_600_000),
    permissions: own,
    log: silentLog,
    bulkTimes: { ...HASTY, ...times },
    ...(limits && { bulkLimits: limits }),
  });
}

const PATIENT = { answerMs: 3_600_000 };

/** A call of this developer at another process. */
function callAt(process: BulkCalls, kind: BulkKind, vehicles?: readonly string[]): Promise<BulkOutcome> {
  return process.call({ kind, actor: { license: developer.license, requestId: 'spec' }, triggerId: id }, vehicles);
}

describe('when a process ends', () => {
  test('what was under way is answered, given back after its step, and ended by another, once', async () => {
    const ending = another({ times: PATIENT });
    const asked = permissions.nextQuestion();
    const call = callAt(ending, 'subscribe', VEHICLES);
    await asked;
    const stopped = ending.onModuleDestroy();
    const outcome = await call;
    if (outcome.kind !== 'continues') throw new Error('it was to go on');
    permissions.open();
    await stopped;
    const isHeld = `select 1 from operations where id = $1 and ${HELD_FOR_LONG}`;
    expect((await api.database.pool.query(isHeld, [outcome.operationId])).rowCount).toBe(0);
    const location = `/v1/operations/${outcome.operationId}`;
    for (let done = false; !done;) done = (await developer.call('GET', location)).body.completed as boolean;
    expect((await developer.call('GET', location)).body).toMatchObject({ done: 2_500, result: { subscribed: 2_500 } });
    expect(await logged('subscription.created')).toEqual([2_500]);
  });
});

describe('a license that is full', () => {
  const limit = (subscriptions: number) =>
    api.admin('PUT', `/v1/admin/licenses/${developer.license}/quota`, { subscriptions });

  test('has an operation that ends with as many as there was room for, and asks about no vehicle beyond', async () => {
    await limit(1_200);
    const asked = permissions.questions.length;
    const answer = await list();
    permissions.open();
    const { result, ...rest } = (await completed(answer)) as { result: Record<string, unknown[]> };
    expect(rest).toEqual({ done: 2_500, total: 2_500, completed: true });
    expect(result).toMatchObject({ subscribed: 1_200, alreadySubscribed: 0, failedSubscriptionsOmitted: 300 });
    expect(result.failedSubscriptions).toHaveLength(1_000);
    expect(result.failedSubscriptions![0]).toEqual({
      assetDid: VEHICLES[1_200],
      message: 'Quota exceeded: subscriptions',
    });
    expect(permissions.questions.slice(asked)).toEqual([VEHICLES[0], VEHICLES[1_000]]);
    expect(await logged('subscription.created')).toEqual([1_200]);
  });

  test('has what is subscribed already judged as ever, whatever is new', async () => {
    await limit(2);
    permissions.isOpen = true;
    await completed(await list(VEHICLES.slice(0, 2)));
    permissions.verdicts.set(VEHICLES[1]!, 'denied');
    expect(await completed(await list(VEHICLES.slice(0, 3)))).toMatchObject({
      result: {
        ...{ subscribed: 0, alreadySubscribed: 1 },
        failedSubscriptions: [
          { assetDid: VEHICLES[1], message: 'Insufficient vehicle permissions' },
          { assetDid: VEHICLES[2], message: 'Quota exceeded: subscriptions' },
        ],
      },
    });
  });
});

describe('limits', () => {
  test('a license has five calls that have not ended, wherever; a sixth is told to come back', async () => {
    const stranger = await api.developer();
    const others = await stranger.register();
    const answers = [];
    for (let at = 0; at < 5; at++) answers.push(await list([vehicle(at)]));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    const refused = await list();
    expect(refused.body).toMatchObject({
      ...{ status: 429, type: 'urn:tripline:problem:quota-exceeded', message: 'Quota exceeded: bulkCalls' },
      detail: expect.stringContaining('5 bulk calls'),
    });
    const told = ['retry-after', 'ratelimit-policy', 'ratelimit'].map((name) => refused.headers.get(name));
    expect(told).toEqual([
      '5',
      expect.stringMatching(/, "bulkCalls";q=5$/),
      expect.stringMatching(/, "bulkCalls";r=0$/),
    ]);
    await expect(callAt(another(), 'unsubscribe_all')).rejects.toMatchObject({ status: 429 });
    const body = { assetDIDs: [vehicle(1)] };
    expect((await stranger.call('POST', `/v1/webhooks/${others}/subscribe/list`, body)).status).toBe(202);
    permissions.open();
    for (const answer of answers) await completed(answer);
    expect((await list()).status).toBe(202);
  });

  test('calls that somebody waits for count too', async () => {
    const other = another({ times: PATIENT, limits: { openPerLicenseMax: 1 } });
    const asked = permissions.nextQuestion();
    const first = callAt(other, 'subscribe', VEHICLES);
    await asked;
    await expect(callAt(other, 'subscribe', VEHICLES)).rejects.toMatchObject({ status: 429 });
    permissions.open();
    expect(await first).toMatchObject({ kind: 'done' });
    expect(await callAt(other, 'unsubscribe', VEHICLES)).toMatchObject({ kind: 'done' });
  });

  test('what a process has too much of goes on elsewhere', async () => {
    const here = new GatedPermissions();
    const asked = here.nextQuestion();
    const call = callAt(another({ permissions: here, limits: { ownMax: 0 } }), 'subscribe', VEHICLES);
    await asked;
    const outcome = await call;
    if (outcome.kind !== 'continues') throw new Error('it was to go on');
    here.answerOne();
    permissions.open();
    const location = `/v1/operations/${outcome.operationId}`;
    for (let done = false; !done;) done = (await developer.call('GET', location)).body.completed as boolean;
    expect(here.questions).toEqual([vehicle(1)]);
    expect(await subscribed()).toHaveLength(2_500);
  });

  test("a process whose own calls wait takes over others'", async () => {
    for (let at = 0; at < 4; at++) await list();
    developer = await api.developer();
    id = await developer.register();
    const here = new GatedPermissions();
    here.open();
    const asked = permissions.nextQuestion();
    const outcome = await callAt(another({ permissions: here, limits: { ownMax: 0 } }), 'subscribe', VEHICLES);
    expect(outcome.kind).toBe('continues');
    await asked;
  });

  test('what is shared beyond the limit is refused, up to it all is subscribed', async () => {
    permissions.shared = VEHICLES;
    permissions.open();
    const least = another({ times: PATIENT, limits: { sharedVehiclesMax: 2_499 } });
    await expect(callAt(least, 'subscribe_shared')).rejects.toMatchObject({
      status: 400,
      options: { message: 'Too many shared vehicles', detail: expect.stringContaining('2499') },
    });
    expect(await subscribed()).toEqual([]);
    const enough = another({ times: PATIENT, limits: { sharedVehiclesMax: 2_500 } });
    expect(await callAt(enough, 'subscribe_shared')).toMatchObject({ progress: { changed: 2_500 } });
  });

  test('an answer names so many of those that failed, and counts the others', async () => {
    for (const did of VEHICLES) permissions.verdicts.set(did, 'denied');
    permissions.open();
    const outcome = await callAt(another({ times: PATIENT, limits: { failedNamedMax: 1_200 } }), 'subscribe', VEHICLES);
    if (outcome.kind !== 'done') throw new Error('it was to be done');
    const answer = viewSubscribed(outcome.progress);
    expect(answer.failedSubscriptions).toHaveLength(1_200);
    expect(answer).toMatchObject({ subscribed: 0, failedSubscriptionsOmitted: 1_300 });
  });
});

describe('what does not get anywhere', () => {
  test('a webhook that others keep changing ends a call that somebody waits for', async () => {
    permissions.meanwhile = () =>
      api.database.pool.query('update triggers set revision = revision + 1 where id = $1', [id]);
    permissions.open();
    await expect(callAt(another({ times: PATIENT }), 'subscribe', [vehicle(1)])).rejects.toMatchObject({
      status: 503,
      options: { message: 'The webhook is being changed' },
    });
    expect(await subscribed()).toEqual([]);
  });

  test('a vehicle of every page that stays unknown is waited for, but not in every page', async () => {
    for (const at of [3, 1_003, 2_003]) permissions.verdicts.set(vehicle(at), 'unknown');
    permissions.questions.length = 0;
    const waiting = another({ times: { pauseMs: 20, partOutageMs: 30 } });
    const outcome = await callAt(waiting, 'subscribe', VEHICLES);
    if (outcome.kind !== 'continues') throw new Error('it was to go on');
    permissions.open();
    const location = `/v1/operations/${outcome.operationId}`;
    for (let done = false; !done;) done = (await developer.call('GET', location)).body.completed as boolean;
    expect((await developer.call('GET', location)).body.result).toMatchObject({ subscribed: 2_497 });
    const asked = [1, 1_001, 2_001].map((at) => permissions.questions.filter((did) => did === vehicle(at)).length);
    expect(asked).toEqual([expect.any(Number), 1, 1]);
    expect(asked[0]).toBeGreaterThan(1);
  });

  test('an operation that fails for an hour ends with an error, and what was done stays', async () => {
    const answer = await list();
    permissions.answerOne();
    while ((await look(answer)).body.done === 0);
    permissions.meanwhile = () => Promise.reject(new Error('out of order'));
    permissions.open();
    const failedForAnHour = `update operations set tries = 8, failing_since = now() - interval '61 minutes', alive_until = null
      where holder is null and completed_at is null and tries > 0`;
    while ((await api.database.pool.query(failedForAnHour)).rowCount === 0);
    expect(await completed(answer)).toEqual({
      done: 1_000,
      total: 2_500,
      completed: true,
      result: expect.objectContaining({ subscribed: 1_000, error: 'It failed again and again' }),
    });
    expect(await subscribed()).toHaveLength(1_000);
  });
});
