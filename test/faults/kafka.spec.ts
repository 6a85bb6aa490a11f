/** Kafka ends, crashes, grows, or deletes what nobody has read: what it still has fires once, and the rest is told. */
import { describe, expect, test } from '@jest/globals';
import { FLEET_RULES } from '../support/fleet-model.js';
import { eventually } from '../support/product.js';
import type { TopicRecord } from '../support/topic-reader.js';
import { inWorld, type FaultWorld } from './fault-world.js';

describe('Kafka', () => {
  test.concurrent.each([
    ['shut down and started again', 'SIGTERM'],
    ['killed and started again', 'SIGKILL'],
  ] as const)('%s: engines say so meanwhile, and each firing arrives once', (_, signal) =>
    inWorld(async (world) => {
      await world.kafka.stop(signal);
      await world.check('engine', 'kafka', false);
      await Promise.all([world.check('api', 'database', true), world.check('delivery', 'delivery', true)]);
      await world.kafka.start();
      await world.allReady();
      await world.firingsArrive(20);
      await world.lag((lag) => lag <= 20);
      await world.settle();
    })(),
  );

  test.concurrent(
    'with more partitions than before: vehicles move between them while records flow, and each firing arrives once',
    inWorld(
      async (world) => {
        const topic = world.setup.topics.signals;
        await world.start('engine-2', 'engine');
        await world.firingsArrive(20);
        await world.admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
        const hasRecords = async () =>
          (await world.admin.fetchTopicOffsets(topic)).filter(({ high }) => high !== '0').length === 3;
        await eventually(hasRecords, 'records on every partition');
        await eventually(() => partitionsRead(world).length === 3, 'every partition is read', 120_000);
        expect(partitionsRead(world)).toEqual([0, 1, 2]);
        await world.allReady();
        await world.firingsArrive(40, 120_000);
        await world.settle({ expected: (records) => withoutOrder(world, records) });
      },
      // For these alone a model of partitions holds while vehicles move: whether they fire does not depend on the order
      // between the partitions. What rules that need the order do then, src/engine/topic-growth.spec.ts proves.
      { partitions: 2, rules: [FLEET_RULES.fast, FLEET_RULES.slow] },
    ),
  );

  test.concurrent(
    'deleting what a stopped engine has not read: exactly that is lost and told, and everything else fires once',
    inWorld(async (world) => {
      const topic = world.setup.topics.signals;
      await world.crew.end(world.crew.of('engine'));
      const stored = await positions(world);
      const recordsBefore = await someMore(world, 150);
      const offsets = await world.admin.fetchTopicOffsets(topic);
      const lost = offsets.map(({ partition, high }) => {
        const from = stored.get(partition) ?? 0n;
        return { partition, from, to: from + (BigInt(high) - from) / 2n };
      });
      await world.admin.deleteTopicRecords({
        topic,
        partitions: lost.map(({ partition, to }) => ({ partition, offset: String(to) })),
      });
      await world.start('engine', 'engine');
      await world.firingsArrive(10);
      const count = lost.reduce((sum, { from, to }) => sum + Number(to - from), 0);
      expect(count).toBeGreaterThan(30);
      expect(await world.of('engine').metric('tripline_stream_lost_records_total')).toBe(count);
      expect(await lostRanges(world)).toEqual(byPartition(lost.filter(({ from, to }) => to > from)));
      const isDeleted = (record: TopicRecord) =>
        lost.some(({ partition, to }) => isIn({ partition, from: 0n, to }, record));
      const isLost = (record: TopicRecord) => lost.some((range) => isIn(range, record));
      await world.settle({
        stored: { otherEvents: lost.filter(({ from, to }) => to > from).map(() => 'stream.lost') },
        errors: [/^records were deleted unread$/],
        deleted: recordsBefore.filter(isDeleted),
        expected: (records) => world.model(inOrder(records.filter((record) => !isLost(record)))),
      });
    }),
  );
});

interface Range {
  partition: number;
  from: bigint;
  /** Not in it. */
  to: bigint;
}

const byPartition = (ranges: Range[]): Range[] => ranges.sort((a, b) => a.partition - b.partition);

const isIn = (range: Range, { partition, offset }: Pick<TopicRecord, 'partition' | 'offset'>): boolean =>
  range.partition === partition && offset >= range.from && offset < range.to;

const inOrder = (records: TopicRecord[]): TopicRecord[] =>
  records.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));

/** The partitions of the signals that the engines had when each last joined. */
function partitionsRead(world: FaultWorld): number[] {
  const read = ['engine', 'engine-2'].flatMap((name) => {
    const line = world.of(name).lines.findLast(({ msg }) => msg === 'joined the consumer group');
    return (line?.partitions as Record<string, number[]> | undefined)?.[world.setup.topics.signals] ?? [];
  });
  return read.sort((a, b) => a - b);
}

/** Which sequence number a vehicle's firings get is then open: only that they are counted. */
function withoutOrder(world: FaultWorld, records: TopicRecord[]) {
  const expected = world.model(records);
  for (const firing of expected.firings.values()) firing.sequence = undefined;
  return expected;
}

/** Lets the load put so many more records on the topic, and gives all that are there. */
async function someMore(world: FaultWorld, count: number): Promise<TopicRecord[]> {
  const wanted = world.load.acknowledged.length + count;
  await eventually(() => world.load.acknowledged.length >= wanted, `${count} more records`);
  await world.load.stop();
  const records = await world.records();
  world.load.start();
  return records;
}

async function positions(world: FaultWorld): Promise<Map<number, bigint>> {
  const rows = await world.rows<{ partition: number; next: string }>(
    'select partition, next_offset as next from stream_positions where topic = $1',
    [world.setup.topics.signals],
  );
  return new Map(rows.map(({ partition, next }) => [partition, BigInt(next)]));
}

/** What the log says was lost. */
async function lostRanges(world: FaultWorld): Promise<Range[]> {
  const rows = await world.rows<{ payload: string }>(`select payload from events where type = 'stream.lost'`);
  const ranges = rows
    .map(({ payload }) => JSON.parse(payload) as { partition: number; from: string; to: string })
    .map(({ partition, from, to }) => ({ partition, from: BigInt(from), to: BigInt(to) }));
  return byPartition(ranges);
}
