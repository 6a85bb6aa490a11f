import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EngineWorld, newTopic, process, speedRecord } from '../../test/support/engine-world.js';
import { vehicleOf } from '../../test/support/triggers.js';
import { partitionOf } from './murmur2.js';
import type { Chunks } from './stores.js';

let world: EngineWorld;
beforeAll(async () => (world = await EngineWorld.create()));
afterAll(() => world.close());

const [FORMER_COUNT, COUNT] = [1, 4];

/** A vehicle whose records go to another partition since the topic has grown. */
function movedVehicle(): { vehicle: string; home: number } {
  for (let tokenId = 700_000; ; tokenId++) {
    const vehicle = vehicleOf(tokenId);
    const home = partitionOf(Buffer.from(vehicle), COUNT);
    if (home !== 0) return { vehicle, home };
  }
}

test('a vehicle that reports in a new partition, with unread records in the old one, fires as in one order', async () => {
  const { vehicle, home } = movedVehicle();
  const triggerId = await world.trigger('value != previousValue', {}, [vehicle]);
  const topic = newTopic();
  const [older, newer] = [await world.engine(), await world.engine()];
  const open = (engine: typeof older, partition: number, partitionCount: number) =>
    world.open(engine, topic, { partition, partitionCount });

  const before = await open(older, 0, FORMER_COUNT);
  await process(before, [speedRecord(0, vehicle, [10])]);
  await before.flush();
  const partitions = { old: await open(older, 0, COUNT), new: await open(newer, home, COUNT) };
  const offsets = { old: 1, new: 0 };
  const report = (where: 'old' | 'new', speed: number) =>
    process(partitions[where], [speedRecord(offsets[where]++, vehicle, [speed])]);

  await report('new', 20);
  await report('old', 20);
  await report('old', 30);
  await report('new', 20);
  await report('new', 30);
  await report('old', 40);
  await report('new', 30);
  await report('old', 30);
  expect((await world.firings(triggerId)).map(({ value }) => value)).toEqual([10, 20, 30, 20, 30, 40, 30]);
});

test('a chunk that was under way when the topic grew does not fire behind the back of who has its vehicle now', async () => {
  const { vehicle, home } = movedVehicle();
  const triggerId = await world.trigger('value != previousValue', {}, [vehicle]);
  const topic = newTopic();
  let goOn = () => undefined as void;
  const slow = new Promise<void>((resolve) => (goOn = resolve));
  let mustWait = false;
  let isSent = () => undefined as void;
  const sent = new Promise<void>((resolve) => (isSent = resolve));
  const { chunks } = world;
  const slowly: Chunks = {
    positions: (...given) => chunks.positions(...given),
    open: (...given) => chunks.open(...given),
    move: (...given) => chunks.move(...given),
    lately: (...given) => chunks.lately(...given),
    commit: async (chunk) => {
      if (mustWait) {
        isSent();
        await slow;
      }
      return chunks.commit(chunk);
    },
  };
  const [older, newer] = [await world.engine({ chunks: slowly }), await world.engine()];
  const before = await world.open(older, topic, { partition: 0, partitionCount: FORMER_COUNT });
  await process(before, [speedRecord(0, vehicle, [10])]);
  mustWait = true;
  const underWay = process(before, [speedRecord(1, vehicle, [20])]);
  await sent;

  const after = await world.open(newer, topic, { partition: home, partitionCount: COUNT });
  await process(after, [speedRecord(0, vehicle, [10])]);
  mustWait = false;
  goOn();
  expect((await underWay).answer).toBe('fenced');
  const again = await world.open(older, topic, { partition: 0, partitionCount: COUNT });
  await process(again, [speedRecord(1, vehicle, [20])]);
  await process(after, [speedRecord(1, vehicle, [10])]);
  expect((await world.firings(triggerId)).map(({ value }) => value)).toEqual([10, 20, 10]);
});
