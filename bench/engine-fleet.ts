import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Kafka } from 'kafkajs';
import { reportMessages } from '../dev/demo/report.js';
import { TelemetryProducer } from '../dev/demo/telemetry-producer.js';
import { newLogId } from '../src/store/log-id.js';
import type { Database } from '../src/store/database.js';

const DID = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
const SOURCE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';
const DEVICE = 'did:erc721:137:0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA';
const TRIGGERS_PER_VEHICLE = 3;
const BATCH = 500;

/** Speeds of records that make one of the vehicle's triggers fire, and of those that make none. */
const FAST = 120;
const SLOW = 50;

/** A number of vehicles, each with three triggers on its speed: at most one of them ever fires. */
export async function addFleet(database: Database, vehicles: number): Promise<void> {
  const triggers = Array.from({ length: TRIGGERS_PER_VEHICLE }, (_, place) => ({
    id: randomUUID(),
    endpointId: randomUUID(),
    license: `0x${randomBytes(20).toString('hex')}`,
    condition: place === 0 ? 'value > 100' : `value > ${200 + place}`,
  }));
  for (const { id, endpointId, license, condition } of triggers) {
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
       values ($1::uuid, $2, 'enabled', 'telemetry.signals', 'speed', 'signal', 'speed', 'number', $4, $4, 0, $1::text, $1::text, '', $3,
         now(), now())`,
      [id, license, endpointId, condition],
    );
    await database.pool.query(
      `insert into subscriptions (trigger_id, vehicle, created_at)
       select $1, $2 || ':' || n, now() from generate_series(1, $3::int) n`,
      [id, DID, vehicles],
    );
  }
  await database.pool.query('update index_head set seq = seq + 1');
}

export interface FilledTopics {
  signals: string;
  events: string;
}

/** Topics with realistic records in all partitions; every `firingEvery`th makes a trigger fire, none when it is 0. */
export async function fillTopics(
  brokers: string,
  wanted: { records: number; vehicles: number; partitions: number; firingEvery: number },
): Promise<FilledTopics> {
  const name = newLogId();
  const topics = { signals: `signals-${name}`, events: `events-${name}` };
  const kafka: Kafka = new kafkajs.Kafka({
    clientId: 'bench',
    brokers: brokers.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: Object.values(topics).map((topic) => ({ topic, numPartitions: wanted.partitions })),
    waitForLeaders: false,
  });
  await admin.disconnect();
  await sleep(1_000);
  const producer = await TelemetryProducer.connect(brokers.split(','), topics);
  for (let from = 0; from < wanted.records; from += BATCH) {
    const count = Math.min(BATCH, wanted.records - from);
    const signals = Array.from({ length: count }, (_, at) => message(from + at, wanted));
    await producer.send({ signals, events: [] });
  }
  await producer.close();
  return topics;
}

function message(
  place: number,
  { vehicles, firingEvery }: { vehicles: number; firingEvery: number },
): { key: string; value: string } {
  const vehicle = `${DID}:${(place % vehicles) + 1}`;
  const speed = firingEvery > 0 && place % firingEvery === 0 ? FAST : SLOW;
  const reporter = { vehicle, source: SOURCE, device: DEVICE };
  const reading = {
    speedKmh: speed,
    odometerKm: 1_000 + place / 100,
    isIgnitionOn: true,
    latitude: 52.520008,
    longitude: 13.404954,
    heading: 90,
    hasBrakedHarshly: false,
  };
  return { key: vehicle, value: reportMessages(reporter, reading, new Date()).signals };
}
