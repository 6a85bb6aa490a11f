import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Admin, Kafka } from 'kafkajs';
import { EngineWorld, newTopic } from '../../test/support/engine-world.js';
import { silentLog } from '../observability/log.js';
import { Metrics } from '../observability/metrics.js';
import { KafkaAdmin } from './kafka-admin.js';
import { PartitionOpener } from './partition-opener.js';

let world: EngineWorld;
beforeAll(async () => (world = await EngineWorld.create()));
afterAll(() => world.close());

const PARTITIONS = [0, 1, 2, 3];

/** Opens all partitions of a topic whose records are those from 10 up to 20; gives how often Kafka was asked for that. */
async function openAll(topic: string): Promise<{ offsets: string[]; looks: number }> {
  let looks = 0;
  const admin: Partial<Admin> = {
    connect: () => Promise.resolve(),
    fetchTopicOffsets: () => {
      looks += 1;
      return Promise.resolve(PARTITIONS.map((partition) => ({ partition, offset: '20', low: '10', high: '20' })));
    },
    fetchOffsets: () => Promise.resolve([{ topic, partitions: [] }]),
  };
  const opener = new PartitionOpener({
    ...{ engine: await world.engine(), chunks: world.chunks, admin: new KafkaAdmin({ admin: () => admin } as Kafka) },
    ...{ groupId: topic, log: silentLog, metrics: new Metrics(), resetConfirmMs: 1 },
  });
  const opened = await opener.open({ topic, metricKind: 'signal' }, PARTITIONS);
  return { offsets: PARTITIONS.map((partition) => String(opened.get(partition)!.nextOffset)), looks };
}

test('one look at the log opens every partition that fits it', async () => {
  expect(await openAll(newTopic())).toEqual({ offsets: ['10', '10', '10', '10'], looks: 1 });
});

test.each([
  ['behind what is left of the log, once more', 5n, 2],
  ['past its end, twice more', 25n, 3],
])('a position %s', async (_, position, looks) => {
  const topic = newTopic();
  await world.chunks.open(topic, 2, position);
  expect(await openAll(topic)).toEqual({ offsets: ['10', '10', '10', '10'], looks });
});
