import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import type { Admin, Consumer, ConsumerConfig, Kafka, KafkaMessage, Producer, ProducerConfig } from 'kafkajs';
import * as snappy from 'snappyjs';
import { BrokerServer } from './broker-server.js';
import { ErrorCode } from './error-code.js';

const { CompressionCodecs, CompressionTypes, Partitioners, logLevel } = kafkajs;
CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: (encoder: { buffer: Buffer }) => Promise.resolve(Buffer.from(snappy.compress(encoder.buffer))),
  decompress: (bytes: Buffer) => Promise.resolve(Buffer.from(snappy.uncompress(bytes))),
});

const TOPIC = 'signals';
const PARTITIONS = 4;

let server: BrokerServer;
let kafka: Kafka;
let admin: Admin;
let open: { disconnect(): Promise<void> }[];

beforeEach(async () => {
  server = new BrokerServer({ partitions: PARTITIONS });
  const address = await server.start();
  server.createTopic(TOPIC);
  const retry = { retries: 8, initialRetryTime: 20, maxRetryTime: 200 };
  kafka = new kafkajs.Kafka({ brokers: [address], clientId: 'spec', logLevel: logLevel.NOTHING, retry });
  open = [];
  admin = kafka.admin();
  await admin.connect();
  open.push(admin);
});

afterEach(async () => {
  await Promise.all(open.map((client) => client.disconnect()));
  await server.stop();
});

async function producer(settings: ProducerConfig = {}): Promise<Producer> {
  const created = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, ...settings });
  await created.connect();
  open.push(created);
  return created;
}

async function consumer(settings: Partial<ConsumerConfig> = {}): Promise<Consumer> {
  const timing = { maxWaitTimeInMs: 50, heartbeatInterval: 50, sessionTimeout: 5000, rebalanceTimeout: 5000 };
  const created = kafka.consumer({ groupId: 'readers', ...timing, ...settings });
  await created.connect();
  open.push(created);
  await created.subscribe({ topic: TOPIC, fromBeginning: true });
  return created;
}

/** Runs the consumer and resolves to its first `count` messages, in the order of arrival. */
async function receive(reader: Consumer, count: number): Promise<KafkaMessage[]> {
  const received: KafkaMessage[] = [];
  return new Promise((resolve, reject) => {
    const eachMessage = ({ message }: { message: KafkaMessage }): Promise<void> => {
      if (received.push(message) === count) resolve(received);
      return Promise.resolve();
    };
    reader.run({ eachMessage }).catch(reject);
  });
}

/** Resolves when the consumer joins a generation in which it has this many partitions. */
function assigned(reader: Consumer, count: number): Promise<void> {
  return new Promise((resolve) => {
    const remove = reader.on(reader.events.GROUP_JOIN, ({ payload }) => {
      if ((payload.memberAssignment[TOPIC] ?? []).length !== count) return;
      remove();
      resolve();
    });
  });
}

/** Numbers as values, all to partition 0, one batch for each. */
async function produceNumbers(writer: Producer, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) {
    await writer.send({ topic: TOPIC, messages: [{ partition: 0, value: String(number) }] });
  }
}

function values(messages: KafkaMessage[]): number[] {
  return messages.map((message) => Number(message.value));
}

