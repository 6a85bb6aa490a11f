/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['src', 'dev', 'test', 'bench', 'client/src', 'console/src'].map((folder) => `<rootDir>/${folder}`),
  testMatch: ['**/*.spec.ts'],
  // Those have configurations of their own: they take minutes, or servers that they kill.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/console/',
    '<rootDir>/test/faults/',
    '<rootDir>/test/secured/',
    '<rootDir>/dev/postgres/embedded-postgres.spec.ts',
  ],
  extensionsToTreatAsEsm: ['.ts'],
  // "./x.js" in a TypeScript source means ./x.ts.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  globalSetup: '<rootDir>/test/global-setup.mjs',
  globalTeardown: '<rootDir>/test/global-teardown.mjs',
  testTimeout: 30_000,
  // Many specs wait for processes and servers more than they compute.
  maxWorkers: 3,
};
