import base from './jest.config.js';

/**
 * For a run on a Kafka and a PostgreSQL of one's own (`DATABASE_URL`, `KAFKA_BROKERS`): without the specs that talk to
 * neither, and without those of the embedded parts.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  testPathIgnorePatterns: [
    ...base.testPathIgnorePatterns,
    '<rootDir>/src/(core|config|target|observability)/',
    '<rootDir>/dev/(broker|start|postgres)/',
    '<rootDir>/(bench|client|console)/',
    '<rootDir>/test/(tidy|cited-tests|compat-document|start)\\.spec\\.ts$',
  ],
};
