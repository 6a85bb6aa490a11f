import { randomBytes, randomUUID } from 'node:crypto';
import { firingExample } from '../src/api/asyncapi-examples.js';
import { builtInCatalog } from '../src/core/catalog.js';
import { deliveryId } from '../src/core/event-id.js';
import type { Database } from '../src/store/database.js';
import { newLogId } from '../src/store/log-id.js';
import { newSigningSecret, type SecretBox } from '../src/target/secret-box.js';

/** A trigger with an endpoint of its own. */
export interface LoadedEndpoint {
  id: string;
  triggerId: string;
  license: string;
  url: string;
  secret: string;
}

const FIRING = JSON.parse(firingExample('number')) as { data: object };
const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
const ENDPOINTS_PER_LICENSE = 5;
const ROWS = 2_500;

/** Endpoints at receivers in turn, five of each license, and a grant of every vehicle for each license. */
export async function addEndpoints(
  database: Database,
  secrets: SecretBox,
  wanted: { endpoints: number; vehicles: number; ports: readonly number[] },
): Promise<LoadedEndpoint[]> {
  const licenses = Array.from({ length: Math.ceil(wanted.endpoints / ENDPOINTS_PER_LICENSE) }, newLicense);
  const endpoints = Array.from({ length: wanted.endpoints }, (_, at) => ({
    id: randomUUID(),
    triggerId: randomUUID(),
    license: licenses[Math.floor(at / ENDPOINTS_PER_LICENSE)]!,
    url: `https://127.0.0.1:${wanted.ports[at % wanted.ports.length]!}/hooks/${at}`,
    secret: newSigningSecret(),
  }));
  const column = (of: (endpoint: LoadedEndpoint) => string) => endpoints.map(of);
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, created_at, updated_at)
     select e.*, now(), now() from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) e`,
    [column(({ id }) => id), column(({ license }) => license), column(({ url }) => url), column(sealedBy(secrets))],
  );
  await database.pool.query(
    'insert into endpoint_leases (endpoint_id, license) select * from unnest($1::uuid[], $2::text[])',
    [column(({ id }) => id), column(({ license }) => license)],
  );
  await addTriggers(database, endpoints);
  await addGrants(database, licenses, wanted.vehicles);
  return endpoints;
}

function newLicense(): string {
  return `0x${randomBytes(20).toString('hex')}`;
}

function sealedBy(secrets: SecretBox): (endpoint: LoadedEndpoint) => string {
  return ({ id, secret }) => secrets.seal(secret, id);
}

async function addTriggers(database: Database, endpoints: readonly LoadedEndpoint[]): Promise<void> {
  await database.pool.query(
    `insert into triggers (id, license, status, service, metric_name, metric_kind, metric, value_kind, condition,
       normalized_condition, cooldown_seconds, display_name, name_key, description, endpoint_id, created_at, updated_at)
     select t.id, t.license, 'enabled', 'telemetry.signals', 'speed', 'signal', 'speed', 'number', 'value > 55', 'value > 55', 0,
       t.id::text, t.id::text, '', t.endpoint_id, now(), now()
     from unnest($1::uuid[], $2::text[], $3::uuid[]) t (id, license, endpoint_id)`,
    [
      endpoints.map(({ triggerId }) => triggerId),
      endpoints.map(({ license }) => license),
      endpoints.map(({ id }) => id),
    ],
  );
}

async function addGrants(database: Database, licenses: readonly string[], vehicles: number): Promise<void> {
  const resolved = builtInCatalog.resolve('telemetry.signals', 'speed');
  if (resolved.kind !== 'ok') throw new Error('the catalog has no speed');
  await database.pool.query(
    `insert into grants (license, vehicle, permissions, updated_at)
     select license, $2 || ':' || v, $3::text[], now() from unnest($1::text[]) license, generate_series(0, $4::int - 1) v`,
    [licenses, VEHICLE, resolved.metric.permissions, vehicles],
  );
}

/** The body of a firing, as the engine writes it. */
export function firingBody(eventId: string, endpoint: Pick<LoadedEndpoint, 'triggerId'>, vehicle: number): string {
  const subject = `${VEHICLE}:${vehicle}`;
  const data = { ...FIRING.data, webhookId: endpoint.triggerId, assetDID: subject };
  return JSON.stringify({ ...FIRING, id: eventId, producer: endpoint.triggerId, subject, data });
}

/** Queues this many firings in one transaction, due at once, to one endpoint after the other. */
export async function queueFirings(
  database: Database,
  endpoints: readonly LoadedEndpoint[],
  { deliveries, vehicles }: { deliveries: number; vehicles: number },
): Promise<void> {
  await database.session(async (client) => {
    await client.query('begin');
    for (let from = 0; from < deliveries; from += ROWS) {
      const rows = Array.from({ length: Math.min(ROWS, deliveries - from) }, (_, at) => {
        const place = from + at;
        const endpoint = endpoints[place % endpoints.length]!;
        const vehicle = Math.floor(place / endpoints.length) % vehicles;
        const id = newLogId();
        return { endpoint, id, vehicle, payload: firingBody(id, endpoint, vehicle) };
      });
      await client.query(
        `with logged as (
           insert into events (id, type, license, trigger_id, vehicle, payload)
           select id, 'trigger.fired', license, trigger_id, vehicle, payload
           from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[]) e (id, license, trigger_id, vehicle, payload)
         )
         insert into outbox (endpoint_id, due_at, id, event_id)
         select endpoint_id, date_trunc('milliseconds', now()), id, event_id
         from unnest($6::uuid[], $7::uuid[], $1::uuid[]) o (endpoint_id, id, event_id)`,
        [
          rows.map(({ id }) => id),
          rows.map(({ endpoint }) => endpoint.license),
          rows.map(({ endpoint }) => endpoint.triggerId),
          rows.map(({ vehicle }) => `${VEHICLE}:${vehicle}`),
          rows.map(({ payload }) => payload),
          rows.map(({ endpoint }) => endpoint.id),
          rows.map(({ endpoint, id }) => deliveryId(id, endpoint.id)),
        ],
      );
    }
    await client.query('commit');
  });
}

/** What a round has left. */
export async function emptyLog(database: Database): Promise<void> {
  await database.pool.query('truncate outbox, events, deliveries, attempts');
}
