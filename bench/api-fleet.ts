import { randomBytes, randomUUID } from 'node:crypto';
import { hashApiKey, newApiKey, shownPartOf } from '../src/access/api-key.js';
import { parseAddress } from '../src/core/address.js';
import { builtInCatalog } from '../src/core/catalog.js';
import { ALL_SCOPES } from '../src/core/scopes.js';
import { ApiKeyStore } from '../src/store/api-keys.js';
import type { Database } from '../src/store/database.js';

const DID = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
const UNLIMITED = { limitOf: () => Number.MAX_SAFE_INTEGER };

/** A license with what it needs to call. */
export interface ApiCaller {
  license: string;
  key: string;
  /** Shared. */
  endpointId: string;
  triggerIds: string[];
}

/** Vehicles that every license may read, see `addCaller`. */
export function vehicleOf(place: number): string {
  return `${DID}:${place + 1}`;
}

/** A license with an API key, a shared endpoint, triggers of its own, and grants of so many vehicles. */
export async function addCaller(
  database: Database,
  { triggers, vehicles }: { triggers: number; vehicles: number },
): Promise<ApiCaller> {
  const license = parseAddress(`0x${randomBytes(20).toString('hex')}`)!;
  const key = newApiKey();
  const made = await new ApiKeyStore(database, UNLIMITED).create(
    { license, requestId: 'bench' },
    { name: 'bench', hash: hashApiKey(key)!, shown: shownPartOf(key), scopes: ALL_SCOPES },
  );
  if (made.kind !== 'made') throw new Error(`no API key could be made: ${made.kind}`);
  const endpointId = randomUUID();
  const { pool } = database;
  await pool.query(
    `insert into endpoints (id, license, url, secret, is_shared, created_at, updated_at)
     values ($1, $2, 'https://127.0.0.1/', '', true, now(), now())`,
    [endpointId, license],
  );
  const triggerIds = Array.from({ length: triggers }, () => randomUUID());
  await pool.query(ADD_OWN_ENDPOINTS, [triggerIds, license]);
  await pool.query(ADD_TRIGGERS, [triggerIds, license]);
  await pool.query(
    'insert into endpoint_leases (endpoint_id, license) select id, $1 from endpoints where license = $1',
    [license],
  );
  await pool.query(
    `insert into grants (license, vehicle, permissions, updated_at)
     select $1, $2 || ':' || n, $3, now() from generate_series(1, $4::int) n`,
    [license, DID, builtInCatalog.permissions, vehicles],
  );
  return { license, key, endpointId, triggerIds };
}

/** A trigger's endpoint has its id. */
const ADD_OWN_ENDPOINTS = `
insert into endpoints (id, license, url, secret, verified_at, created_at, updated_at)
select id, $2, 'https://example.com/webhooks/' || n, '', now(), now(), now()
from unnest($1::uuid[]) with ordinality t (id, n)`;

const ADD_TRIGGERS = `
insert into triggers (id, license, status, service, metric_name, metric_kind, metric, value_kind, condition,
  normalized_condition, cooldown_seconds, display_name, name_key, description, endpoint_id, created_at, updated_at)
select id, $2, 'enabled', 'telemetry.signals', 'speed', 'signal', 'speed', 'number', c, c, 30, 'Too fast ' || n,
  'too fast ' || n, 'Tells the dispatcher that a van is faster than it may be.', id, now(), now()
from unnest($1::uuid[]) with ordinality t (id, n), lateral (select 'value > ' || n || '.0 && previousValue <= ' || n || '.0' c) o`;
