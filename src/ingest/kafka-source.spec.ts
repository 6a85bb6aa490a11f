import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import { EngineWorld } from '../../test/support/engine-world.js';
import { SourceWorld } from '../../test/support/source-world.js';
import { eventMessage, signalMessage, type StreamMessage } from '../../test/support/stream.js';
import { vehicleOf } from '../../test/support/triggers.js';
import type { Chunks } from '../engine/stores.js';

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** Error codes of the Kafka protocol. */
const [ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS, GROUP_AUTHORIZATION_FAILED] = [22, 27, 30];

let engines: EngineWorld;
let world: SourceWorld;
beforeAll(async () => (engines = await EngineWorld.create()));
afterAll(() => engines.close());
beforeEach(async () => (world = await SourceWorld.create(engines)));
afterEach(() => world.close());

let tokenId = 1;
const newVehicle = () => vehicleOf(tokenId++);

/** Every speed above 0 fires, so that firings tell exactly what was processed. */
async function watched(): Promise<{ vehicle: string; triggerId: string }> {
  const vehicle = newVehicle();
  return { vehicle, triggerId: await engines.trigger('valueNumber > 0', {}, [vehicle]) };
}

const speeds = (vehicle: string, values: number[], partition?: number): StreamMessage[] =>
  values.map((speed) => ({ ...signalMessage(vehicle, { speed }), ...(partition === undefined ? {} : { partition }) }));

const valuesOf = async (triggerId: string) => (await engines.firings(triggerId)).map(({ value }) => value);
const upTo = (count: number, first = 1) => Array.from({ length: count }, (_, i) => first + i);
const ascending = (values: unknown[]) => [...(values as number[])].sort((a, b) => a - b);