describe('records', () => {
  test.each([
    ['uncompressed', CompressionTypes.None],
    ['gzip', CompressionTypes.GZIP],
    ['snappy', CompressionTypes.Snappy],
  ])('%s come back as they were sent, in order', async (_, compression) => {
    const writer = await producer();
    const messages = [
      {
        partition: 0,
        key: 'vehicle',
        value: 'x'.repeat(1000),
        headers: { traceparent: '00-1' },
        timestamp: '1700000000000',
      },
      { partition: 0, key: null, value: Buffer.from([0, 255]), timestamp: '1700000000001' },
      { partition: 0, key: 'gone', value: null, timestamp: '1600000000000' },
    ];
    await writer.send({ topic: TOPIC, compression, messages });
    const received = await receive(await consumer(), 3);
    expect(received.map(({ key, value, timestamp, offset }) => [key?.toString(), value, timestamp, offset])).toEqual([
      ['vehicle', Buffer.from('x'.repeat(1000)), '1700000000000', '0'],
      [undefined, Buffer.from([0, 255]), '1700000000001', '1'],
      ['gone', null, '1600000000000', '2'],
    ]);
    expect(received[0]?.headers).toEqual({ traceparent: Buffer.from('00-1') });
  });

  test.each([0, 1, -1])('are stored when sent with acks %d', async (acks) => {
    const writer = await producer();
    const received = receive(await consumer(), 1);
    await writer.send({ topic: TOPIC, acks, messages: [{ value: '1' }] });
    expect(values(await received)).toEqual([1]);
  });

  test('wake a consumer that waits for them', async () => {
    const writer = await producer();
    const reader = await consumer({ maxWaitTimeInMs: 60_000 });
    const waiting = server.nextRequest('Fetch', 'arrived');
    const received = receive(reader, 1);
    await waiting;
    await produceNumbers(writer, 7, 8);
    expect(values(await received)).toEqual([7]);
    const disconnected = reader.disconnect(); // It waits for its last fetch, so that one is woken too.
    await produceNumbers(writer, 8, 9);
    await disconnected;
  });

  test('larger than the consumer asks for are still delivered', async () => {
    const writer = await producer();
    await writer.send({ topic: TOPIC, messages: [{ partition: 0, value: 'x'.repeat(5000) }] });
    const [message] = await receive(await consumer({ maxBytesPerPartition: 100 }), 1);
    expect(message?.value?.length).toBe(5000);
  });

  test('are found by their time', async () => {
    const writer = await producer();
    for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
      const messages = [1000, 2000, 3000].map((timeMs) => ({ partition: 0, value: 'x', timestamp: String(timeMs) }));
      await writer.send({ topic: TOPIC, compression, messages });
    }
    server.deleteRecordsBefore(TOPIC, 0, 2);
    const found = async (timeMs: number): Promise<string | undefined> =>
      (await admin.fetchTopicOffsetsByTimestamp(TOPIC, timeMs)).find(({ partition }) => partition === 0)?.offset;
    expect(await found(2500)).toBe('2');
    server.deleteRecordsBefore(TOPIC, 0, 3);
    expect(await found(1500)).toBe('4');
    expect(await found(9999)).toBe('6'); // kafkajs turns "none" into the end of the log.
  });
});

describe('positions', () => {
  test('a consumer reads from where it seeks to', async () => {
    await produceNumbers(await producer(), 0, 10);
    const reader = await consumer();
    const received = receive(reader, 3);
    reader.seek({ topic: TOPIC, partition: 0, offset: '7' });
    expect(values(await received)).toEqual([7, 8, 9]);
  });

  test('a group goes on from what it committed', async () => {
    await produceNumbers(await producer(), 0, 6);
    const first = await consumer();
    await receive(first, 6);
    await first.commitOffsets([{ topic: TOPIC, partition: 0, offset: '4', metadata: 'four' }]);
    await first.stop();
    const [fetched] = await admin.fetchOffsets({ groupId: 'readers', topics: [TOPIC] });
    expect(fetched?.partitions.find(({ partition }) => partition === 0)?.offset).toBe('6');
    await first.disconnect();
    await admin.setOffsets({ groupId: 'readers', topic: TOPIC, partitions: [{ partition: 0, offset: '4' }] });
    expect(values(await receive(await consumer(), 2))).toEqual([4, 5]);
  });

  test.each<[string, () => void, number[]]>([
    ['were deleted', () => server.deleteRecordsBefore(TOPIC, 0, 3), [3, 4]],
    ['were lost at the end', () => server.loseTail(TOPIC, 0, 2), [0, 1]],
    ['went with their topic', () => server.recreateTopic(TOPIC), [10]],
  ])('a consumer whose next records %s is told so, and starts again', async (_, damage, expected) => {
    const writer = await producer();
    await produceNumbers(writer, 0, 5);
    const position = expected[0] === 3 ? 1 : 5;
    server.commitOffset('readers', TOPIC, 0, position);
    damage();
    if (expected[0] === 10) await produceNumbers(writer, 10, 11);
    expect(values(await receive(await consumer(), expected.length))).toEqual(expected);
  });

  test('a gap in the offsets is stepped over', async () => {
    const writer = await producer();
    await produceNumbers(writer, 0, 1);
    server.skipOffsets(TOPIC, 0, 5);
    await produceNumbers(writer, 1, 2);
    expect((await receive(await consumer(), 2)).map(({ offset }) => offset)).toEqual(['0', '6']);
  });
});

