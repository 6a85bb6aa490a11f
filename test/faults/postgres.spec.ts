/** PostgreSQL ends, crashes, is slow, or keeps a lock: firings wait for it and go on by themselves. */
import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { inWorld, type FaultWorld } from './fault-world.js';

const within = (happen: (world: FaultWorld) => Promise<void>) =>
  inWorld(async (world) => {
    await happen(world);
    await world.settle();
  });

describe('PostgreSQL', () => {
  test.concurrent.each([
    ['shut down and started again', 'SIGINT'],
    ['killed and started again', 'SIGQUIT'],
  ] as const)('%s: everybody says so meanwhile, and each firing arrives once', (_, signal) =>
    within(async (world) => {
      await world.postgres.stop(signal);
      await Promise.all(['api', 'engine', 'delivery'].map((name) => world.check(name, 'database', false)));
      await world.check('delivery', 'delivery', false);
      await world.lag((lag) => lag > 20);
      await world.postgres.start();
      await world.allReady();
      await world.lag((lag) => lag <= 20);
      await world.firingsArrive(20);
    })(),
  );

  test.concurrent(
    'slow in every answer: chunks take as long, all are ready, and each firing arrives once',
    within(async (world) => {
      const chunks = 'tripline_chunk_duration_seconds';
      const slow = async () => {
        const engine = world.of('engine');
        return (await engine.metric(`${chunks}_count`)) - (await engine.metric(`${chunks}_bucket`, 'le="0.1"'));
      };
      const before = await slow();
      world.proxy.slow(75);
      await world.firingsArrive(60);
      expect(await slow()).toBeGreaterThan(before + 3);
      await world.allReady();
      world.proxy.heal();
    }),
  );

  test.concurrent(
    'with a hot table locked for 20 seconds: the lag shows it, all are ready, and each firing arrives once',
    within(async (world) => {
      const client = new pg.Client({ connectionString: world.postgres.url });
      await client.connect();
      await client.query('begin');
      await client.query('lock table states in exclusive mode');
      const { rows } = await client.query<{ since: Date }>('select clock_timestamp() as since');
      await world.lag((lag) => lag > 100);
      await world.allReady();
      await client.query(`select pg_sleep(extract(epoch from $1::timestamptz + interval '20 s' - clock_timestamp()))`, [
        rows[0]!.since,
      ]);
      await client.query('rollback');
      await client.end();
      await world.lag((lag) => lag <= 20);
    }),
  );
});
