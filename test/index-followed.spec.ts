import { randomInt } from 'node:crypto';
import { test } from '@jest/globals';
import { followWhileWritersChange } from './support/index-scenario.js';

const seed = Number(process.env.INDEX_SEED ?? randomInt(1_000_000));

test(`two engines follow writers, and a record is decided under the changes before it (INDEX_SEED=${seed})`, async () => {
  await followWhileWritersChange({ size: { triggers: 1_000, vehicles: 1_000 }, changes: 200, writers: 4, seed });
});
