import { randomBytes, randomUUID } from 'node:crypto';
import { firingExample } from '../src/api/asyncapi-examples.js';
import { deliveryId } from '../src/core/event-id.js';
import type { Database } from '../src/store/database.js';
import { newLogId } from '../src/store/log-id.js';
import { newSigningSecret, type SecretBox } from '../src/target/secret-box.js';

/** An endpoint of a license of its own. */
export interface BenchEndpoint {
  id: string;
  license: string;
  isHanging: boolean;
}

const FIRING = firingExample('number');
const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';

/** Makes endpoints; the first `hanging` of them lead to where nobody answers. */
export async function addEndpoints(
  database: Database,
  secrets: SecretBox,
  wanted: { count: number; hanging: number; address: string },
): Promise<BenchEndpoint[]> {
  const endpoints = Array.from({ length: wanted.count }, (_, at) => ({
    id: randomUUID(),
    license: `0x${randomBytes(20).toString('hex')}`,
    isHanging: at < wanted.hanging,
  }));
  const ids = endpoints.map(({ id }) => id);
  const licenses = endpoints.map(({ license }) => license);
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, created_at, updated_at)
     select id, license, url, secret, now(), now() from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
       e (id, license, url, secret)`,
    [
      ids,
      licenses,
      endpoints.map(({ id, isHanging }) => `https://${wanted.address}/${isHanging ? 'hang' : 'hook'}/${id}`),
      ids.map((id) => secrets.seal(newSigningSecret(), id)),
    ],
  );
  await database.pool.query(
    'insert into endpoint_leases (endpoint_id, license) select * from unnest($1::uuid[], $2::text[])',
    [ids, licenses],
  );
  return endpoints;
}

/** Queues a firing for each of these endpoints, due now; resolves to the ids of the events once they are committed. */
export async function queueFirings(
  database: Database,
  endpoints: readonly BenchEndpoint[],
  onId: (eventId: string, endpoint: BenchEndpoint) => void,
): Promise<void> {
  const rows = endpoints.map((endpoint) => {
    const eventId = newLogId();
    onId(eventId, endpoint);
    return { endpoint, eventId, deliveryId: deliveryId(eventId, endpoint.id) };
  });
  await database.pool.query(
    `with logged as (
       insert into events (id, type, license, vehicle, payload)
       select id, 'trigger.fired', license, $4, $5 from unnest($1::uuid[], $3::text[]) e (id, license)
     )
     insert into outbox (endpoint_id, due_at, id, event_id)
     select endpoint_id, date_trunc('milliseconds', now()), id, event_id
     from unnest($2::uuid[], $6::uuid[], $1::uuid[]) o (endpoint_id, id, event_id)`,
    [
      rows.map((row) => row.eventId),
      rows.map((row) => row.endpoint.id),
      rows.map((row) => row.endpoint.license),
      VEHICLE,
      FIRING,
      rows.map((row) => row.deliveryId),
    ],
  );
}

/** Nothing of a round is left for the next. */
export async function emptyQueue(database: Database): Promise<void> {
  await database.pool.query('truncate outbox, endpoint_leases, endpoints, events, deliveries, attempts');
}
