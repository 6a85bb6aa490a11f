import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Kafka } from 'kafkajs';
import { reportMessages } from '../dev/demo/report.js';
import { TelemetryProducer, type TelemetryMessage } from '../dev/demo/telemetry-producer.js';
import { newLogId } from '../src/store/log-id.js';
import { inParts } from '../src/store/pages.js';

const DID = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
const SOURCE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';
const DEVICE = 'did:erc721:137:0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA';
const BATCH = 1_000;
/** So many are made; the topic has them again and again, which nothing that reads it can tell. */
const DISTINCT_MOST = 20_000;

/** Speeds, in km/h: one record in a hundred tells the fast one. */
export const FAST = 120;
export const SLOW = 50;
const FAST_EVERY = 100;

export function vehicleOf(number: number): string {
  return `${DID}:${number}`;
}

export interface FilledTopics {
  signals: string;
  events: string;
}

/** Topics with records of a fleet in all partitions: of about 1.4 kB, five signals each, compressed with snappy. */
export async function fillTopics(
  brokers: string,
  wanted: { records: number; vehicles: number; partitions: number },
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
  for (const signals of inParts(messagesOf(wanted), BATCH)) await producer.send({ signals, events: [] });
  await producer.close();
  return topics;
}

/** The records of a fleet, in the order in which they are produced. */
export function messagesOf({ records, vehicles }: { records: number; vehicles: number }): TelemetryMessage[] {
  const distinct = Array.from({ length: Math.min(records, DISTINCT_MOST) }, (_, place) => message(place, vehicles));
  return Array.from({ length: records }, (_, place) => distinct[place % distinct.length]!);
}

/** The fast ones are of other vehicles each time that it is the fleet's turn. */
function message(place: number, vehicles: number): TelemetryMessage {
  const vehicle = vehicleOf((place % vehicles) + 1);
  const isFast = (place + 13 * Math.floor(place / vehicles)) % FAST_EVERY === 0;
  const reporter = { vehicle, source: SOURCE, device: DEVICE };
  const reading = {
    speedKmh: isFast ? FAST : SLOW,
    odometerKm: 1_000 + place / 100,
    isIgnitionOn: true,
    latitude: 52.520008,
    longitude: 13.404954,
    heading: 90,
    hasBrakedHarshly: false,
  };
  return { key: vehicle, value: withText(reportMessages(reporter, reading, new Date()).signals) };
}

/** A signal whose value is a text, which the demo's vehicles do not have. */
function withText(signals: string): string {
  const report = JSON.parse(signals) as { data: { signals: object[] } };
  const signal = { ...report.data.signals[0], name: 'powertrainType', valueNumber: 0, valueString: 'COMBUSTION' };
  report.data.signals.splice(2, 0, signal);
  return JSON.stringify(report);
}