describe('groups', () => {
  test('share the partitions when a second consumer comes, and one has all when it goes', async () => {
    const first = await consumer();
    const alone = assigned(first, PARTITIONS);
    await first.run({ eachMessage: () => Promise.resolve() });
    await alone;
    const shared = assigned(first, PARTITIONS / 2);
    const second = await consumer();
    const joined = assigned(second, PARTITIONS / 2);
    await second.run({ eachMessage: () => Promise.resolve() });
    await Promise.all([shared, joined]);
    const [described] = (await admin.describeGroups(['readers'])).groups;
    expect([described?.state, described?.members.length]).toEqual(['Stable', 2]);
    const aloneAgain = assigned(first, PARTITIONS);
    await second.disconnect();
    await aloneAgain;
  });

  test('rebalance when a test says so', async () => {
    const reader = await consumer();
    const joined = assigned(reader, PARTITIONS);
    await reader.run({ eachMessage: () => Promise.resolve() });
    await joined;
    const again = assigned(reader, PARTITIONS);
    server.forceRebalance('readers');
    await again;
  });

  test('are listed, described and deleted, but not while they have members', async () => {
    const reader = await consumer();
    const joined = assigned(reader, PARTITIONS);
    await reader.run({ eachMessage: () => Promise.resolve() });
    await joined;
    expect((await admin.listGroups()).groups).toEqual([{ groupId: 'readers', protocolType: 'consumer' }]);
    await expect(admin.deleteGroups(['readers'])).rejects.toMatchObject({
      groups: [{ groupId: 'readers', errorCode: ErrorCode.nonEmptyGroup }],
    });
    await reader.disconnect();
    await admin.deleteGroups(['readers']);
    const [described] = (await admin.describeGroups(['readers'])).groups;
    expect(described?.state).toBe('Dead');
  });
});

describe('topics', () => {
  test('are created with the partitions asked for, or as many as is usual', async () => {
    const topics = [{ topic: 'usual' }, { topic: 'asked', numPartitions: 3 }];
    expect(await admin.createTopics({ topics })).toBe(true);
    const { topics: found } = await admin.fetchTopicMetadata({ topics: ['usual', 'asked'] });
    const counts = Object.fromEntries(found.map(({ name, partitions }) => [name, partitions.length]));
    expect(counts).toEqual({ usual: PARTITIONS, asked: 3 });
  });

  test('are not created twice', async () => {
    expect(await admin.createTopics({ topics: [{ topic: TOPIC }] })).toBe(false);
  });

  test('that are only validated are not created', async () => {
    await admin.createTopics({ topics: [{ topic: 'dry' }], validateOnly: true, waitForLeaders: false });
    expect(await admin.listTopics()).toEqual([TOPIC]);
  });

  test.each([['..'], ['with space'], ['a/b'], ['x'.repeat(250)]])('are not named "%s"', async (topic) => {
    const refused = { errors: [{ code: ErrorCode.invalidTopic }] };
    await expect(admin.createTopics({ topics: [{ topic }] })).rejects.toMatchObject(refused);
  });

  test('grow, and do not shrink', async () => {
    await admin.createPartitions({ topicPartitions: [{ topic: TOPIC, count: PARTITIONS + 2 }] });
    expect(await admin.fetchTopicOffsets(TOPIC)).toHaveLength(PARTITIONS + 2);
    await expect(admin.createPartitions({ topicPartitions: [{ topic: TOPIC, count: 1 }] })).rejects.toThrow();
  });

  test('that are deleted take the offsets of the groups with them', async () => {
    server.commitOffset('readers', TOPIC, 0, 0);
    await admin.deleteTopics({ topics: [TOPIC] });
    server.createTopic(TOPIC);
    const [fetched] = await admin.fetchOffsets({ groupId: 'readers', topics: [TOPIC] });
    expect(fetched?.partitions.map(({ offset }) => offset)).toEqual(['-1', '-1', '-1', '-1']);
  });

  test('are not created by whoever asks for them, unless that is switched on', async () => {
    await expect(admin.fetchTopicMetadata({ topics: ['asked'] })).rejects.toThrow(/topic-partition/);
    const eager = new BrokerServer({ autoCreateTopics: true, partitions: 2 });
    const client = new kafkajs.Kafka({ brokers: [await eager.start()], logLevel: logLevel.NOTHING }).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await client.connect();
    await client.send({ topic: 'asked', messages: [{ partition: 1, value: 'x' }] });
    expect(eager.offsets('asked', 1)).toEqual({ start: 0, end: 1 });
    await client.disconnect();
    await eager.stop();
  });

  test('lose records by DeleteRecords, and say what is left', async () => {
    await produceNumbers(await producer(), 0, 5);
    await admin.fetchTopicOffsets(TOPIC); // kafkajs must know the topic before it deletes records.
    await admin.deleteTopicRecords({ topic: TOPIC, partitions: [{ partition: 0, offset: '3' }] });
    const offsets = await admin.fetchTopicOffsets(TOPIC);
    expect(offsets.find(({ partition }) => partition === 0)).toMatchObject({ low: '3', high: '5' });
  });

  test('describe their settings', async () => {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: TOPIC, configNames: ['retention.ms'] }],
    });
    const [entry] = resources[0]?.configEntries ?? [];
    expect([entry?.configName, entry?.configValue]).toEqual(['retention.ms', '604800000']);
  });
});

