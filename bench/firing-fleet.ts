import { randomBytes, randomUUID } from 'node:crypto';
import { reportMessages } from '../dev/demo/report.js';
import type { TelemetryMessage } from '../dev/demo/telemetry-producer.js';
import { parseAddress } from '../src/core/address.js';
import type { Database } from '../src/store/database.js';
import { newSigningSecret, SecretBox } from '../src/target/secret-box.js';

const DID = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
const SOURCE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';
const DEVICE = 'did:erc721:137:0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA';
const PERMISSIONS = ['privilege:GetNonLocationHistory'];
/** What a vehicle's speed fires, above 100; the others watch the same and never do. */
const CONDITIONS = [`value > 100`, `value > 10000000`, `value < 0 || value == 99`];
const SLOW = 50;
/** Speeds that fire begin above this, and no two are the same: the value tells which record it was. */
const FIRST_FAST = 1_000;
const FAST_VALUES = 9_000_000;

/** What the floor has to decide, and nothing else: the condition that fires. */
export const FIRING_ABOVE = 100;

/**
 * Licenses with three webhooks each, all to `address`, and vehicles that are shared out among them: each granted to its
 * license and subscribed by its three. The secrets are sealed with `key`. Resolves to the
 * licenses.
 */
export async function addFiringFleet(
  database: Database,
  { licenses, vehicles, address, key }: { licenses: number; vehicles: number; address: string; key: Buffer },
): Promise<string[]> {
  const secrets = new SecretBox([key]);
  const names: string[] = [];
  for (let place = 0; place < licenses; place++) {
    const license = parseAddress(randomBytes(20).toString('hex'))!;
    names.push(license);
    await database.pool.query(
      `insert into grants (license, vehicle, permissions, updated_at)
       select $1, $2 || ':' || n, $3, now() from generate_series($4::int, $5::int, $6::int) n`,
      [license, DID, PERMISSIONS, place, vehicles - 1, licenses],
    );
    for (const condition of CONDITIONS) {
      const trigger = { id: randomUUID(), endpointId: randomUUID(), license, condition };
      await addTrigger(database, trigger, `https://${address}/hook`, secrets);
      await database.pool.query(
        `insert into subscriptions (trigger_id, vehicle, created_at)
         select $1, $2 || ':' || n, now() from generate_series($3::int, $4::int, $5::int) n`,
        [trigger.id, DID, place, vehicles - 1, licenses],
      );
    }
  }
  await database.pool.query('update index_head set seq = seq + 1');
  return names;
}

async function addTrigger(
  database: Database,
  { id, endpointId, license, condition }: { id: string; endpointId: string; license: string; condition: string },
  url: string,
  secrets: SecretBox,
): Promise<void> {
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, created_at, updated_at) values ($1, $2, $3, $4, now(), now())`,
    [endpointId, license, url, secrets.seal(newSigningSecret(), endpointId)],
  );
  await database.pool.query('insert into endpoint_leases (endpoint_id, license) values ($1, $2)', [
    endpointId,
    license,
  ]);
  await database.pool.query(
    `insert into triggers (id, license, status, service, metric_name, metric_kind, metric, value_kind, condition,
       normalized_condition, cooldown_seconds, display_name, name_key, description, endpoint_id, created_at, updated_at)
     values ($1::uuid, $2, 'enabled', 'telemetry.signals', 'speed', 'signal', 'speed', 'number', $4, $4, 0, $1::text,
       $1::text, '', $3, now(), now())`,
    [id, license, endpointId, condition],
  );
}

/** A realistic report, and the value that fires if it does. Vehicles come in no order, and any of them fires. */
export function fleetMessage(
  place: number,
  { vehicles, firingEvery }: { vehicles: number; firingEvery: number },
): TelemetryMessage & { firing: number | undefined } {
  // The upper bits of a multiplicative hash: the lower ones of every hundredth record are nearly the same.
  const hash = (Math.imul(place + 1, 2_654_435_761) >>> 0) / 2 ** 32;
  const vehicle = `${DID}:${Math.floor(hash * vehicles)}`;
  const firing = firingEvery > 0 && place % firingEvery === 0 ? FIRST_FAST + (place % FAST_VALUES) : undefined;
  const reading = {
    ...{ speedKmh: firing ?? SLOW, odometerKm: 1_000 + place / 100, isIgnitionOn: true },
    ...{ latitude: 52.520008, longitude: 13.404954, heading: 90, hasBrakedHarshly: false },
  };
  const { signals } = reportMessages({ vehicle, source: SOURCE, device: DEVICE }, reading, new Date());
  return { key: vehicle, value: signals, firing };
}
