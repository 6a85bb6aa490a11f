/** A worker that is frozen for longer than its session and its lease wakes up when others do its work. */
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import type { Received } from '../support/receiver.js';
import { FaultWorld, type FaultWorldOptions } from './fault-world.js';

const LAG = 'tripline_consumer_lag_records';
const PATH = '/fast';

const within = (happen: (world: FaultWorld) => Promise<void>, options?: FaultWorldOptions) => async () => {
  const world = await FaultWorld.create(options);
  try {
    await happen(world);
  } finally {
    await world.stop();
  }
};

/** Whoever asks it whether it is ready waits in vain. */
async function expectSilence(world: FaultWorld, name: string): Promise<void> {
  const answer = fetch(`${world.of(name).monitorUrl}/ready`, { signal: AbortSignal.timeout(1_000) });
  await expect(answer).rejects.toThrow('timeout');
}

describe('a frozen worker goes on after its time is over', () => {
  test.concurrent(
    'an engine: another has taken its partitions meanwhile, and each firing arrives once',
    within(async (world) => {
      await world.start('engine-2', 'engine');
      await world.partitionsAre({ engine: 2, 'engine-2': 2 });
      await world.firingsArrive(10);
      world.of('engine').freeze();
      await expectSilence(world, 'engine');
      await world.partitionsAre({ 'engine-2': 4 });
      await world.firingsArrive(40);
      await world.metric('engine-2', LAG, (lag) => lag <= 20);
      world.of('engine').thaw();
      await world.partitionsAre({ engine: 2, 'engine-2': 2 });
      await world.allReady();
      await world.firingsArrive(20);
      await world.settle();
    }),
  );

  test.concurrent(
    'a sender: another has sent what it was sending, and each firing arrives once or again as it was',
    within(
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
