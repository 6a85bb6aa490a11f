import faults from './jest.faults.config.js';

/**
 * Servers that are reached over TLS and with a password: real ones, since the embedded broker knows neither. Needs
 * `TEST_POSTGRES_BIN` and `TEST_KAFKA_CLASSPATH`, which `.ci/run` sets.
 *
 * @type {import('jest').Config}
 */
export default { ...faults, roots: ['<rootDir>/test/secured'], testMatch: ['**/*.spec.ts'] };
