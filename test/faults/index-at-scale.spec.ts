import { randomInt } from 'node:crypto';
import { test } from '@jest/globals';
import { followWhileWritersChange } from '../support/index-scenario.js';

const seed = Number(process.env.INDEX_SEED ?? randomInt(1_000_000));

test(`a million subscriptions: two engines follow 1,000 changes of eight writers, one cut off for a while (INDEX_SEED=${seed})`, async () => {
  await followWhileWritersChange({ size: { triggers: 10_000, vehicles: 100_000 }, changes: 1_000, writers: 8, seed });
});
