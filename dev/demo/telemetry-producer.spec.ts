import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { TelemetryProducer, type TelemetryMessage } from './telemetry-producer.js';

const brokers = process.env.TEST_KAFKA_BROKERS!.split(',');
const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
const admin = kafka.admin();
const topics = { signals: `signals-${randomUUID()}`, events: `events-${randomUUID()}` };

beforeAll(async () => {
  await admin.connect();
  await admin.createTopics({
    topics: Object.values(topics).map((topic) => ({ topic, numPartitions: 4 })),
    waitForLeaders: true,
  });
});

afterAll(async () => {
  await admin.deleteTopics({ topics: Object.values(topics) });
  await admin.disconnect();
});

interface Received extends TelemetryMessage {
  topic: string;
  partition: number;
}

async function receive(count: number): Promise<Received[]> {
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: Object.values(topics), fromBeginning: true });
  const received: Received[] = [];
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: ({ topic, partition, message }) => {
          received.push({ topic, partition, key: message.key!.toString(), value: message.value!.toString() });
          if (received.length === count) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return received;
}

test('signals and events arrive as they were sent, each vehicle’s in one partition and in order', async () => {
  const producer = await TelemetryProducer.connect(brokers, topics);
  const message = (vehicle: number, number: number) => ({
    key: `did:${vehicle}`,
    value: `${vehicle}/${number} ${'x'.repeat(500)}`,
  });
  for (let number = 0; number < 5; number++) {
    const signals = [1, 2, 3].map((vehicle) => message(vehicle, number));
    await producer.send({ signals, events: number === 2 ? [message(1, number)] : [] });
  }
  await producer.close();

  const received = await receive(16);
  const events = received.filter(({ topic }) => topic === topics.events);
  expect(events.map(({ key, value }) => ({ key, value }))).toEqual([message(1, 2)]);
  for (const vehicle of [1, 2, 3]) {
    const own = received.filter(({ topic, key }) => topic === topics.signals && key === `did:${vehicle}`);
    expect(own.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4].map((number) => message(vehicle, number).value));
    expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
  }
});

test('a broker that cannot be reached is an error', async () => {
  await expect(TelemetryProducer.connect(['127.0.0.1:1'], topics)).rejects.toThrow(/ECONNREFUSED/);
});
