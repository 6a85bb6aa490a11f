import base from './jest.config.js';

/**
 * The console in a real browser, Debian's Chromium or the one that `CHROMIUM` names, over the built product.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  roots: ['<rootDir>/test/console'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 180_000,
};
