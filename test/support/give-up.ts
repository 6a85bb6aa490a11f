import type { Database } from '../../src/store/database.js';
import { EndpointHealthStore } from '../../src/store/endpoint-health.js';

/** What a sender does with an endpoint that only fails, or says that it is gone, at the URL that it has now. */
export async function giveUpEndpoint(
  database: Database,
  endpointId: string,
  status: 'failed' | 'gone',
  reason: string,
) {
  const { rows } = await database.pool.query<{ url: string }>(
    `with failing as (update endpoint_leases set failures = greatest(failures, 1) where endpoint_id = $1)
     select url from endpoints where id = $1`,
    [endpointId],
  );
  return new EndpointHealthStore(database).giveUp(endpointId, rows[0]!.url, status, reason);
}
