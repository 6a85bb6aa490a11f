import type { Database } from '../src/store/database.js';

/** Of each trigger's license. */
const TRIGGERS_OF_LICENSE = 10;
const SUBSCRIPTIONS_OF_VEHICLE = 10;

export interface FleetSize {
  triggers: number;
  vehicles: number;
}

/** Ten subscriptions a vehicle, and a trigger for each hundred. */
export function fleetOf(subscriptions: number): FleetSize {
  return { triggers: Math.ceil(subscriptions / 100), vehicles: Math.ceil(subscriptions / SUBSCRIPTIONS_OF_VEHICLE) };
}

/**
 * The numbers of the ten triggers of vehicle `v`. `shared`: five triggers of each of two licenses, and some 17 vehicles
 * for each such choice. `random`: any ten, so that nearly no two vehicles have the same ones.
 */
const CHOICES = {
  shared: `select (l * ${TRIGGERS_OF_LICENSE} + 5 * (v / 3000 % 2) + i) % $1::int as trigger
    from unnest(array[v % 1000, v % 1000 + 1 + v / 1000 % 3]) l, generate_series(0, 4) i`,
  random: `select distinct (hashint8(v::bigint * ${SUBSCRIPTIONS_OF_VEHICLE} + i) & 2147483647) % $1::int as trigger
    from generate_series(0, ${SUBSCRIPTIONS_OF_VEHICLE - 1}) i`,
};
export type Shape = keyof typeof CHOICES;
export const SHAPES = Object.keys(CHOICES) as Shape[];

/** Writes triggers and subscriptions anew, in an order that has nothing to do with vehicles; resolves to how many. */
export async function writeFleet(database: Database, shape: Shape, { triggers, vehicles }: FleetSize): Promise<number> {
  return database.session(async (client) => {
    const patiently = (text: string, values: unknown[] = []) =>
      client.query(Object.assign({ text, values }, { query_timeout: PATIENCE_MS }));
    await client.query(`set statement_timeout = ${PATIENCE_MS}; truncate triggers, subscriptions`);
    await patiently(
      `insert into triggers (id, license, service, metric_name, metric_kind, metric, value_kind, condition,
         normalized_condition, cooldown_seconds, display_name, name_key, description, status, revision, metric_revision,
         endpoint_id, created_at, updated_at)
       select md5('trigger ' || t)::uuid, '0x' || lpad(to_hex(t / ${TRIGGERS_OF_LICENSE}), 40, '0'),
         'telemetry.signals', 'speed', 'signal', 'speed', 'number', 'valueNumber > ' || t || '.0',
         'valueNumber > ' || t || '.0', 30, 'Trigger ' || t, 'trigger ' || t, 'too fast', 'enabled', 1, 1,
         md5('endpoint ' || t)::uuid, now(), now()
       from generate_series(0, $1::int - 1) t`,
      [triggers],
    );
    const { rowCount } = await patiently(
      `insert into subscriptions (trigger_id, vehicle, created_at)
       select md5('trigger ' || c.trigger)::uuid, 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:' || v, now()
       from generate_series(1, $2::int) v, lateral (${CHOICES[shape]}) c order by hashtext(c.trigger || ' ' || v)`,
      [triggers, vehicles],
    );
    await patiently('vacuum analyze triggers, subscriptions');
    await client.query('reset statement_timeout');
    return rowCount ?? 0;
  });
}

const PATIENCE_MS = 600_000;
