import base from './jest.config.js';

/**
 * What takes minutes, or servers of its own that are killed, cut off and restarted. Two specs at a time, since most of
 * them wait, and in each three tests: what is shown here is that nothing is lost, and neighbours that take the processor
 * away would only make it slow.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  roots: ['<rootDir>/test/faults', '<rootDir>/dev/postgres'],
  testMatch: ['**/test/faults/**/*.spec.ts', '**/embedded-postgres.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 300_000,
  maxWorkers: 2,
  maxConcurrency: 3,
};
