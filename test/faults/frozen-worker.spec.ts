/** A worker that is frozen for longer than its session and its lease wakes up when others do its work. */
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '../support/product.js';
import type { Received } from '../support/receiver.js';
import { inWorld, type FaultWorld } from './fault-world.js';

const PATH = '/fast';
const FENCED = 'result="fenced"';

/** Whoever asks it whether it is ready waits in vain. */
async function expectSilence(world: FaultWorld, name: string): Promise<void> {
  const answer = fetch(`${world.of(name).monitorUrl}/ready`, { signal: AbortSignal.timeout(1_000) });
  await expect(answer).rejects.toThrow('timeout');
}

describe('a frozen worker goes on after its time is over', () => {
  test.concurrent(
    'an engine: another has taken its partitions meanwhile, and each firing arrives once',
    inWorld(async (world) => {
      const { proxy, url } = await world.ownWay();
      const frozen = await world.start('engine-2', 'engine', { DATABASE_URL: url });
      await world.partitionsAre({ engine: 2, 'engine-2': 2 });
      await world.firingsArrive(10);
      expect(await fenced(world)).toBe(0);
      // Its chunk, with a firing, is on the way to PostgreSQL, and gets there when it is too late.
      await proxy.freezeAt('commit_chunk', 'trigger.fired');
      frozen.freeze();
      const before = await versions(world);
      await expectSilence(world, 'engine-2');
      await world.partitionsAre({ engine: 4 });
      await world.firingsArrive(40);
      await eventually(async () => {
        const now = await versions(world);
        return [...before].every(([partition, version]) => now.get(partition)! > version);
      }, 'the other engine has gone on everywhere');
      await world.lag((lag) => lag <= 20);
      proxy.heal();
      frozen.thaw();
      await eventually(async () => (await fenced(world)) > 0, 'the chunk is refused');
      await world.partitionsAre({ engine: 2, 'engine-2': 2 });
      await world.allReady();
      await world.firingsArrive(20);
      await world.settle();
    }),
  );

  test.concurrent(
    'a sender: another has sent what it was sending, and each firing arrives once or again as it was',
    inWorld(
      async (world) => {
        const { receiver } = world.setup;
        const [unanswered, answer] = await firstAt(world, () => world.of('delivery').freeze());
        await expectSilence(world, 'delivery');
        await world.start('delivery-2', 'delivery');
        await world.metric('delivery-2', 'tripline_queue_depth', (depth) => depth > 10);
        await world.firingsArrive(40);
        await world.metric('delivery-2', 'tripline_queue_depth', (depth) => depth <= 10);
        world.of('delivery').thaw();
        answer.end();
        await world.allReady();
        await world.firingsArrive(20);
        await world.settle();
        const again = receiver.at(PATH).filter(({ event }) => event.id === unanswered.event.id);
        expect(again.map(({ body }) => body)).toEqual([unanswered.body, unanswered.body]);
      },
      // Long enough for the other sender to be there before the lease is over.
      { environment: { DELIVERY_LEASE_SECONDS: '8' } },
    ),
  );
});

/** How many chunks of the engine that was frozen were refused because the position was another's. */
function fenced(world: FaultWorld): Promise<number> {
  return world.of('engine-2').metric('tripline_chunk_duration_seconds_count', FENCED);
}

/** How often the position of each partition was stored, where vehicles report. */
async function versions(world: FaultWorld): Promise<Map<number, number>> {
  const rows = await world.rows<{ partition: number; version: number }>(
    'select partition, version::int from stream_positions where topic = $1 and version > 0',
    [world.setup.topics.signals],
  );
  return new Map(rows.map(({ partition, version }) => [partition, version]));
}

/** The next request to the path, which is recorded and left open; the ones after it are answered. */
function firstAt(world: FaultWorld, happen: () => void): Promise<[Received, ServerResponse]> {
  const { receiver } = world.setup;
  return new Promise((resolve) => {
    receiver.behave(PATH, (request, response) => {
      happen();
      receiver.received.push(request);
      receiver.play(PATH, (later) => void later.end());
      resolve([request, response]);
    });
  });
}
