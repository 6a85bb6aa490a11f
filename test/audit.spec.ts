/**
 * Whatever changes something says so in the event log of the license that it belongs to: once, with who did it and the
 * request's id. What is refused says nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ALL_SCOPES, type Scope } from '../src/core/scopes.js';
import { ADMIN_TOKEN, send, TestApi, type Answer } from './support/api.js';
import { Belongings, SharedBelongings } from './support/belongings.js';
import { callOf, plansOf, ROUTES, strangersOf } from './support/operation-calls.js';
import type { Call, Names, Plan, Route } from './support/operation-calls.js';

const MUTATING = ROUTES.filter(({ method }) => method !== 'GET');
const PLANNED = MUTATING.flatMap((route) =>
  plansOf(route).map((plan, place): [title: string, route: Route, plan: Plan] => {
    return [`${route.definition.id}${place === 0 ? '' : ` (${place + 1})`}`, route, plan];
  }),
);
const LOGGED = PLANNED.filter(([, , plan]) => plan.changesNothing === undefined);
const SILENT = PLANNED.filter(([, , plan]) => plan.changesNothing !== undefined);

const NEVER_MS = 3_600_000;

let api: TestApi;
/** Somebody else, who must not hear of anything. */
let other: Belongings;
let owners: SharedBelongings;

beforeAll(async () => {
  // What goes on in the background has events of its own.
  api = await TestApi.start({ autoSubscribe: { scanMs: NEVER_MS }, bulkTimes: { scanMs: NEVER_MS } });
  other = await Belongings.of(api);
  owners = new SharedBelongings(api);
});
afterAll(() => api?.stop());

interface LoggedRow {
  id: string;
  type: string;
  license: string;
  payload: string;
}

/** What stands in the log since a call began, oldest first. */
async function loggedBy<T>(work: () => Promise<T>): Promise<{ result: T; events: LoggedRow[] }> {
  const { pool } = api.database;
  const { rows: last } = await pool.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
  const result = await work();
  const sql = 'select id, type, license, payload from events where xid > $1 order by xid, id';
  return { result, events: (await pool.query<LoggedRow>(sql, [last[0]!.xid])).rows };
}

function ask({ method, path, headers, body }: Call, token: string, more: Record<string, string> = {}): Promise<Answer> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  return send(api.url, method, path, { authorization: `Bearer ${token}`, ...headers, ...more }, sent);
}

function tokenFor({ definition }: Route, { developer }: Belongings): string {
  return definition.access === 'admin' ? ADMIN_TOKEN : developer.token;
}

const seenBy = async ({ developer }: Belongings, id: string): Promise<Answer> =>
  developer.call('GET', `/v1/events/${id}`);

/** The one event of a call, as its license is shown it; nobody else is. What follows by itself names no caller. */
async function expectOneEvent(
  { result: answer, events }: { result: Answer; events: LoggedRow[] },
  owner: Belongings,
  { consequences = [] }: Plan,
  actor: object,
): Promise<void> {
  const isOurs = ({ payload }: LoggedRow) => 'actor' in (JSON.parse(payload) as object);
  const theirs = events.filter((event) => !isOurs(event)).map(({ type }) => type);
  expect(theirs).toEqual(consequences);
  const [event, ...more] = events.filter(isOurs);
  expect(more).toEqual([]);
  const requestId = answer.headers.get('X-Request-Id');
  const seen = await seenBy(owner, event!.id);
  const { id, type } = event!;
  expect([seen.status, seen.body]).toEqual([200, expect.objectContaining({ id, type, actor, requestId })]);
  for (const { id: each } of events) expect((await seenBy(other, each)).status).toBe(404);
}

test('every operation that may change something is told how to call', () => {
  const untold = MUTATING.filter((route) => plansOf(route).length === 0).map(({ definition }) => definition.id);
  expect(untold).toEqual([]);
});

