import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import type { Kafka } from 'kafkajs';
import { Broker } from './broker.js';
import { BrokerServer } from './broker-server.js';

const { Partitioners, logLevel } = kafkajs;
const BUILT_BROKER = new URL('../../build/dev/broker/broker.js', import.meta.url);
const TOPIC = 'signals';

let dataDir: string;

beforeEach(() => {
  dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'broker-storage-'));
});

afterEach(() => fs.rmSync(dataDir, { recursive: true, force: true }));

function client(address: string): Kafka {
  const retry = { retries: 8, initialRetryTime: 20, maxRetryTime: 200 };
  return new kafkajs.Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry });
}

async function produce(address: string, values: readonly string[]): Promise<void> {
  const producer = client(address).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (const value of values) await producer.send({ topic: TOPIC, messages: [{ partition: 0, value }] });
  await producer.disconnect();
}

/** The values that a group which has read nothing finds, up to `count`. */
async function consume(address: string, groupId: string, count: number): Promise<string[]> {
  const consumer = client(address).consumer({ groupId, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  const values: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const eachMessage = ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
      if (values.push(String(message.value)) === count) resolve();
      return Promise.resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect(); // It commits what it has read.
  return values;
}

test('a restart keeps topics, also empty ones, records and committed offsets', async () => {
  const before = new BrokerServer({ dataDir });
  const firstAddress = await before.start();
  before.createTopic(TOPIC, 3);
  before.createTopic('empty', 5);
  before.createTopic('deleted', 2);
  before.deleteTopic('deleted');
  await produce(firstAddress, ['a', 'b', 'c']);
  await consume(firstAddress, 'readers', 3);
  before.commitOffset('readers', TOPIC, 0, 1);
  await before.stop();

  const after = new BrokerServer({ dataDir });
  const address = await after.start();
  const admin = client(address).admin();
  await admin.connect();
  expect((await admin.listTopics()).sort()).toEqual(['empty', TOPIC]);
  expect(await admin.fetchTopicOffsets('empty')).toHaveLength(5);
  await admin.disconnect();
  expect(await consume(address, 'readers', 2)).toEqual(['b', 'c']);
  expect(await consume(address, 'others', 3)).toEqual(['a', 'b', 'c']);
  await after.stop();
});

test('a broker that is killed loses nothing that it acknowledged', async () => {
  const code = `
    import { Broker } from ${JSON.stringify(BUILT_BROKER.href)};
    const broker = await Broker.start(${JSON.stringify({ dataDir, autoCreateTopics: true })});
    console.log(broker.address);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const address = line.toString().trim();
  const values = Array.from({ length: 50 }, (_, index) => String(index));
  await produce(address, values);
  await consume(address, 'readers', 50);
  await produce(address, ['after the commit']);
  child.kill('SIGKILL');
  await once(child, 'exit');

  const after = new BrokerServer({ dataDir });
  const secondAddress = await after.start();
  expect(after.offsets(TOPIC, 0)).toEqual({ start: 0, end: 51 });
  expect(await consume(secondAddress, 'readers', 1)).toEqual(['after the commit']);
  await after.stop();
});

test('a commit that was half written when the broker was killed is forgotten, and the ones before it count', () => {
  const before = new BrokerServer({ dataDir });
  before.createTopic(TOPIC);
  before.commitOffset('readers', TOPIC, 0, 5);
  fs.appendFileSync(path.join(dataDir, 'group-offsets.jsonl'), '["readers","sig');
  const after = new BrokerServer({ dataDir });
  after.commitOffset('readers', TOPIC, 1, 6);
  const lines = fs.readFileSync(path.join(dataDir, 'group-offsets.jsonl'), 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    ['readers', TOPIC, 0, 5, ''],
    ['readers', TOPIC, 1, 6, ''],
  ]);
});

test('the journal of offsets does not grow without end', () => {
  const broker = new BrokerServer({ dataDir });
  broker.createTopic(TOPIC);
  for (let offset = 0; offset < 25_000; offset++) broker.commitOffset('readers', TOPIC, 0, offset);
  const text = fs.readFileSync(path.join(dataDir, 'group-offsets.jsonl'), 'utf8');
  expect(text.split('\n').length).toBeLessThan(21_000);
  expect(text.trim().split('\n').at(-1)).toBe(JSON.stringify(['readers', TOPIC, 0, 24_999, '']));
});

test('files that a deleted topic left behind are removed at start', () => {
  new BrokerServer({ dataDir }).createTopic(TOPIC, 1);
  fs.mkdirSync(path.join(dataDir, 'logs', 'left-over', '0'), { recursive: true });
  new BrokerServer({ dataDir });
  expect(fs.readdirSync(path.join(dataDir, 'logs'))).toHaveLength(1);
  expect(fs.existsSync(path.join(dataDir, 'logs', 'left-over'))).toBe(false);
});

test('a broker in a worker thread serves, stops, and starts again on its data', async () => {
  const first = await Broker.start({ dataDir, autoCreateTopics: true });
  await produce(first.address, ['a']);
  await first.stop();
  await expect(
    client(first.address)
      .admin({ retry: { retries: 0 } })
      .connect(),
  ).rejects.toThrow(/ECONNREFUSED/);
  const second = await Broker.start({ dataDir });
  expect(await consume(second.address, 'readers', 1)).toEqual(['a']);
  await second.stop();
});

test('a worker thread that cannot start says why', async () => {
  const first = await Broker.start();
  const port = Number(first.address.split(':')[1]);
  await expect(Broker.start({ port })).rejects.toThrow(/EADDRINUSE/);
  await first.stop();
});