describe('on a bad day', () => {
  test('clients come back after their connections are dropped, and nothing is lost', async () => {
    const writer = await producer();
    const reader = await consumer();
    const received = receive(reader, 10);
    await produceNumbers(writer, 0, 5);
    server.dropConnections();
    await produceNumbers(writer, 5, 10);
    expect([...new Set(values(await received))]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test.each([
    ['before it took effect', 'before', {}, 1],
    ['after it took effect', 'after', {}, 2],
    ['after it took effect, from an idempotent producer', 'after', { idempotent: true, maxInFlightRequests: 1 }, 1],
  ] as const)('a produce request whose connection is lost %s is sent again', async (_, when, settings, stored) => {
    const writer = await producer(settings);
    server.inject('Produce', { kind: 'disconnect', when });
    await produceNumbers(writer, 0, 1);
    expect(server.offsets(TOPIC, 0).end).toBe(stored);
  });

  test('an error that passes is overcome by the client, and one that does not reaches the caller', async () => {
    const writer = await producer();
    server.inject('Produce', { kind: 'error', error: 6 }, 2); // NOT_LEADER_FOR_PARTITION
    await produceNumbers(writer, 0, 1);
    server.inject('Produce', { kind: 'error', error: ErrorCode.messageTooLarge });
    await expect(produceNumbers(writer, 1, 2)).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
    expect(server.offsets(TOPIC, 0).end).toBe(1);
  });

  test('a delayed request is overtaken by those of other clients', async () => {
    const [slow, fast] = [await producer(), await producer()];
    server.inject('Produce', { kind: 'delay', delayMs: 200 });
    const delayed = slow.send({ topic: TOPIC, messages: [{ partition: 0, value: '1' }] });
    await produceNumbers(fast, 2, 3);
    await delayed;
    expect(values(await receive(await consumer(), 2))).toEqual([2, 1]);
  });

  test('a test can wait for the next request of a kind', async () => {
    const seen = server.nextRequest('Produce');
    await produceNumbers(await producer(), 0, 1);
    await seen;
  });

  test('a batch above the limit is refused', async () => {
    const writer = await producer();
    const big = { topic: TOPIC, messages: [{ partition: 0, value: 'x'.repeat(1_100_000) }] };
    await expect(writer.send(big)).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
  });
});

test.each(['0.0.0.0', '::', '192.168.0.1', 'example.com'])('the broker refuses to serve %s', (host) => {
  expect(() => new BrokerServer({ host })).toThrow(/loopback/);
});