async function withAdmin<Result>(use: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = new kafkajs.Kafka({ brokers: [world.address], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return use(admin).finally(() => admin.disconnect());
}

describe('records', () => {
  test.each([
    ['snappy', CompressionTypes.Snappy],
    ['gzip', CompressionTypes.GZIP],
    ['no compression', CompressionTypes.None],
  ])('with %s are processed in order', async (_, compression) => {
    const { vehicle, triggerId } = await watched();
    await world.start();
    await world.stream.send(world.signals, speeds(vehicle, [1, 2, 3]), compression);
    await world.untilProcessed(world.signals, 3);
    await world.stream.send(world.signals, speeds(vehicle, [4, 5]), compression);
    await world.untilProcessed(world.signals, 5);
    expect(await valuesOf(triggerId)).toEqual([1, 2, 3, 4, 5]);
  });

  test('of both topics are processed by one consumer group', async () => {
    const { vehicle, triggerId } = await watched();
    const name = 'behavior.harshBraking';
    const metric = { service: 'telemetry.events', metricKind: 'event' as const, metric: name, metricName: name };
    const eventTrigger = await engines.trigger('durationNs > 5', { ...metric, valueKind: 'event' }, [vehicle]);
    await world.start();
    await world.stream.send(world.signals, speeds(vehicle, [1]));
    await world.stream.send(world.events, [eventMessage(vehicle, name, { durationNs: 6 })]);
    await world.untilProcessed(world.signals, 1);
    await world.untilProcessed(world.events, 1);
    expect(await valuesOf(triggerId)).toEqual([1]);
    expect((await engines.firings(eventTrigger)).length).toBe(1);
  });

  test('without a key, and poison between good ones, are no hindrance', async () => {
    const { vehicle, triggerId } = await watched();
    await world.start();
    const [one, two, three] = speeds(vehicle, [1, 2, 3], 0);
    const poison = { value: '{', partition: 0 };
    await world.stream.send(world.signals, [{ ...one!, key: null }, poison, { ...two!, key: null }, poison, three!]);
    await world.untilProcessed(world.signals, 5);
    expect(await valuesOf(triggerId)).toEqual([1, 2, 3]);
    expect((await engines.deadLetters(world.signals)).map(({ offset, reason }) => [offset, reason])).toEqual([
      [1, 'not_json'],
      [3, 'not_json'],
    ]);
  });

  test('are not missed where offsets are missing', async () => {
    const { vehicle, triggerId } = await watched();
    const { source } = await world.start();
    await world.stream.send(world.signals, speeds(vehicle, [1], 0));
    await world.untilProcessed(world.signals, 1);
    world.broker.skipOffsets(world.signals, 0, 10);
    await world.stream.send(world.signals, speeds(vehicle, [2], 0));
    await world.untilProcessed(world.signals, 12);
    await world.stop(source);
    world.broker.skipOffsets(world.signals, 0, 10);
    await world.stream.send(world.signals, speeds(vehicle, [3], 0));
    await world.start();
    await world.untilProcessed(world.signals, 23);
    expect(await valuesOf(triggerId)).toEqual([1, 2, 3]);
    expect(await world.streamEvents('stream.lost')).toEqual([]);
  });

  test('of an idle partition have their progress stored, shown to Kafka, and counted as no lag', async () => {
    const { metrics } = await world.start();
    await world.stream.send(world.signals, speeds(newVehicle(), [1, 2], 1));
    await world.untilProcessed(world.signals, 2);
    await withAdmin(async (admin) => {
      const committed = async () => {
        const [topic] = await admin.fetchOffsets({ groupId: world.groupId, topics: [world.signals] });
        return topic!.partitions.find(({ partition }) => partition === 1)?.offset;
      };
      while ((await committed()) !== '2') await world.broker.nextRequest('OffsetCommit');
    });
    expect(await metrics.registry.metrics()).toMatch(
      new RegExp(`^tripline_consumer_lag_records\\{topic="${world.signals}",partition="1"\\} 0$`, 'm'),
    );
  });
});

describe('a start', () => {
  test('goes on exactly where the last run ended, whatever Kafka knows of it', async () => {
    const { vehicle, triggerId } = await watched();
    const { source } = await world.start();
    await world.stream.send(world.signals, speeds(vehicle, [1, 2, 3]));
    await world.untilProcessed(world.signals, 3);
    await world.stop(source);
    await withAdmin((admin) => admin.deleteGroups([world.groupId]));
    await world.stream.send(world.signals, speeds(vehicle, [4, 5]));
    await world.start();
    await world.untilProcessed(world.signals, 5);
    expect(await valuesOf(triggerId)).toEqual([1, 2, 3, 4, 5]);
  });

  test('stores progress that had no effects when it stops', async () => {
    const never = 60_000;
    const { source, metrics } = await world.start({
      times: { flushMs: never },
      engine: { limits: { flushMs: never } },
    });
    await world.stream.send(world.signals, speeds(newVehicle(), [1, 2, 3], 0));
    const processed = `tripline_records_total{topic="${world.signals}"} 3`;
    while (!(await metrics.registry.metrics()).includes(processed)) await world.broker.nextRequest('Fetch');
    expect(await world.processed(world.signals)).toBe(0);
    await world.stop(source);
    expect(await world.processed(world.signals)).toBe(3);
  });

  test('takes over where the group had come to with another program', async () => {
    const { vehicle, triggerId } = await watched();
    await world.stream.send(world.signals, speeds(vehicle, [1, 2, 3], 0));
    await world.stream.send(world.signals, speeds(vehicle, [4, 5], 1));
    const partitions = [{ partition: 0, offset: '2' }];
    await withAdmin((admin) => admin.setOffsets({ groupId: world.groupId, topic: world.signals, partitions }));
    await world.start();
    await world.untilProcessed(world.signals, 5);
    expect(ascending(await valuesOf(triggerId))).toEqual([3, 4, 5]);
  });

  test('waits for topics that do not exist, and says so', async () => {
    const { vehicle, triggerId } = await watched();
    world.broker.deleteTopic(world.signals);
    const { source } = await world.start();
    await world.untilLogged('waiting until somebody creates them', 0);
    expect(world.lines.at(-1)!.fields).toEqual({ topics: [world.signals] });
    expect(source.isHealthy()).toBe(false);
    world.broker.createTopic(world.signals, 1);
    await world.stream.send(world.signals, speeds(vehicle, [1]));
    await world.untilProcessed(world.signals, 1);
    expect(await valuesOf(triggerId)).toEqual([1]);
  });

  test('creates topics that do not exist, if told to', async () => {
    world.broker.deleteTopic(world.signals);
    const { source } = await world.start({ createTopics: 3 });
    await world.untilLogged('joined', 0);
    expect(world.broker.offsets(world.signals, 2)).toEqual({ start: 0, end: 0 });
    while (!source.isHealthy()) await world.broker.nextRequest('Fetch');
  });
});

describe('a log that is not what it was', () => {
  test('lost records to retention before they were read: the range is told and the rest is processed', async () => {
    const { vehicle, triggerId } = await watched();
    const first = await world.start();
    await world.stream.send(world.signals, speeds(vehicle, [1, 2], 0));
    await world.untilProcessed(world.signals, 2);
    await world.stop(first.source);
    for (const value of [3, 4, 5, 6]) await world.stream.send(world.signals, speeds(vehicle, [value], 0));
    world.broker.deleteRecordsBefore(world.signals, 0, 5);
    const { metrics } = await world.start();
    await world.untilProcessed(world.signals, 6);
    expect(await valuesOf(triggerId)).toEqual([1, 2, 6]);
    const place = { topic: world.signals, partition: 0 };
    expect(await world.streamEvents('stream.lost')).toEqual([{ ...place, from: '2', to: '5', records: '3' }]);
    expect(await metrics.registry.metrics()).toContain(
      `tripline_stream_lost_records_total{topic="${world.signals}"} 3`,
    );
  });

  test('was created anew while nobody looked: a new epoch begins at its start', async () => {
    const { vehicle, triggerId } = await watched();
    const first = await world.start();
    await world.stream.send(world.signals, speeds(vehicle, [1, 2, 3], 0));
    await world.untilProcessed(world.signals, 3);
    await world.stop(first.source);
    world.broker.recreateTopic(world.signals);
    await world.stream.send(world.signals, speeds(vehicle, [4], 0));
    await world.start();
    await world.until(async () => (await valuesOf(triggerId)).length === 4);
    const place = { topic: world.signals, partition: 0 };
    expect(await world.streamEvents('stream.reset')).toEqual([
      { ...place, expectedOffset: '3', low: '0', high: '1', logEpoch: 1 },
    ]);
    expect((await engines.chunks.positions(world.signals, [0])).get(0)).toMatchObject({ logEpoch: 1, nextOffset: 1n });
    expect(new Set((await engines.firings(triggerId)).map(({ id }) => id)).size).toBe(4);
  });

  test('was created anew under a running consumer: it notices and goes on', async () => {
    const { vehicle, triggerId } = await watched();
    await world.start();
    await world.stream.send(world.signals, speeds(vehicle, [1, 2, 3], 0));
    await world.untilProcessed(world.signals, 3);
    world.broker.recreateTopic(world.signals);
    await world.stream.send(world.signals, speeds(vehicle, [4], 0));
    await world.until(async () => (await valuesOf(triggerId)).length === 4);
    expect((await world.streamEvents('stream.reset')).length).toBe(1);
    await world.stream.send(world.signals, speeds(vehicle, [5], 0));
    await world.until(async () => (await valuesOf(triggerId)).length === 5);
    expect(await valuesOf(triggerId)).toEqual([1, 2, 3, 4, 5]);
  });

  test('overtook a running consumer: the range is told', async () => {
    const { vehicle, triggerId } = await watched();
    const [reached, released] = [gate(), gate()];
    const commit: Chunks['commit'] = async (chunk) => {
      reached.open();
      await released.opened;
      return engines.chunks.commit(chunk);
    };
    await world.start({ chunks: storeWith(commit) });
    await world.stream.send(world.signals, speeds(vehicle, [1], 0));
    await reached.opened;
    await world.stream.send(world.signals, speeds(vehicle, [2, 3], 0));
    await world.stream.send(world.signals, speeds(vehicle, [4], 0));
    world.broker.deleteRecordsBefore(world.signals, 0, 3);
    released.open();
    await world.untilProcessed(world.signals, 4);
    expect(await valuesOf(triggerId)).toEqual([1, 4]);
    expect(await world.streamEvents('stream.lost')).toMatchObject([{ from: '1', to: '3', records: '2' }]);
  });
});

/** Something that one waits for and another does. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

function storeWith(commit: Chunks['commit']): Chunks {
  const { chunks } = engines;
  return {
    positions: (...given) => chunks.positions(...given),
    open: (...given) => chunks.open(...given),
    move: (...given) => chunks.move(...given),
    lately: (...given) => chunks.lately(...given),
    commit,
  };
}

describe('several sources', () => {
  test('that come and go lose nothing and do nothing twice', async () => {
    const vehicles = await Promise.all(upTo(6).map(() => watched()));
    let sent = 0;
    const produce = async (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        sent += 1;
        await world.stream.send(
          world.signals,
          vehicles.flatMap(({ vehicle }) => speeds(vehicle, [sent])),
        );
      }
    };
    const first = await world.start();
    await produce(10);
    const joined = world.untilLogged('joined');
    const second = await world.start();
    await Promise.all([produce(20), joined]);
    world.broker.forceRebalance(world.groupId);
    await produce(20);
    await Promise.all([world.stop(first.source), produce(20)]);
    await world.start();
    await Promise.all([produce(20), world.stop(second.source)]);
    await world.untilProcessed(world.signals, sent * vehicles.length);
    for (const { triggerId } of vehicles) expect(await valuesOf(triggerId)).toEqual(upTo(sent));
  });
});

describe('a member of the group', () => {
  const names = ['a', 'b', 'c'];
  const fences = () => world.lines.filter(({ message }) => message.includes('opened again'));

  /** Three sources that share six partitions; gives them by name, with what each has. */
  async function three() {
    world.broker.deleteTopic(world.signals);
    world.broker.createTopic(world.signals, 6);
    const sources = new Map<string, Awaited<ReturnType<typeof world.start>>>();
    for (const clientId of names) sources.set(clientId, await world.start({ clientId }));
    await world.untilShared(names, 6);
    const before = new Map(names.map((name) => [name, world.partitionsOf(name)]));
    expect([...before.values()].map(({ length }) => length)).toEqual([2, 2, 2]);
    return { sources, before };
  }

  test('that leaves has stored its progress, and others go on with exactly its partitions until it is back', async () => {
    const vehicles = await Promise.all(upTo(12).map(() => watched()));
    const produce = (value: number) =>
      world.stream.send(
        world.signals,
        vehicles.flatMap(({ vehicle }) => speeds(vehicle, [value])),
      );
    const { sources, before } = await three();
    await produce(1);
    await world.untilProcessed(world.signals, 12);
    await Promise.all([produce(2), world.stop(sources.get('b')!.source)]);
    await world.untilShared(['a', 'c'], 6);
    for (const name of ['a', 'c']) expect(world.partitionsOf(name)).toEqual(expect.arrayContaining(before.get(name)!));
    await produce(3);
    await world.untilProcessed(world.signals, 36);
    await world.start({ clientId: 'b' });
    await world.untilShared(names, 6);
    expect(new Map(names.map((name) => [name, world.partitionsOf(name)]))).toEqual(before);
    await produce(4);
    await world.untilProcessed(world.signals, 48);
    for (const { triggerId } of vehicles) expect(await valuesOf(triggerId)).toEqual(upTo(4));
    expect(fences()).toEqual([]);
    for (const { metrics } of sources.values()) {
      const told = await metrics.registry.metrics();
      expect(told).not.toMatch(/result="(conflict|fenced)"/);
    }
  });

  test('whose consumer crashed gets its partitions back, and the others keep theirs', async () => {
    const { before } = await three();
    world.broker.inject('Heartbeat', { kind: 'error', error: GROUP_AUTHORIZATION_FAILED });
    await world.until(() => world.lines.some(({ message }) => message.includes('does not allow')));
    await world.untilShared(names, 6);
    await world.until(() => names.every((name) => String(world.partitionsOf(name)) === String(before.get(name))));
  });

  test('of the release before, which knows only round robin, has its share beside ours', async () => {
    const { vehicle, triggerId } = await watched();
    await world.start({ clientId: 'a' });
    await world.untilShared(['a'], 2);
    const older = new kafkajs.Kafka({ brokers: [world.address], logLevel: kafkajs.logLevel.NOTHING }).consumer({
      ...{ groupId: world.groupId, maxWaitTimeInMs: 50 },
    });
    await older.subscribe({ topics: [world.signals, world.events] });
    const joined = new Promise<string>((resolve) => {
      older.on('consumer.group_join', ({ payload }) => resolve(payload.groupProtocol));
    });
    await older.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
    expect(await joined).toBe('RoundRobinAssigner');
    await world.until(() => world.partitionsOf('a').length === 1);
    await older.disconnect();
    await world.untilShared(['a'], 2);
    await world.stream.send(world.signals, [...speeds(vehicle, [1], 0), ...speeds(vehicle, [2], 1)]);
    await world.untilProcessed(world.signals, 2);
    expect(ascending(await valuesOf(triggerId))).toEqual([1, 2]);
  });
});