describe('a call leaves one event, with its caller and its request id, and repeated it leaves none:', () => {
  test.each(LOGGED)('%s', async (_title, route, plan) => {
    const owner = await owners.for(route, plan);
    const token = tokenFor(route, owner);
    const once = { 'Idempotency-Key': randomUUID() };
    const call = callOf(route, plan, owner.names);
    const logged = await loggedBy(() => ask(call, token, once));
    const { result: first } = logged;
    expect([first.status, first.body?.errors]).toEqual([plan.status ?? route.definition.status, undefined]);
    const isAdmin = route.definition.access === 'admin';
    const actor = isAdmin ? { license: '', keyId: 'admin' } : { license: owner.names.license };
    await expectOneEvent(logged, owner, plan, actor);
    const { result: second, events } = await loggedBy(() => ask(call, token, once));
    if (route.definition.idempotent === true) {
      expect([second.status, second.text]).toEqual([first.status, first.text]);
      expect(second.headers.get('Idempotency-Replayed')).toBe('true');
    }
    expect(events).toEqual([]);
  });
});

describe('a call with an API key leaves one event that names the key:', () => {
  const developers = LOGGED.filter(([, route, plan]) => {
    return route.definition.access === 'developer' && plan === plansOf(route)[0];
  });
  test.each(developers)('%s', async (_title, route, plan) => {
    const owner = await owners.for(route, plan);
    const { id, key } = await owner.key([route.definition.scope!]);
    const logged = await loggedBy(() => ask(callOf(route, plan, owner.names), key));
    const { result } = logged;
    expect([result.status, result.body?.errors]).toEqual([plan.status ?? route.definition.status, undefined]);
    await expectOneEvent(logged, owner, plan, { license: owner.names.license, keyId: id });
  });
});

describe('a refused call leaves no event:', () => {
  let owner: Belongings;
  let strangers: Names;
  /** Keys without a scope, by the scope. */
  const narrow = new Map<Scope, string>();
  beforeAll(async () => {
    owner = await Belongings.of(api);
    for (const scope of ALL_SCOPES) {
      const { key } = await owner.key(ALL_SCOPES.filter((one) => one !== scope));
      narrow.set(scope, key);
    }
    strangers = strangersOf(owner.names);
  });

  const withIds = PLANNED.filter(([, route, plan]) => plan.id !== undefined && route.definition.access === 'developer');
  test.each(withIds)('%s of nobody', async (_title, route, plan) => {
    const { result, events } = await loggedBy(() => ask(callOf(route, plan, strangers), owner.developer.token));
    expect(result.status).toBe(404);
    expect(events).toEqual([]);
  });

  test.each(withIds)('%s of another license', async (_title, route, plan) => {
    const { result, events } = await loggedBy(() => ask(callOf(route, plan, other.names), owner.developer.token));
    expect(result.status).toBe(404);
    expect(events).toEqual([]);
  });

  const withBody = PLANNED.filter(([, , plan]) => plan.body !== undefined);
  test.each(withBody)('%s with a body that is none', async (_title, route, plan) => {
    const call = { ...callOf(route, plan, owner.names), body: ['a list'] };
    const { result, events } = await loggedBy(() => ask(call, tokenFor(route, owner)));
    expect(result.status).toBe(400);
    expect(events).toEqual([]);
  });

  test.each(PLANNED)('%s without the right to it', async (_title, route, plan) => {
    const { scope, access } = route.definition;
    const key = narrow.get(scope ?? 'webhooks:manage')!;
    const { result, events } = await loggedBy(() => ask(callOf(route, plan, owner.names), key));
    expect(result.status).toBe(access === 'admin' ? 401 : 403);
    expect(events).toEqual([]);
  });
});

test('what failed with its target and begins anew is told besides, once for each webhook', async () => {
  const { names, developer } = await Belongings.of(api);
  const { pool } = api.database;
  await pool.query("update triggers set status = 'failed' where id = $1", [names.webhook]);
  await pool.query("update endpoints set status = 'failed' where id = $1", [names.ownEndpoint]);
  const path = `/v1/webhooks/${names.webhook}/verify`;
  const { result, events } = await loggedBy(() => developer.call('POST', path, { verificationToken: names.token }));
  const requestId = result.headers.get('X-Request-Id');
  const told = events.map(({ type, payload }) => [type, (JSON.parse(payload) as { requestId?: string }).requestId]);
  expect(told.sort()).toEqual([
    ['webhook.enabled', requestId],
    ['webhook.verified', requestId],
  ]);
});

test.each(SILENT)('%s leaves no event', async (_title, route, plan) => {
  const owner = await owners.for(route, plan);
  const call = callOf(route, plan, owner.names);
  const { result, events } = await loggedBy(() => ask(call, tokenFor(route, owner)));
  expect([result.status, events]).toEqual([plan.status ?? route.definition.status, []]);
});
