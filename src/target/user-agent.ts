import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** How each request to a target names its sender: `Tripline/<version>`, of the package that runs. */
export const USER_AGENT = `Tripline/${version}`;