describe('a wall clock', () => {
  const HOUR_MS = 3_600_000;
  const realNow = Date.now;
  const step = (byMs: number) => jest.spyOn(Date, 'now').mockImplementation(() => realNow() + byMs);
  afterEach(() => void jest.restoreAllMocks());

  const beats = async () => {
    for (let count = 0; count < 3; count++) await world.broker.nextRequest('Heartbeat');
  };

  test('that is set back by an hour ends no membership: heartbeats and records go on', async () => {
    const { vehicle, triggerId } = await watched();
    await world.start();
    await world.stream.send(world.signals, speeds(vehicle, [1]));
    await world.untilProcessed(world.signals, 1);
    const noticed = world.untilLogged('was set back');
    step(-HOUR_MS);
    await noticed;
    await world.untilLogged('joined');
    await beats();
    await world.stream.send(world.signals, speeds(vehicle, [2]));
    await world.untilProcessed(world.signals, 2);
    expect(await valuesOf(triggerId)).toEqual([1, 2]);
  });

  test('that is set forward by an hour, and back again later, loses nothing', async () => {
    const { vehicle, triggerId } = await watched();
    const { source } = await world.start();
    await world.stream.send(world.signals, speeds(vehicle, [1]));
    await world.untilProcessed(world.signals, 1);
    step(HOUR_MS);
    expect(source.isHealthy()).toBe(true);
    await beats();
    await world.stream.send(world.signals, speeds(vehicle, [2]));
    await world.untilProcessed(world.signals, 2);
    jest.restoreAllMocks();
    await world.untilLogged('joined');
    await beats();
    await world.stream.send(world.signals, speeds(vehicle, [3]));
    await world.untilProcessed(world.signals, 3);
    expect(await valuesOf(triggerId)).toEqual([1, 2, 3]);
  });
});

