import base from './jest.console.config.js';

/**
 * The pictures of the README, taken of the built product: `npm run pictures`.
 *
 * @type {import('jest').Config}
 */
export default { ...base, testMatch: ['**/test/console/pictures.ts'] };
