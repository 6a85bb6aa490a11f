import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EngineWorld, newTopic, process, speedRecord } from '../../test/support/engine-world.js';
import { vehicleOf } from '../../test/support/triggers.js';
import { partitionOf } from './murmur2.js';

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