describe('a bad day', () => {
  test('of dropped connections and failing requests loses nothing and does nothing twice', async () => {
    const { vehicle, triggerId } = await watched();
    await world.start();
    for (const value of upTo(30)) {
      await world.stream.send(world.signals, speeds(vehicle, [value]));
      if (value % 7 === 0) world.broker.dropConnections();
      if (value % 5 === 0) world.broker.inject('Fetch', { kind: 'disconnect', when: 'after' });
      if (value % 6 === 0) world.broker.inject('Heartbeat', { kind: 'error', error: REBALANCE_IN_PROGRESS });
      if (value % 9 === 0) world.broker.inject('Heartbeat', { kind: 'error', error: ILLEGAL_GENERATION });
    }
    // The producer, too, lost answers, and sent some records twice.
    const ends = [0, 1].map((partition) => world.broker.offsets(world.signals, partition).end);
    await world.untilProcessed(world.signals, ends[0]! + ends[1]!);
    const values = await valuesOf(triggerId);
    expect(values.length).toBe(ends[0]! + ends[1]!);
    expect([...new Set(values)]).toEqual(upTo(30));
  });

  test('on which the group refuses us for good ends with a new consumer', async () => {
    const { vehicle, triggerId } = await watched();
    world.broker.inject('JoinGroup', { kind: 'error', error: GROUP_AUTHORIZATION_FAILED });
    await world.start();
    await world.untilLogged('does not allow its user to read the consumer group KAFKA_GROUP_ID', 0);
    expect(world.lines.at(-1)!.level).toBe('error');
    await world.stream.send(world.signals, speeds(vehicle, [1]));
    await world.untilProcessed(world.signals, 1);
    expect(await valuesOf(triggerId)).toEqual([1]);
  });

  test('on which a fetch is not answered ends with a new consumer', async () => {
    const { vehicle, triggerId } = await watched();
    await world.start({ times: { watchdogMs: 1_000 } });
    await world.untilLogged('joined', 0);
    world.broker.inject('Fetch', { kind: 'delay', delayMs: 1_500 });
    await world.untilLogged('fallen silent');
    await world.untilLogged('joined');
    await world.stream.send(world.signals, speeds(vehicle, [1]));
    await world.untilProcessed(world.signals, 1);
    expect(await valuesOf(triggerId)).toEqual([1]);
  });

  /** A source in the middle of a commit, until it is let go on. */
  async function committing(): Promise<{ vehicle: string; triggerId: string; goOn: () => void; joins: () => number }> {
    const { vehicle, triggerId } = await watched();
    const [reached, released] = [gate(), gate()];
    const commit: Chunks['commit'] = async (chunk) => {
      reached.open();
      await released.opened;
      return engines.chunks.commit(chunk);
    };
    await world.start({ chunks: storeWith(commit) });
    await world.stream.send(world.signals, speeds(vehicle, [1], 0));
    await reached.opened;
    const joins = () => world.lines.filter(({ message }) => message.includes('joined the')).length;
    return { vehicle, triggerId, goOn: released.open, joins };
  }

  test('on which a commit takes long keeps the membership by heartbeats', async () => {
    const { triggerId, goOn, joins } = await committing();
    for (let beats = 0; beats < 4; beats++) await world.broker.nextRequest('Heartbeat');
    goOn();
    await world.untilProcessed(world.signals, 1);
    expect([await valuesOf(triggerId), joins()]).toEqual([[1], 1]);
  });

  test.each<[string, Parameters<SourceWorld['broker']['inject']>[1], number]>([
    ['says that the membership is over leads to a new one', { kind: 'error', error: REBALANCE_IN_PROGRESS }, 2],
    ['is not answered leaves the membership', { kind: 'disconnect', when: 'before' }, 1],
  ])('on which a heartbeat during a commit %s', async (_, fault, expectedJoins) => {
    const { vehicle, triggerId, goOn, joins } = await committing();
    world.broker.inject('Heartbeat', fault);
    await world.broker.nextRequest('Heartbeat');
    await world.broker.nextRequest('Heartbeat').then(goOn);
    await world.untilProcessed(world.signals, 1);
    await world.stream.send(world.signals, speeds(vehicle, [2], 0));
    await world.untilProcessed(world.signals, 2);
    expect([await valuesOf(triggerId), joins()]).toEqual([[1, 2], expectedJoins]);
  });

  test('on which another takes the position makes us go on where that one came to', async () => {
    const { vehicle, triggerId } = await watched();
    await world.start();
    await world.stream.send(world.signals, speeds(vehicle, [1], 0));
    await world.untilProcessed(world.signals, 1);
    const position = (await engines.chunks.positions(world.signals, [0])).get(0)!;
    const nothing = { states: [], firings: [], deadLetters: [] };
    const place = { topic: world.signals, partition: 0, position, nextIndex: 0, indexSeq: 0n };
    expect(await engines.chunks.commit({ ...place, ...nothing, nextOffset: 3n })).toMatchObject({ kind: 'ok' });
    await world.stream.send(world.signals, speeds(vehicle, [2, 3, 4], 0));
    await world.untilProcessed(world.signals, 4);
    expect(await valuesOf(triggerId)).toEqual([1, 4]);
  });

  test('on which the database fails is waited for inside, without losing the membership', async () => {
    const { vehicle, triggerId } = await watched();
    let failures = 0;
    const commit: Chunks['commit'] = (chunk) => {
      if (failures++ < 8) return Promise.reject(new Error('no database'));
      return engines.chunks.commit(chunk);
    };
    await world.start({ chunks: storeWith(commit), engine: { retryDelays: { firstMs: 60, mostMs: 60 } } });
    await world.stream.send(world.signals, speeds(vehicle, [1]));
    await world.untilProcessed(world.signals, 1);
    expect(await valuesOf(triggerId)).toEqual([1]);
    expect(world.lines.filter(({ message }) => message.includes('joined the')).length).toBe(1);
    expect(world.lines.filter(({ message }) => message.includes('crashed'))).toEqual([]);
  });
});

