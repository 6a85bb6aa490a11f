import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { LICENSE, OTHER_LICENSE } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { IdempotencyStore } from './idempotency.js';
import type { IdempotencyClaim, RepeatableRequest } from './idempotency.js';

let server: TestDatabase;
let database: Database;
let store: IdempotencyStore;
beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  store = new IdempotencyStore(database);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

function request(members: Partial<RepeatableRequest> = {}): RepeatableRequest {
  return { license: LICENSE, route: 'POST /a', key: randomUUID(), fingerprint: randomBytes(32), ...members };
}

async function claimed(asked: RepeatableRequest): Promise<IdempotencyClaim> {
  const begun = await store.begin(asked);
  if (begun.kind !== 'begun') throw new Error(`the request is ${begun.kind}`);
  return begun.claim;
}

async function kindOf(asked: RepeatableRequest): Promise<string> {
  return (await store.begin(asked)).kind;
}

/** As if the request had come so much earlier; its claim as it would be then. */
async function age(claim: IdempotencyClaim, seconds: number): Promise<IdempotencyClaim> {
  const { rows } = await database.pool.query<{ created_at: Date }>(
    `update idempotency_keys set created_at = created_at - $2 * interval '1 second' where key = $1 returning created_at`,
    [claim.key, seconds],
  );
  return { ...claim, begunAt: rows[0]!.created_at };
}

test('of many at once one begins', async () => {
  const asked = request();
  const kinds = await Promise.all(Array.from({ length: 8 }, () => kindOf(asked)));
  expect(kinds.sort()).toEqual(['begun', ...Array.from({ length: 7 }, () => 'running')]);
});

test('a request is running, then answered, then forgotten', async () => {
  const asked = request();
  const claim = await claimed(asked);
  expect(await kindOf(asked)).toBe('running');
  await store.keep(claim, 201, 'sealed');
  expect(await store.begin(asked)).toEqual({ kind: 'answered', status: 201, answer: 'sealed' });
  await store.free(claim);
  expect(await kindOf(asked)).toBe('answered');
});

test('a key that is made free begins anew', async () => {
  const asked = request();
  await store.free(await claimed(asked));
  expect(await kindOf(asked)).toBe('begun');
});

test.each([
  ['another fingerprint', { fingerprint: randomBytes(32) }, 'other_request'],
  ['another license', { license: OTHER_LICENSE }, 'begun'],
  ['another route', { route: 'POST /b' }, 'begun'],
  ['another key', { key: randomUUID() }, 'begun'],
])('%s changes which request it is', async (_name, members, kind) => {
  const asked = request();
  await claimed(asked);
  expect(await kindOf({ ...asked, ...members })).toBe(kind);
});

test.each([
  ['running', 119, 'running'],
  ['running', 121, 'begun'],
  ['answered', 24 * 3600 - 1, 'answered'],
  ['answered', 24 * 3600 + 1, 'begun'],
])('what is %s since %d s is then %s', async (state, seconds, kind) => {
  const asked = request();
  const claim = await claimed(asked);
  if (state === 'answered') await store.keep(claim, 200, 'sealed');
  await age(claim, seconds);
  expect(await kindOf(asked)).toBe(kind);
});

test('who lost the claim can neither answer nor free the key', async () => {
  const asked = request();
  const lost = await age(await claimed(asked), 200);
  const claim = await claimed({ ...asked, fingerprint: randomBytes(32) });
  await store.keep(lost, 200, 'of the first');
  await store.free(lost);
  expect(await kindOf(claim)).toBe('running');
});

test('what is older than a day is deleted, and nothing else', async () => {
  const [old, young] = [request(), request()];
  await age(await claimed(old), 24 * 3600 + 1);
  await claimed(young);
  expect(await store.prune()).toBe(1);
  expect(await kindOf(young)).toBe('running');
});
