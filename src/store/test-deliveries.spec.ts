import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { newLogId } from './log-id.js';
import { TestDeliveryStore } from './test-deliveries.js';

let server: TestDatabase;
let database: Database;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

test('whatever characters a target answers with, its test is on record', async () => {
  const attempt = {
    ...{ durationMs: 12.4, outcome: 'rejected' as const, statusCode: 500, error: 'a \0 in it' },
    ...{ requestHeaders: '{"a":"\0"}', responseHeaders: '{"c":"\0"}', responseBody: 'no \0', isTruncated: true },
  };
  const ids = { deliveryId: newLogId(), eventId: newLogId(), endpointId: randomUUID(), triggerId: null, vehicle: null };
  await new TestDeliveryStore(database).record(actorOf(), { ...ids, envelope: '{}', status: 'failed', attempt });
  const { rows } = await database.pool.query(
    `select last_error, error, request_headers, response_headers, response_body, is_truncated
     from deliveries d join attempts a on a.delivery_id = d.id where d.id = $1 and is_test`,
    [ids.deliveryId],
  );
  expect(rows).toEqual([
    {
      ...{ last_error: 'a \uFFFD in it', error: 'a \uFFFD in it', request_headers: '{"a":"\uFFFD"}' },
      ...{ response_headers: '{"c":"\uFFFD"}', response_body: 'no \uFFFD', is_truncated: true },
    },
  ]);
});
