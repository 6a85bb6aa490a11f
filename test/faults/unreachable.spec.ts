/** For a minute nothing passes between the product and one of its parts; side by side, each in a world of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from '@jest/globals';
import { inWorld, type FaultWorld } from './fault-world.js';

const MINUTE_MS = 60_000;
/** An engine takes Kafka for silent after a minute without an answer, and sees so a little later. */
const SILENCE_MS = 90_000;

/** Lets something happen to a world for a minute while `look` looks at it, and heals it. */
const aMinute = (
  happen: (world: FaultWorld) => void,
  heal: (world: FaultWorld) => void,
  look: (world: FaultWorld) => Promise<void>,
) =>
  inWorld(async (world) => {
    const over = sleep(MINUTE_MS);
    happen(world);
    await look(world);
    await over;
    heal(world);
    await world.allReady(60_000);
    await world.firingsArrive(20, 120_000);
    await world.lag((lag) => lag <= 20, 60_000);
    await world.settle();
  });

const databaseIsAway = async (world: FaultWorld) => {
  await Promise.all(['api', 'engine', 'delivery'].map((name) => world.check(name, 'database', false)));
  await world.check('delivery', 'delivery', false);
  await world.lag((lag) => lag > 100, 50_000);
};

describe('for a minute', () => {
  test.concurrent.each<[string, (world: FaultWorld) => void]>([
    ['silent', (world) => world.proxy.freeze()],
    ['refusing connections', (world) => world.proxy.cut()],
  ])('PostgreSQL is %s: everybody says so meanwhile, and each firing arrives once', (_, happen) =>
    aMinute(happen, (world) => world.proxy.heal(), databaseIsAway)(),
  );

  test.concurrent(
    'Kafka is frozen: engines say so meanwhile, and each firing arrives once',
    aMinute(
      (world) => world.kafka.freeze(),
      (world) => world.kafka.thaw(),
      async (world) => {
        await world.check('engine', 'kafka', false, SILENCE_MS);
        await Promise.all([world.check('api', 'database', true), world.check('delivery', 'delivery', true)]);
      },
    ),
  );
});