describe('a batch that cannot be decompressed', () => {
  /** Makes the producer write these bytes under the name of a codec; kafkajs reads with what was installed before. */
  async function sendAs(type: number, messages: StreamMessage[]): Promise<void> {
    const codecs = CompressionCodecs as Record<number, () => { compress: unknown; decompress: unknown }>;
    const installed = codecs[type]!;
    codecs[type] = () => ({ ...installed(), compress: () => Promise.resolve(Buffer.from('not what it should be')) });
    await world.stream.send(world.signals, messages, type);
    codecs[type] = installed;
  }

  test('because it is damaged becomes dead letters, one for each of its records', async () => {
    const { vehicle, triggerId } = await watched();
    await world.start();
    await world.untilLogged('joined', 0);
    await world.stream.send(world.signals, speeds(vehicle, [1], 0));
    await sendAs(CompressionTypes.Snappy, speeds(vehicle, [2, 3], 0));
    await world.stream.send(world.signals, speeds(vehicle, [4], 0));
    await world.untilProcessed(world.signals, 4);
    expect(await valuesOf(triggerId)).toEqual([1, 4]);
    expect((await engines.deadLetters(world.signals)).map(({ offset, reason }) => [offset, reason])).toEqual([
      [1, 'unreadable'],
      [2, 'unreadable'],
    ]);
  });

  test('because its codec is unknown stops its partition alone, is told again and again, and not passed over', async () => {
    const { vehicle, triggerId } = await watched();
    const { source } = await world.start({ times: { unblockMs: 100 } });
    await world.untilLogged('joined', 0);
    await world.stream.send(world.signals, speeds(vehicle, [1], 0));
    await sendAs(CompressionTypes.LZ4, speeds(vehicle, [2], 0));
    await world.stream.send(world.signals, speeds(vehicle, [3], 0));
    await world.untilLogged('codec');
    await world.untilLogged('codec');
    const told = world.lines.findLast(({ message }) => message.includes('codec'))!;
    expect(told).toMatchObject({
      level: 'error',
      fields: { topic: world.signals, partition: 0, offset: '1', codec: 'lz4' },
    });
    expect(source.isHealthy()).toBe(true);
    await world.stream.send(world.signals, speeds(vehicle, [4], 1));
    await world.until(async () => (await valuesOf(triggerId)).length === 2);
    expect(ascending(await valuesOf(triggerId))).toEqual([1, 4]);
    expect((await engines.chunks.positions(world.signals, [0])).get(0)!.nextOffset).toBe(1n);
    // Retention takes the batch away.
    world.broker.deleteRecordsBefore(world.signals, 0, 2);
    await world.until(async () => (await valuesOf(triggerId)).length === 3);
  });

  test('is tried again without harm when kafkajs has dropped its consumer meanwhile', async () => {
    const { source } = await world.start({ times: { unblockMs: 100, reportMs: 60_000 } });
    await world.untilLogged('joined', 0);
    await sendAs(CompressionTypes.LZ4, speeds(newVehicle(), [1], 0));
    await world.untilLogged('codec', 0);
    await source['consumer']!.disconnect();
    await world.untilLogged('a chore failed');
    expect(String(world.lines.at(-1)!.fields.err)).toMatch(/Consumer group was not initialized/);
  });
});
