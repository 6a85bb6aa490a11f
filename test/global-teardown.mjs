import { rmSync } from 'node:fs';

/** Stops what global-setup.mjs started, the last first. */
export default async function tearDown() {
  const { directory, stops } = globalThis.triplineTestParts;
  for (const stop of stops.reverse()) await stop();
  rmSync(directory, { recursive: true, force: true });
}
