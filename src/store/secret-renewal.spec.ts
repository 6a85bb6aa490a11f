import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { LICENSE } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { forgetPreviousSecrets, renewSecrets, type SecretSealing } from './secret-renewal.js';

let server: TestDatabase;
let database: Database;

/** As a box with such keys does it, the first of which seals: `<key>.<endpoint>.<plain>`. */
class KeyRing implements SecretSealing {
  constructor(private readonly keys: string[]) {}

  seal(plain: string, endpointId: string): string {
    return `${this.keys[0]}.${endpointId}.${plain}`;
  }

  open(sealed: string, endpointId: string): string {
    const [key, boundTo, plain] = sealed.split('.');
    if (!this.keys.includes(key!) || boundTo !== endpointId) throw new Error('cannot be opened');
    return plain!;
  }

  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${this.keys[0]}.`);
  }
}

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(async () => {
  await database.pool.query('truncate endpoints');
});

test('with a new key in front everything is sealed anew, and opens without the old one', async () => {
  const old = new KeyRing(['old']);
  const ids = Array.from({ length: 1_001 }, () => randomUUID());
  for (const id of ids.slice(0, 1_000)) await add(id, { secret: old.seal('plain', id) });
  const full = { secret: 'a', previous_secret: 'b', signing_key: 'c', previous_signing_key: 'd', headers: 'e' };
  const last = ids[1_000]!;
  await add(last, sealedWith(old, last, full));
  expect(await renewSecrets(database, new KeyRing(['new', 'old']))).toEqual({ renewed: 1_001, unreadable: 0 });
  const alone = new KeyRing(['new']);
  for (const { id, secret } of await all()) expect(alone.open(secret, id)).toBe(id === last ? 'a' : 'plain');
  expect(await textsOf(last)).toEqual(sealedWith(alone, last, full));
  expect(await renewSecrets(database, alone)).toEqual({ renewed: 0, unreadable: 0 });
});

test('what cannot be opened is left as it is and counted, and what can be is sealed anew beside it', async () => {
  const id = randomUUID();
  const [lost, old] = [new KeyRing(['lost']), new KeyRing(['old'])];
  await add(id, { secret: lost.seal('a', id), headers: old.seal('b', id) });
  await add(randomUUID(), { secret: 'no secret' });
  const now = new KeyRing(['new', 'old']);
  expect(await renewSecrets(database, now)).toEqual({ renewed: 1, unreadable: 2 });
  expect(await textsOf(id)).toMatchObject({ secret: lost.seal('a', id), headers: now.seal('b', id) });
  expect(await renewSecrets(database, now)).toEqual({ renewed: 0, unreadable: 2 });
});

test('a secret that is replaced meanwhile is not lost', async () => {
  const id = randomUUID();
  const secret = new KeyRing(['old']).seal('before', id);
  await add(id, { secret });
  const rotated = `new.${id}.after`;
  const { renewing } = await database.session(async (rotation) => {
    await rotation.query('begin');
    await rotation.query('update endpoints set secret = $2, previous_secret = secret where id = $1', [id, rotated]);
    const result = renewSecrets(database, new KeyRing(['new', 'old']));
    await Promise.race([result, someoneWaits(database)]);
    await rotation.query('commit');
    return { renewing: result };
  });
  expect(await renewing).toEqual({ renewed: 0, unreadable: 0 });
  expect(await textsOf(id)).toMatchObject({ secret: rotated, previous_secret: secret });
});

test('previous secrets are forgotten when their time is over', async () => {
  const [over, valid] = [randomUUID(), randomUUID()];
  for (const id of [over, valid]) await add(id, { secret: 's', previous_secret: 'p', previous_signing_key: 'k' });
  await database.pool.query(
    `update endpoints set previous_until = now() + case when id = $1 then interval '-1 s' else interval '1 h' end`,
    [over],
  );
  expect(await forgetPreviousSecrets(database)).toBe(1);
  expect(await textsOf(over)).toMatchObject({ secret: 's', previous_secret: null, previous_signing_key: null });
  expect(await textsOf(valid)).toMatchObject({ secret: 's', previous_secret: 'p', previous_signing_key: 'k' });
});

function sealedWith(ring: KeyRing, id: string, plain: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(plain).map(([name, text]) => [name, ring.seal(text, id)]));
}

async function add(id: string, texts: Record<string, string>): Promise<void> {
  const names = Object.keys(texts);
  await database.pool.query(
    `insert into endpoints (id, license, url, created_at, updated_at, ${names.join(', ')})
     values ($1, $2, '', now(), now(), ${names.map((_, place) => `$${place + 3}`).join(', ')})`,
    [id, LICENSE, ...Object.values(texts)],
  );
}

async function all(): Promise<{ id: string; secret: string }[]> {
  return (await database.pool.query<{ id: string; secret: string }>('select id, secret from endpoints')).rows;
}

async function textsOf(id: string): Promise<unknown> {
  const { rows } = await database.pool.query(
    'select secret, previous_secret, signing_key, previous_signing_key, headers from endpoints where id = $1',
    [id],
  );
  return rows[0];
}
