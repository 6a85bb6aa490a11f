import { randomBytes, randomUUID } from 'node:crypto';
import type { ValueKind } from '../src/core/catalog.js';
import { checkCondition } from '../src/core/condition.js';
import type { Database } from '../src/store/database.js';
import { FAST, SLOW, vehicleOf } from './fleet-records.js';

const LICENSES = 10;
/** Beside the one on the speed, how many triggers each vehicle has. */
const OTHERS = 2;
/** Vehicles that are in no record. */
const ELSEWHERE = 1_000_000;

/** What records make of a fleet: none is of its vehicles, none fires, the fast ones do, each does. */
export type FleetLoad = 'unsubscribed' | 'not firing' | '1 %' | 'all';

/** What a license has triggers on, besides the speed. None of them ever holds. */
const NEVER: readonly Wanted[] = [
  { metric: 'powertrainTransmissionTravelledDistance', kind: 'number', text: 'value - previousValue > 1000000.0' },
  {
    metric: 'currentLocationCoordinates',
    kind: 'location',
    text: 'geoDistance(value.latitude, value.longitude, 40.7128, -74.006) < 5.0',
  },
  { metric: 'powertrainType', kind: 'string', text: `value == 'ELECTRIC' || value.startsWith('HYBRID')` },
  { metric: 'isIgnitionOn', kind: 'number', text: 'value == 0.0 && previousValue == 1.0' },
];

interface Wanted {
  metric: string;
  kind: ValueKind;
  text: string;
}

/**
 * Makes a number of vehicles all that there is: of ten licenses, each vehicle with three triggers on different signals,
 * numbers, texts and places, some of which read the previous value. One of them, on the speed, may fire.
 */
export async function becomeFleet(database: Database, vehicles: number, load: FleetLoad): Promise<void> {
  await database.pool.query('truncate triggers, endpoints, endpoint_leases, subscriptions cascade');
  await forgetRuns(database);
  const limits = { unsubscribed: 2 * FAST, 'not firing': 2 * FAST, '1 %': (SLOW + FAST) / 2, all: 0 };
  const speed: Wanted = { metric: 'speed', kind: 'number', text: `value > ${limits[load]}.0` };
  const first = load === 'unsubscribed' ? ELSEWHERE : 1;
  for (let place = 0; place < LICENSES; place++) {
    const license = `0x${randomBytes(20).toString('hex')}`;
    const ids: string[] = [];
    for (const wanted of [speed, ...NEVER]) ids.push(await addTrigger(database, license, wanted));
    const numbers = Array.from({ length: vehicles }, (_, n) => first + n).filter((n) => n % LICENSES === place);
    const pairs = numbers.flatMap((n) => triggersOf(n, ids).map((id) => ({ id, vehicle: vehicleOf(n) })));
    await database.pool.query(
      `insert into subscriptions (trigger_id, vehicle, created_at)
       select id, vehicle, now() from unnest($1::uuid[], $2::text[]) s (id, vehicle)`,
      [pairs.map(({ id }) => id), pairs.map(({ vehicle }) => vehicle)],
    );
  }
  await database.pool.query('update index_head set seq = seq + 1');
}

/** Empties what engines have written, for the next to begin as the first did. */
export async function forgetRuns(database: Database): Promise<void> {
  await database.pool.query('truncate stream_positions, states, events, outbox, deliveries');
}

/** The first of the ids, and two of the others in turn. */
function triggersOf(vehicle: number, [first, ...others]: readonly string[]): string[] {
  const from = Math.floor(vehicle / LICENSES);
  return [first!, ...Array.from({ length: OTHERS }, (_, at) => others[(from + at) % others.length]!)];
}

async function addTrigger(database: Database, license: string, { metric, kind, text }: Wanted): Promise<string> {
  const [id, endpointId] = [randomUUID(), randomUUID()];
  const check = checkCondition(kind, text);
  if (check.kind === 'invalid') throw new Error(`${text}: ${check.error.message}`);
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, created_at, updated_at)
     values ($1, $2, 'https://127.0.0.1/', '', now(), now())`,
    [endpointId, license],
  );
  await database.pool.query('insert into endpoint_leases (endpoint_id, license) values ($1, $2)', [
    endpointId,
    license,
  ]);
  await database.pool.query(
    `insert into triggers (id, license, status, service, metric_name, metric_kind, metric, value_kind, condition,
       normalized_condition, cooldown_seconds, display_name, name_key, description, endpoint_id, created_at, updated_at)
     values ($1::uuid, $2, 'enabled', 'telemetry.signals', $4, 'signal', $4, $5, $6, $7, 0, $1::text, $1::text, '', $3,
       now(), now())`,
    [id, license, endpointId, metric, kind, text, check.normalized],
  );
  return id;
}
