import { afterAll, beforeAll, expect, test } from '@jest/globals';
import kafkajs, { type Consumer } from 'kafkajs';
import { EngineWorld, newTopic } from '../../test/support/engine-world.js';
import type { Log } from '../observability/log.js';
import { Metrics } from '../observability/metrics.js';
import { Generation } from './generation.js';
import { KafkaAdmin } from './kafka-admin.js';
import { KafkaTroubles } from './kafka-troubles.js';
import { PartitionOpener } from './partition-opener.js';

let world: EngineWorld;
beforeAll(async () => (world = await EngineWorld.create()));
afterAll(() => world.close());

const HEALTHY = { pause: () => undefined, seek: () => undefined, resume: () => undefined };
const dropped = () => {
  throw new Error('Consumer group was not initialized, consumer#run must be called first');
};

/** One partition's generation on a consumer; `said` resolves with the first warning, `resumed` when it fetches. */
async function generationOn(given: Partial<typeof HEALTHY>) {
  const topic = newTopic();
  let say!: (message: string) => void;
  const said = new Promise<string>((resolve) => (say = resolve));
  const nothing = () => undefined;
  const log: Log = {
    ...{ debug: nothing, info: nothing, error: nothing },
    warn: (_, message) => say(message),
    child: () => log,
  };
  let isResumed!: () => void;
  const resumed = new Promise<void>((resolve) => (isResumed = resolve));
  const consumer = { ...HEALTHY, resume: () => isResumed(), ...given } as Partial<Consumer> as Consumer;
  const kafka = new kafkajs.Kafka({ brokers: [process.env.TEST_KAFKA_BROKERS!], logLevel: kafkajs.logLevel.NOTHING });
  const admin = new KafkaAdmin(kafka);
  await admin.createTopics([topic], 1);
  const metrics = new Metrics();
  const engine = await world.engine();
  const opener = new PartitionOpener({
    ...{ engine, chunks: world.chunks, admin, groupId: topic, log, metrics, resetConfirmMs: 1 },
  });
  const generation = new Generation([{ source: { topic, metricKind: 'signal' }, partitions: [0] }], {
    ...{
      consumer,
      opener,
      admin,
      log,
      metrics,
      troubles: new KafkaTroubles(log),
      heartbeatMs: 1_000,
      retryDelayMs: 10,
    },
  });
  return { generation, said, resumed, close: () => admin.disconnect() };
}

test('a generation is open when its partitions were resumed', async () => {
  const { generation, resumed, close } = await generationOn({});
  generation.begin(Promise.resolve());
  expect(generation.isOpen).toBe(false);
  await resumed;
  await new Promise(setImmediate);
  expect(generation.isOpen).toBe(true);
  await close();
});

test.each([
  ['seek', { seek: dropped }],
  ['resume', { resume: dropped }],
])('a consumer that was dropped before %s is a warning, and leaves the generation closed', async (_, given) => {
  const { generation, said, close } = await generationOn(given);
  generation.begin(Promise.resolve());
  expect(await said).toBe('partitions could not be begun; waiting for a new start');
  expect(generation.isOpen).toBe(false);
  await close();
});
