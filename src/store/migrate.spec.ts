import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createEmptyTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { Database } from './database.js';
import { ENTITIES } from './entities/entities.js';
import { migrate } from './migrate.js';
import { MIGRATIONS } from './migrations/migrations.js';

let server: TestDatabase;

beforeAll(async () => {
  server = await createEmptyTestDatabase();
});
afterAll(() => server.drop());

test('of three processes that migrate at once, one runs the migrations and the others wait for it', async () => {
  const ran = await Promise.all([1, 2, 3].map(() => migrate({ url: server.url }, () => undefined)));
  expect(ran.flat()).toEqual(MIGRATIONS.map((migration) => migration.name));
});

test('a migrated database is left as it is', async () => {
  expect(await migrate({ url: server.url }, () => undefined)).toEqual([]);
});

test('every entity reads the table that the migrations made', async () => {
  const database = await Database.open(testSettings(server.url));
  try {
    for (const entity of ENTITIES) expect(await database.dataSource.manager.find(entity)).toEqual([]);
  } finally {
    await database.close();
  }
});
